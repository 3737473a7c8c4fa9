"""Every block of a cell over time: what the clock saw, before any estimate."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullLocator

from reports import units
from reports.charts.drawing import INK, Plot, colour, label_lines, style, tell
from reports.charts.naming import short, slug
from reports.read.load import records


def blocks_over_time(blocks: pd.DataFrame, title: str, name: str = "blocks") -> Plot:
    """Draw every block of some cells of a case in the order they were taken, visit by visit.

    `blocks` has a row a block: contender, library, device, variant, visit, worker,
    start_s, time_s, disturbed. Within a visit the axis is time; between visits lie seconds to
    minutes, which are told beneath.
    """
    name = slug(name)
    hover: dict[str, list[str]] = {}
    with style(name):
        visits = blocks.groupby("visit")["start_s"]
        first, length = visits.min(), (visits.max() - visits.min()).replace(0.0, 1.0)
        place = {visit: n for n, visit in enumerate(first.index)}
        figure = Figure(figsize=(max(7.0, 1.1 * len(place) + 2), 4.0))
        axes = figure.subplots()
        figure.subplots_adjust(0.12, 0.2, 0.84, 0.86)
        axes.set_yscale("log")
        ends = []
        for contender, line in blocks.groupby("contender", sort=False):
            paint = colour(records(line)[0])
            within = (line["start_s"] - line["visit"].map(first)) / line["visit"].map(length)
            x = line["visit"].map(place) + 0.1 + 0.8 * within
            disturbed = line["disturbed"].astype(bool)
            for chosen, mark, size in ((~disturbed, "o", 4), (disturbed, "x", 6)):
                if chosen.any():
                    (dots,) = axes.plot(
                        x[chosen], line["time_s"][chosen], mark, color=paint, markersize=size
                    )
                    tell(dots, [_told(row) for row in records(line[chosen])], hover)
            time_s = float(line["time_s"].median())
            axes.axhline(time_s, color=paint, linewidth=1, alpha=0.6)
            ends.append((time_s, short(contender), paint))
        for edge in range(1, len(place)):
            axes.axvline(edge, color=INK, alpha=0.15, linewidth=0.6)
        workers = blocks.groupby("visit")["worker"].first()
        axes.set_xticks(
            [n + 0.5 for n in place.values()],
            [f"{first[visit]:.0f} s\nworker {workers[visit]}" for visit in place],
        )
        axes.set_xlim(0, len(place))
        axes.set_xlabel("visit: when in the run, and by which generation of processes")
        axes.set_ylabel("time of one iteration")
        axes.yaxis.set_major_formatter(lambda value, _: units.tick_seconds(value))
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 1.5, 2, 3, 5, 7)))
        axes.yaxis.set_minor_locator(NullLocator())
        label_lines(axes, float(len(place)), ends)
        axes.set_title(f"{title}\ndots: blocks of iterations; crosses: disturbed; lines: medians")
        count, marked = len(blocks), int(blocks["disturbed"].sum())
    description = f"{title} {count} blocks over {len(place)} visits, {marked} disturbed."
    return Plot(name=name, figure=figure, description=description, hover=hover)


def _told(row: Mapping[Any, Any]) -> str:
    """Return what a block says on hover: how long, when, and whether anything disturbed it."""
    text = f"{row['contender']}: {units.seconds(row['time_s'])}"
    text += f", visit {row['visit']}, worker {row['worker']}"
    return text + (", disturbed" if row["disturbed"] else "")
