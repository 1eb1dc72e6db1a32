"""What the tool withstands: damaged records, kills, load. Each by hand, with its figures in docs/reliability.md."""
