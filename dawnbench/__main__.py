"""`python -m dawnbench`."""

from dawnbench.cli import main

main()
