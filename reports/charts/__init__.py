"""Draws the charts. A title states the chart's one claim; the SVG is reproducible byte for byte."""
