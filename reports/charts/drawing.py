"""Colours, style and output of all figures: SVG for a page, SVG or PNG for a file.

An inline SVG takes its colours from the page's CSS variables, so one figure serves light and dark
mode. The palette is that of Okabe and Ito, which colour-blind readers can distinguish. Points carry
their values as SVG titles, which a browser shows on hover.
"""

import re
import textwrap
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from io import BytesIO, StringIO
from typing import Any

import matplotlib as mpl
import numpy as np
from markupsafe import Markup, escape
from matplotlib.artist import Artist
from matplotlib.collections import Collection
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.text import Text

from reports.read.point import Point
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
    "ninth": "#5b7000",
    "tenth": "#0b7285",
    "eleventh": "#3949ab",
    "twelfth": "#8d3b2f",
    "thirteenth": "#6b5f52",
    "fourteenth": "#7b1fa2",
    "fifteenth": "#33691e",
    "torch-cpu-pale": "#e8a372",
    "accelerator-pale": "#6fc2a8",
}
PALE = {COLOURS[name]: COLOURS[f"{name}-pale"] for name in ("torch-cpu", "accelerator")}
VARIANT_COLOURS = {  # keys of COLOURS, one for each variant
    "tensors": "first",
    "hand": "ninth",
    "channels-last": "tenth",
    "fp16": "eighth",
    "autograd": "second",
    "forward": "eleventh",
    "pinned": "twelfth",
    "compile": "third",
    "finite": "thirteenth",
    "tf32": "seventh",
    "bf16": "fourth",
    "amp": "fourteenth",
    "graph": "fifth",
    "transfer": "sixth",
    "stacked": "fifteenth",
}
RANK_COLOURS = {  # keys of COLOURS for contenders with several ranks; others are their library's
    "torch-threads": "second",
    "torch-nccl-fsdp": "fifth",
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
LINE_CHARS = 54  # of a line of a title
TILE_IN = 3.75  # the width of a tile: 360 px, which is what a screen of 400 px has room for


@dataclass(frozen=True, kw_only=True)
class Plot:
    """A drawn figure, not yet written to SVG or PNG.

    Attributes
    ----------
    name : unique among the figures of a page. It is part of file names and of every id in the
        figure, so it must be a name that `slug` returns.
    description : the alt text.
    hover : the hover texts of each artist, one for each of its markers, by the artist's gid.
    tiles : the alt text of each tile. If there are several, a page shows each as an SVG of its own,
        so that a phone stacks what a desk shows in rows (`reports.charts.tiles`).
    mathematics : whether dollar signs delimit formulas. Off by default, because names from a file
        may contain a dollar sign.

    """

    name: str
    figure: Figure
    description: str
    hover: Mapping[str, Sequence[str]] = field(default_factory=dict)
    tiles: Sequence[str] = ()
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


def rank_colour(point: Point) -> str:
    """Return the colour of a point's contender: that of its library on its device."""
    torch = "torch-cpu" if point.on_cpu else "accelerator"
    own = "numpy" if point.is_numpy else torch
    return COLOURS[RANK_COLOURS.get(point.contender, own)]


def line_style(row: Row) -> str:
    """Return matplotlib's line style for a contender: dashed for a variant on an accelerator."""
    return "--" if row.variant and not row.on_cpu else "-"


def wrap(text: str, most: int = LINE_CHARS) -> str:
    """Return a text in lines that fit a tile; its own line breaks stay."""
    return "\n".join("\n".join(_even_lines(line, most)) for line in text.split("\n"))


def _even_lines(text: str, most: int) -> list[str]:
    """Return a text in as few lines as possible, which are about equally long."""
    few = len(textwrap.wrap(text, most))
    widths = range(max(1, len(text) // max(1, few)), most + 1)
    lines = (textwrap.wrap(text, width, break_on_hyphens=False) for width in widths)
    return next((each for each in lines if len(each) <= few), textwrap.wrap(text, most))


def tile_id(n: int) -> str:
    """Return the SVG id of the n-th tile."""
    return f"tile{n}"


def inline(plot: Plot) -> Markup:
    """Return a figure as an SVG element for a page, or as several, one for each of its tiles."""
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
    parts = _cut(svg, plot) if len(plot.tiles) > 1 else [(plot.description, svg)]
    return Markup("\n").join(_labelled(plot.name, *part) for part in parts)


def _labelled(name: str, description: str, svg: str) -> Markup:
    """Return an SVG with its alt text, and with ids that are unique on a page."""
    svg = re.sub(r'\bid="', f'id="{name}-', svg)
    svg = re.sub(r'(href="#|url\(#)', rf"\g<1>{name}-", svg)
    label = Markup('<svg role="img" aria-label="{}"').format(description)
    return Markup(svg.replace("<svg", label, 1))


def _cut(svg: str, plot: Plot) -> Iterator[tuple[str, str]]:
    """Yield the alt text and the SVG of each tile; the first also has what they share."""
    head = svg[: svg.index(">") + 1]
    shared = svg[svg.rindex("<defs>") : svg.rindex("</defs>") + len("</defs>")]
    across = round(plot.figure.get_figwidth() / TILE_IN)
    down = -(-len(plot.tiles) // across)
    width, height = TILE_IN * 72, plot.figure.get_figheight() * 72 / down
    for n, description in enumerate(plot.tiles):
        frame = f"{n % across * width:g} {n // across * height:g} {width:g} {height:g}"
        size = f'width="{width:g}pt" height="{height:g}pt" viewBox="{frame}"'
        own_head = re.sub(r'width="[^"]*" height="[^"]*" viewBox="[^"]*"', size, head)
        start = svg.index(f'<g id="{tile_id(n)}">')
        tile = svg[start : _closing(svg, start)]
        yield description, f"{own_head}{tile}{'' if n else shared}</svg>"


def png(plot: Plot) -> bytes:
    """Return the bytes of a figure as PNG, dark on white."""
    return _picture(plot, format="png", dpi=DPI, metadata={"Software": None})


def pdf(plot: Plot) -> bytes:
    """Return the bytes of a figure as PDF, dark on white; its text can be searched."""
    with mpl.rc_context({"pdf.fonttype": 42}):
        metadata = {"Creator": None, "Producer": None, "CreationDate": None}
        return _picture(plot, format="pdf", metadata=metadata)


def _picture(plot: Plot, **options: Any) -> bytes:
    for line in plot.figure.findobj(Line2D):
        if isinstance(line, Line2D) and line.get_markerfacecolor() == PAPER:
            line.set_markerfacecolor("#ffffff")
        if isinstance(line, Line2D) and line.get_markeredgecolor() == PAPER:
            line.set_markeredgecolor("#ffffff")
    for shapes in plot.figure.findobj(Collection):
        if isinstance(shapes, Collection):
            shapes.set_edgecolor(_on_white(shapes.get_edgecolor()))
            shapes.set_facecolor(_on_white(shapes.get_facecolor()))
    for text in plot.figure.findobj(Text):
        if isinstance(text, Text) and (box := text.get_bbox_patch()) is not None:
            box.set_facecolor("#ffffff")
    file = BytesIO()
    with _written(plot):
        plot.figure.savefig(file, facecolor="#ffffff", **options)
    return file.getvalue()


def _on_white(colours: Any) -> list[Any]:
    """Return the colours of an artist, with white for the page's background."""
    paper = to_rgba(PAPER)
    each = [tuple(map(float, colour)) for colour in np.reshape(colours, (-1, 4))]
    return [(1.0, 1.0, 1.0, 1.0) if colour == paper else colour for colour in each]


def whole(plot: Plot) -> Markup:
    """Return a figure as one SVG element, with all of its tiles."""
    return inline(replace(plot, tiles=()))


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
