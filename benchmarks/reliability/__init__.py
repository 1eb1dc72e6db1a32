"""What the tool withstands: damaged records, kills, load. The figures are in docs/reliability.md."""
