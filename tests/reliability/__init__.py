"""What the tool withstands: damaged records and kills. The figures are in docs/reliability.md."""
