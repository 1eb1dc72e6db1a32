"""A static site over many runs: leaderboards, the history of each series, one page per run and comparison."""

from dawnbench.report.site.build import Built, build_site

__all__ = ["Built", "build_site"]
