"""Results in the formats of other tools. Imports no torch."""
