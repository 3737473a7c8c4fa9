"""Lays out charts as tiles: panels as wide as a phone's screen, with titles and labels.

A phone shows the tiles of a chart one below the other, a desk two in a row. So text has about the
same size on both, and nothing lies off the screen.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from reports.charts.drawing import INK, TILE_IN, tile_id, wrap

ACROSS = 2  # tiles in a row of a file, and of a page on a desk
FONT = 8.5  # of everything but titles
TITLE_FONT = 9.0
TITLE_LINE_IN = 0.16
LABEL_LINE_IN = 0.145
LABEL_CHAR_IN = 0.068  # the width of a label's widest usual character
DOT_IN = 0.03  # around a dot, where no label lies
EDGE_IN = 0.05  # between the edge of a tile and its text


def tiles(
    titles: Sequence[str],
    height_in: float,
    *,
    left: float,
    right: float = 0.12,
    below: float = 0.45,
    above: float = 0.1,
    upward: str = "",
) -> tuple[Figure, list[Axes]]:
    """Return a figure of tiles with their titles, and the axes of each tile.

    Lengths are in inches: the height of the axes, and the space around them. `above` is the space
    between the axes and the title. `upward` is the label of the y axes; it is written above them,
    where it takes no width.
    """
    above += LABEL_LINE_IN if upward else 0
    wrapped = [wrap(title) for title in titles]
    lines = max(title.count("\n") + 1 if title else 0 for title in wrapped)
    above += TITLE_LINE_IN * lines + EDGE_IN
    across = min(len(titles), ACROSS)
    down = -(-len(titles) // across)
    tile_height = height_in + above + below
    width, height = TILE_IN * across, tile_height * down
    figure = Figure(figsize=(width, height))
    panels = []
    for n, title in enumerate(wrapped):
        x, y = n % across * TILE_IN, height - (n // across + 1) * tile_height
        frame = (x + left, y + below, TILE_IN - left - right, height_in)
        axes = figure.add_axes(
            (frame[0] / width, frame[1] / height, frame[2] / width, frame[3] / height)
        )
        axes.set_gid(tile_id(n))
        axes.tick_params(labelsize=FONT)
        axes.text(
            (EDGE_IN - left) / frame[2],
            1 + (above - EDGE_IN) / height_in,
            title,
            transform=axes.transAxes,
            fontsize=TITLE_FONT,
            va="top",
            linespacing=1.25,
        )
        if upward:
            x, y = (EDGE_IN - left) / frame[2], 1 + 0.07 / height_in
            axes.text(x, y, upward, transform=axes.transAxes, fontsize=FONT, va="baseline")
        panels.append(axes)
    return figure, panels


def label_width(names: Sequence[str]) -> float:
    """Return the space in inches that labels at the right ends of lines need."""
    return 0.2 + LABEL_CHAR_IN * max(map(len, names), default=0)


def axes_inches(axes: Axes) -> tuple[float, float]:
    """Return the width and the height of axes, in inches."""
    figure, frame = axes.get_figure(root=True), axes.get_position()
    if figure is None:
        raise ValueError("axes must belong to a figure, got axes without one")
    return figure.get_figwidth() * frame.width, figure.get_figheight() * frame.height


def place_inches(axes: Axes, x: float, y: float) -> tuple[float, float]:
    """Return the distances of a point, in data coordinates, from the lower left of the axes."""
    across, up = axes_inches(axes)
    to_axes = axes.transData + axes.transAxes.inverted()
    left, bottom = to_axes.transform((x, y))
    return float(left) * across, float(bottom) * up


@dataclass(kw_only=True)
class End:
    """The right end of a line, in data coordinates, with the line's name and colour."""

    x: float
    y: float
    name: str
    paint: str


def label_lines(axes: Axes, ends: Sequence[End]) -> None:
    """Label each line to the right of the axes, and connect the label with the line's end.

    Labels that would overlap are moved apart, each as little as possible.
    """
    ordered = sorted(ends, key=lambda end: (end.y, end.name))
    across, up = axes_inches(axes)
    points = [place_inches(axes, end.x, end.y) for end in ordered]
    places = spread([y_in for _, y_in in points], LABEL_LINE_IN)
    for end, (x_in, y_in), place_in in zip(ordered, points, places, strict=True):
        axes.plot(
            [x_in / across, 1 + 0.1 / across],
            [y_in / up, place_in / up],
            transform=axes.transAxes,
            color=end.paint,
            linewidth=0.6,
            alpha=0.55,
            clip_on=False,
            scalex=False,
            scaley=False,
        )
        axes.text(
            1 + 0.12 / across,
            place_in / up,
            end.name,
            transform=axes.transAxes,
            color=end.paint,
            fontsize=FONT,
            va="center_baseline",
        )


@dataclass
class _Cluster:
    """Labels that touch: the position of the first, and the wanted position of each."""

    first: float
    wanted: list[float] = field(default_factory=list)


def spread(wanted: Sequence[float], gap: float) -> list[float]:
    """Return ascending positions at least a gap apart, with the least squared distance moved.

    `wanted` ascends. Neighbours that are too close form a cluster around the mean of what its
    members want, as in isotonic regression (Barlow et al., 1972).
    """
    clusters: list[_Cluster] = []
    for each in wanted:
        clusters.append(_Cluster(each, [each]))
        while (
            len(clusters) > 1
            and clusters[-1].first < clusters[-2].first + len(clusters[-2].wanted) * gap
        ):
            upper, lower = clusters.pop(), clusters.pop()
            both = lower.wanted + upper.wanted
            first = sum(y - n * gap for n, y in enumerate(both)) / len(both)
            clusters.append(_Cluster(first, both))
    return [cluster.first + n * gap for cluster in clusters for n in range(len(cluster.wanted))]


class Box(NamedTuple):
    """The rectangle that a label covers, in inches from the lower left of the axes."""

    left: float
    right: float
    bottom: float
    top: float

    def overlaps(self, other: "Box") -> bool:
        """Return whether two labels overlap."""
        across = self.left < other.right and other.left < self.right
        return across and self.bottom < other.top and other.bottom < self.top

    def covers(self, places: np.ndarray) -> bool:
        """Return whether a label covers any of some points, or touches its dot."""
        x, y = places[:, 0], places[:, 1]
        across = (x > self.left - DOT_IN) & (x < self.right + DOT_IN)
        return bool(np.any(across & (y > self.bottom - DOT_IN) & (y < self.top + DOT_IN)))

    def distances(self, places: np.ndarray) -> np.ndarray:
        """Return how far from a label each of some points is, in inches."""
        x, y = places[:, 0], places[:, 1]
        across = np.maximum(np.maximum(self.left - x, x - self.right), 0.0)
        return np.hypot(across, np.maximum(np.maximum(self.bottom - y, y - self.top), 0.0))


def boxes_beside(place: Sequence[float], text: str) -> list[Box]:
    """Return where a point's label can be: at its sides, above and below, and at its corners."""
    x, y = place
    width, half, away = LABEL_CHAR_IN * len(text), LABEL_LINE_IN / 2, 3 * DOT_IN
    side, corner, up = away + width / 2, 2 * DOT_IN + width / 2, 2 * DOT_IN + half
    middles = [(x + side, y), (x - side, y), (x, y + away + half), (x, y - away - half)]
    middles += [(x + across, y + down) for down in (up, -up) for across in (corner, -corner)]
    return [Box(x - width / 2, x + width / 2, y - half, y + half) for x, y in middles]


def write_in(axes: Axes, box: Box, text: str, paint: str = INK) -> None:
    """Write a label into its box."""
    across, up = axes_inches(axes)
    axes.text(
        (box.left + box.right) / 2 / across,
        (box.bottom + box.top) / 2 / up,
        text,
        transform=axes.transAxes,
        color=paint,
        fontsize=FONT,
        ha="center",
        va="center_baseline",
    )


def colour_key(
    axes: Axes, names: Sequence[tuple[str, str]], *, down_in: float, columns: int = 2
) -> None:
    """Write a colour key below the axes, in columns: each name in its colour.

    `down_in` is the distance of its first line from the axes, in inches.
    """
    across, height = axes_inches(axes)
    left = axes.get_position().x0 * _figure_width(axes) % TILE_IN
    step = (TILE_IN - 2 * EDGE_IN) / columns
    for n, (name, paint) in enumerate(names):
        axes.text(
            (EDGE_IN - left + n % columns * step) / across,
            -(down_in + n // columns * LABEL_LINE_IN * 1.15) / height,
            f"● {name}",
            transform=axes.transAxes,
            color=paint,
            fontsize=FONT,
            va="baseline",
        )


def note(axes: Axes, text: str, *, down_in: float) -> None:
    """Write what the signs of a chart mean, below its axes."""
    across, height = axes_inches(axes)
    left = axes.get_position().x0 * _figure_width(axes) % TILE_IN
    axes.text(
        (EDGE_IN - left) / across,
        -down_in / height,
        text,
        transform=axes.transAxes,
        fontsize=FONT,
        va="baseline",
    )


def key_height(names: int, columns: int = 2) -> float:
    """Return the height of a colour key, in inches."""
    return -(-names // columns) * LABEL_LINE_IN * 1.15


def _figure_width(axes: Axes) -> float:
    return axes_inches(axes)[0] / axes.get_position().width
