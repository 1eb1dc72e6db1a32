"""A static site over many runs: a leaderboard, the history of each series, a page a run and a comparison."""

from dawnbench.report.site.build import Built, build_site

__all__ = ["Built", "build_site"]
