"""Training steps of an earlier revision and of the working tree, timed side by side."""
