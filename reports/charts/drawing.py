"""Colours, style and output of all figures: SVG for a page, SVG or PNG for a file.

An inline SVG takes its colours from the page's CSS variables, so one figure serves light and dark
mode. The palette is that of Okabe and Ito, which colour-blind readers can distinguish. Points carry
their values as SVG titles, which a browser shows on hover.
"""

import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO, StringIO
from typing import Any

import matplotlib as mpl
import numpy as np
from markupsafe import Markup, escape
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.collections import Collection
from matplotlib.colors import to_rgba_array
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from reports.read.row import Row

INK = "#010203"  # placeholder that becomes currentColor
PAPER = "#040506"  # placeholder that becomes the page's background
COLOURS = {
    "numpy": "#0072b2",
    "torch-cpu": "#d55e00",
    "accelerator": "#009e73",
    "first": "#e69f00",
    "second": "#cc79a7",
    "third": "#3b3b3b",
    "fourth": "#8a8a8a",
    "fifth": "#6a51a3",
    "sixth": "#a6761d",
    "seventh": "#b2182b",
    "eighth": "#c2188c",
}
VARIANT_COLOURS = {  # keys of COLOURS; no workload has two variants of one colour
    "tensors": "first",
    "hand": "first",
    "channels-last": "first",
    "fp16": "eighth",
    "autograd": "second",
    "forward": "second",
    "pinned": "second",
    "compile": "third",
    "finite": "third",
    "tf32": "seventh",
    "bf16": "fourth",
    "amp": "fourth",
    "graph": "fifth",
    "transfer": "sixth",
}
DIVERGING = ("#1f5f99", "#6fa8d6", "#e8e6e1", "#f2a65e", "#b4560f")  # NumPy's side to PyTorch's
ON_LIGHT, ON_DARK = "#15171b", "#fefefe"  # text on a filled cell, whatever the page's own colours
STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.size": 11,
    "text.color": INK,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlelocation": "left",
    "axes.titlesize": 9.5,
    "axes.titley": 1.0,
}
DPI = 160  # of a PNG


@dataclass(frozen=True, kw_only=True)
class Plot:
    """A drawn figure, not yet written to SVG or PNG.

    Attributes
    ----------
    name : unique among the figures of a page. It is part of file names and of every id in the
        figure, so it must be a name that `slug` returns.
    description : the alt text.
    hover : the hover texts of each artist, one for each of its markers, by the artist's gid.
    mathematics : whether dollar signs delimit formulas. Off by default, because names from a file
        may contain a dollar sign.

    """

    name: str
    figure: Figure
    description: str
    hover: Mapping[str, Sequence[str]] = field(default_factory=dict)
    mathematics: bool = False

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[A-Za-z0-9_.-]+", self.name):
            raise ValueError(f"a name that is valid in an id expected, got {self.name!r}: slug it")


@contextmanager
def style(name: str, *, mathematics: bool = False) -> Iterator[None]:
    """Draw in the project's style; matplotlib derives its ids from the name, so they repeat."""
    with mpl.rc_context({**STYLE, "svg.hashsalt": name, "text.parse_math": mathematics}):
        yield


@contextmanager
def _written(plot: Plot) -> Iterator[None]:
    """Write in the project's style, and ignore warnings about glyphs that the font lacks.

    An SVG contains text, which the reader's browser draws in its own font.
    """
    with style(plot.name, mathematics=plot.mathematics), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        yield


def set_hover(artist: Artist, texts: Sequence[str], hover: dict[str, list[str]]) -> None:
    """Give each marker of an artist a hover text; the texts are added to `hover`.

    Every text needs a marker, so all points must be finite: matplotlib draws no others.
    """
    gid = f"h{len(hover)}"
    artist.set_gid(gid)
    hover[gid] = list(texts)


def colour(row: Row) -> str:
    """Return the colour of a row's contender, the same in every chart."""
    torch = "torch-cpu" if row.on_cpu else "accelerator"
    without_variant = "numpy" if row.is_numpy else torch
    return COLOURS[VARIANT_COLOURS.get(row.variant, without_variant)]


def line_style(row: Row) -> str:
    """Return matplotlib's line style for a contender: dashed for a variant on an accelerator."""
    return "--" if row.variant and not row.on_cpu else "-"


def label_lines(
    axes: Axes, x: float, ends: Sequence[tuple[float, str, str]], *, offset: float = 20
) -> None:
    """Label each line at its right end; an end is (y, name, colour). The y axis is logarithmic.

    Labels are moved up where they would overlap.
    """
    low, high = axes.get_ylim()
    gap = (high / low) ** 0.065
    floor = 0.0
    for value, name, paint in sorted(ends):
        y = max(value, floor)
        floor = y * gap
        axes.annotate(
            name,
            (x, y),
            textcoords="offset points",
            xytext=(offset, -4),
            color=paint,
            annotation_clip=False,
        )


def axes_inches(axes: Axes) -> tuple[float, float]:
    """Return the width and the height of axes, in inches."""
    figure, frame = axes.get_figure(root=True), axes.get_position()
    if figure is None:
        raise ValueError("axes must belong to a figure, got axes without one")
    return figure.get_figwidth() * frame.width, figure.get_figheight() * frame.height


def colour_key(
    axes: Axes, names: Sequence[tuple[str, str]], *, x: float = 1.0, y: float = 1.0, inch: float = 0
) -> None:
    """Write a colour key: each name in its colour, in one row that ends at x, or in a column.

    x and y are axes coordinates. `inch` is the line spacing of a column; 0 makes a row.
    """
    across, down = axes_inches(axes)
    for name, paint in names if inch else reversed(names):
        axes.text(
            x,
            y,
            f"● {name}",
            transform=axes.transAxes,
            color=paint,
            fontsize=9.5,
            ha="left" if inch else "right",
            va="baseline",
        )
        if inch:
            y -= inch / down
        else:
            x -= (0.085 * len(name) + 0.3) / across


def inline(plot: Plot) -> Markup:
    """Return a figure as an SVG element for a page."""
    file = StringIO()
    with _written(plot):
        plot.figure.savefig(
            file, format="svg", transparent=True, metadata={"Date": None, "Creator": None}
        )
    svg = file.getvalue()
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, count=1, flags=re.DOTALL)
    for gid, texts in plot.hover.items():
        svg = _titled(svg, gid, texts)
    for paint, name in _variables().items():
        svg = svg.replace(paint, name)
    svg = re.sub(r'\bid="', f'id="{plot.name}-', svg)
    svg = re.sub(r'(href="#|url\(#)', rf"\g<1>{plot.name}-", svg)
    label = Markup('<svg role="img" aria-label="{}"').format(plot.description)
    return Markup(svg.replace("<svg", label, 1))


def png(plot: Plot) -> bytes:
    """Return the bytes of a figure as PNG, dark on white."""
    for line in plot.figure.findobj(Line2D):
        if isinstance(line, Line2D) and line.get_markerfacecolor() == PAPER:
            line.set_markerfacecolor("#ffffff")
        if isinstance(line, Line2D) and line.get_markeredgecolor() == PAPER:
            line.set_markeredgecolor("#ffffff")
    for shapes in plot.figure.findobj(Collection):
        if isinstance(shapes, Collection) and same_colour(shapes.get_edgecolor(), PAPER):
            shapes.set_edgecolor("#ffffff")
    file = BytesIO()
    with _written(plot):
        plot.figure.savefig(
            file, format="png", dpi=DPI, facecolor="#ffffff", metadata={"Software": None}
        )
    return file.getvalue()


def same_colour(colours: Any, paint: str) -> bool:
    """Return whether all colours of an artist are this one."""
    return np.array_equal(np.unique(np.asarray(colours), axis=0), to_rgba_array(paint))


def standalone(svg: Markup) -> str:
    """Return an inline SVG with fixed colours, dark on white, for use outside a page."""
    text = str(svg)
    fixed_colours = {INK: "#1d1f24", PAPER: "#ffffff"}
    for paint, name in _variables().items():
        text = text.replace(name, fixed_colours.get(paint, paint))
    return text.replace(">", '><rect width="100%" height="100%" fill="#ffffff"/>', 1)


def _variables() -> Mapping[str, str]:
    """Return the CSS variable that replaces each colour."""
    colours = {paint: f"var(--{name})" for name, paint in COLOURS.items()}
    return {INK: "currentColor", PAPER: "var(--page)"} | colours


def _titled(svg: str, gid: str, texts: Sequence[str]) -> str:
    """Add SVG titles to an artist's markers or shapes; one text for shapes titles their group."""
    start = svg.index(f'<g id="{gid}">')
    end = _closing(svg, start)
    group = svg[start:end]
    titles = iter([f"<title>{escape(text)}</title>" for text in texts])
    shape = "use" if "<use " in group else "path"
    if shape == "use" or len(texts) > 1:
        group, count = re.subn(
            f"(<{shape} [^>]*?)/>", lambda mark: f"{mark[1]}>{next(titles)}</{shape}>", group
        )
        if count != len(texts):
            raise ValueError(f"a marker for each text expected, got {count} for {len(texts)} texts")
    else:
        group = group.replace(">", f">{next(titles)}", 1)
    return svg[:start] + group + svg[end:]


def _closing(svg: str, start: int) -> int:
    """Return the position after the end tag of the group that begins at `start`."""
    depth = 0
    for tag in re.compile(r"<g\b[^>]*?(/?)>|</g>").finditer(svg, start):
        depth += {"</g>": -1}.get(tag[0], 0 if tag[1] else 1)
        if depth == 0:
            return tag.end()
    return len(svg)
