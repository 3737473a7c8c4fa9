"""Names, ids and tick labels for figures, from names in a file that may contain any character."""

import re
from zlib import crc32

import numpy as np

from reports.read.row import display_name

LONGEST = 28  # characters of a name in a figure


def slug(*parts: object) -> str:
    """Join parts to a name that is valid in an id and in a file name.

    If characters had to be replaced, a checksum is appended to keep the name unique.
    """
    text = "-".join(filter(None, map(str, parts)))
    safe = re.sub(r"[^A-Za-z0-9_.-]+", "-", text)[: LONGEST * 3]
    return safe if safe == text and text else f"{safe}-{crc32(text.encode()):08x}"


def short(name: object, most: int = LONGEST) -> str:
    """Return a name on one line, cut off if it is too long for a figure."""
    text = " ".join(str(name).split())
    return text if len(text) <= most else f"{text[: most - 1]}…"


def short_name(contender: str, most: int = LONGEST) -> str:
    """Return a contender's name for a figure: `NumPy`, or its id, cut off if it is too long."""
    return short(display_name(contender), most)


def ratio_ticks(low: float, high: float) -> list[float]:
    """Return the ticks of a logarithmic axis of ratios: the more decades, the fewer per decade."""
    decades = np.log10(high / low)
    dense, sparse = ((1, 2, 5), 1.7), ((1, 3), 3.0)
    subs = next((subs for subs, most in (dense, sparse) if decades <= most), (1,))
    exponents = range(int(np.floor(np.log10(low))), int(np.ceil(np.log10(high))) + 1)
    ticks = [sub * 10.0**exponent for exponent in exponents for sub in subs]
    return [tick for tick in ticks if low <= tick <= high]


def ratio_tick(value: float) -> str:
    """Return the tick label of a speedup: the number and a multiplication sign."""
    return f"{value:g}×"


def power_tick(value: float) -> str:
    """Return the tick label of a power of ten: `10⁻³`."""
    exponent = str(round(np.log10(value)))
    return "10" + exponent.translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
