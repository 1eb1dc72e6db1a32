"""Training that dawnbench does not run itself: your own tests, loops and commands."""
