"""Figures: one claim each, said in its title; SVG that is the same bytes every time."""

from reports.charts.blocks import blocks_over_time
from reports.charts.crossovers import speedup_against_size
from reports.charts.drawing import Plot, colour, inline, png, standalone, stroke
from reports.charts.grid import heat_grid
from reports.charts.heat import heat_map
from reports.charts.naming import slug
from reports.charts.overtaking import overtaking
from reports.charts.overview import overview
from reports.charts.precision import speed_against_error
from reports.charts.roofs import roofline
from reports.charts.shares import throughput
from reports.charts.sizes import claim, describe, time_against_size
from reports.charts.training import ladder_chart, losses

__all__ = [
    "Plot", "blocks_over_time", "claim", "colour", "describe", "heat_grid", "heat_map", "inline",
    "ladder_chart", "losses", "overtaking", "overview", "png", "roofline", "slug",
    "speed_against_error", "speedup_against_size", "standalone", "stroke", "throughput",
    "time_against_size",
]  # fmt: skip
