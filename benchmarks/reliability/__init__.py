"""What the tool withstands: damaged records, kills, load; run by hand, the figures in docs/reliability.md."""
