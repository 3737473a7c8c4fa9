"""What stands in a figure as text and as an id: names that may be anything, and marks of axes."""

import re
from zlib import crc32

import numpy as np

from reports.read.row import called

LONGEST = 28  # signs of a name in a figure


def slug(*parts: object) -> str:
    """Return a name that may stand in an id and in a file's name, of parts that may be anything.

    What had to be changed is told from its like by a checksum.
    """
    text = "-".join(filter(None, map(str, parts)))
    safe = re.sub(r"[^A-Za-z0-9_.-]+", "-", text)[: LONGEST * 3]
    return safe if safe == text and text else f"{safe}-{crc32(text.encode()):08x}"


def short(name: object, most: int = LONGEST) -> str:
    """Return a name on one line that leaves room for the figure."""
    text = " ".join(str(name).split())
    return text if len(text) <= most else f"{text[: most - 1]}…"


def short_name(contender: str, most: int = LONGEST) -> str:
    """Return a contender's name as it is written in a figure."""
    return short(called(contender), most)


def ratio_ticks(low: float, high: float) -> list[float]:
    """Return the marks of a logarithmic axis of ratios, 1 among them, few enough to read."""
    decades = np.log10(high / low)
    dense, sparse = ((1, 2, 5), 1.7), ((1, 3), 3.0)
    subs = next((subs for subs, most in (dense, sparse) if decades <= most), (1,))
    exponents = range(int(np.floor(np.log10(low))), int(np.ceil(np.log10(high))) + 1)
    marks = [sub * 10.0**exponent for exponent in exponents for sub in subs]
    return [mark for mark in marks if low <= mark <= high]


def ratio_tick(value: float) -> str:
    """Return the mark of a speedup: a half is `0.5` and the sign of times."""
    return f"{value:g}×"


def power_tick(value: float) -> str:
    """Return a power of ten as it is written: `10⁻³`."""
    exponent = str(round(np.log10(value)))
    return "10" + exponent.translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
