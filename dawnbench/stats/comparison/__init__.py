"""Series held against each other."""
