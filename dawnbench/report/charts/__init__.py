"""What is drawn, as plain data: one module per chart; `plots` and `page` draw it."""

from dawnbench.report.charts.chart import Axis, Chart, Color, Line, Mark, Point, Span, Target

__all__ = ["Axis", "Chart", "Color", "Line", "Mark", "Point", "Span", "Target"]
