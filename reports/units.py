"""Formats numbers as text, with as many digits as their intervals support.

No other module formats numbers with units.
"""

import math
from collections.abc import Sequence

PREFIXES = ((1.0, ""), (1e-3, "m"), (1e-6, "µ"), (1e-9, "n"))
QUANTITIES = ((1e12, 1e12, " T"), (1e9, 1e9, " G"), (1e6, 1e6, " M"), (1e4, 1e3, " k"))
RATES = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1.0, ""))
OFTEN = ((1e9, "G"), (1e6, "M"), (1e3, "k"), (1.0, ""))
LONG = 1e5  # smaller sizes are written in full: five digits are still easy to read
MOST_DIGITS = 3  # significant digits of a ratio; digits before the point are always kept
LEAST_DIGITS = 2  # of a ratio: as many as the ends of a wide interval have
ROUGH = 1.5  # high / low of an interval; above this, the ratio gets the word "about"
BINARY = ("B", "KiB", "MiB", "GiB", "TiB")

MOST_IN_UNIT = 1e4  # times of a table with one unit are smaller than this in it
ROUNDING = 1e-9  # so that 0.29 / 0.01 counts as 29


def seconds(value: float, prefix: str | None = None, digits: int = 3) -> str:
    """Return a time with its unit: `3.21 ms`; `prefix` sets the unit, as "m" does."""
    if prefix is None:
        scale, prefix = next((s for s in PREFIXES if value >= s[0]), PREFIXES[-1])
    else:
        scale = next(scale for scale, name in PREFIXES if name == prefix)
    return f"{significant(value / scale, digits)} {prefix}s"


def common_prefix(values: Sequence[float]) -> str | None:
    """Return the prefix of one unit for all times; None if they differ by too many decades.

    It is the unit of the shortest, in which the longest has at most four digits.
    """
    if not values:
        return None
    least, most = min(values), max(values)
    scale, prefix = next((s for s in PREFIXES if least >= s[0]), PREFIXES[-1])
    return prefix if most < MOST_IN_UNIT * scale else None


def tick_seconds(value: float) -> str:
    """Return a round time for an axis: `10 ms`."""
    scale, prefix = next((s for s in PREFIXES if value >= s[0] * 0.999), PREFIXES[-1])
    return f"{value / scale:g} {prefix}s"


def quantity(value: float) -> str:
    """Return a round count for an axis: `16`, `1024`, `30 k`, `16 M`."""
    for least, scale, prefix in QUANTITIES:
        if value >= least:
            return f"{value / scale:g}{prefix}"
    return f"{value:g}"


def significant(value: float, digits: int) -> str:
    """Return a positive number rounded to `digits` significant digits, without an exponent."""
    places = max(0, digits - 1 - math.floor(math.log10(value)))
    return f"{value:.{places}f}"


def ratio(value: float, low: float, high: float) -> str:
    """Return a ratio with two or three digits: three if half the interval's width supports them."""
    digits = _digits(value, low, high)
    return significant(value if digits == MOST_DIGITS else float(f"{value:.{digits}g}"), digits)


def interval(value: float, low: float, high: float) -> str:
    """Return a 95 % interval: `1.02 to 1.07`.

    Its ends have as many decimal places as the ratio, and at most three digits before the point.
    """
    text = significant(value, _digits(value, low, high))
    places = len(text.partition(".")[2])
    return f"{_end(low, places)} to {_end(high, places)}"


def rough(low: float, high: float) -> bool:
    """Return whether a sentence should say "about" before a ratio: its interval is wide."""
    return not high <= ROUGH * low


def _digits(value: float, low: float, high: float) -> int:
    """Return how many significant digits of a ratio are printed.

    Those that are larger than half the interval's width, within LEAST_DIGITS and MOST_DIGITS.
    """
    half = (high - low) / 2
    if not half:
        return MOST_DIGITS
    digits = 1 + math.floor(math.log10(value)) - math.floor(math.log10(half) + 1e-9)
    return min(MOST_DIGITS, max(LEAST_DIGITS, digits))


def _end(value: float, places: int) -> str:
    """Return an end of an interval, with more places if it would otherwise round to 0."""
    text = f"{value if places else float(f'{value:.{MOST_DIGITS}g}'):.{places}f}"
    return text if float(text) or not value > 0 else significant(value, 1)


def size_bytes(value: float) -> str:
    """Return an amount of memory: `23.5 GiB`."""
    step = min(len(BINARY) - 1, int(math.log(max(value, 1), 1024)))
    return f"{significant(max(value, 1) / 1024**step, 3)} {BINARY[step]}"


def message_bytes(value: float) -> str:
    """Return the size of a message, usually a power of two: `4 KiB`."""
    step = min(len(BINARY) - 1, int(math.log(max(value, 1), 1024)))
    return f"{value / 1024**step:.3g} {BINARY[step]}"


def count(number: int, thing: str) -> str:
    """Return `1 cell`, `2 cells`."""
    return f"{number} {thing}{'' if number == 1 else 's'}"


def rate(value: float, unit: str) -> str:
    """Return an amount per second: `133 GFLOP/s`."""
    scale, prefix = next((s for s in RATES if value >= s[0]), RATES[-1])
    return f"{significant(value / scale, 3) if value > 0 else 0} {prefix}{unit}"


def byte_rate(value: float) -> str:
    """Return a bandwidth: `401 kB/s`."""
    scale, prefix = next((s for s in OFTEN if value >= s[0]), OFTEN[-1])
    return f"{significant(value / scale, 3) if value > 0 else 0} {prefix}B/s"


def per_second(value: float) -> str:
    """Return how often something can be done: `12.3 k/s`, `813 /s`."""
    scale, prefix = next((s for s in OFTEN if value >= s[0]), OFTEN[-1])
    return f"{significant(value / scale, 3)} {prefix}/s"


def share(value: float) -> str:
    """Return a share as a percentage: `97 %`, `0.31 %`, `0 %`."""
    return f"{significant(100 * value, 2) if value else 0} %"


def intensity(value: float) -> str:
    """Return an arithmetic intensity in FLOP per byte: `0.25`, `8.0`, `341`."""
    return significant(value, 2)


def rounded(value: float) -> str:
    """Return a positive number rounded to two significant digits: `47`, `1300`, `1.2 M`."""
    return quantity(float(f"{value:.2g}"))


def rounded_down(value: float) -> str:
    """Return a positive number with two significant digits, rounded down: `47` for 47.9."""
    step = 10.0 ** (math.floor(math.log10(value)) - 1)
    return rounded(step * math.floor(value / step + ROUNDING))


def whole(value: float) -> str:
    """Return a size: `2048`, `30000`, `590 k`, `7.4 G`. From 100,000 on it has two digits."""
    return f"{value:g}" if value < LONG else rounded(value)
