"""Typed rows of a comparison's tables: pairs of cells, and means."""

from dataclasses import dataclass

import pandas as pd

from reports.read.interval import Interval


@dataclass(frozen=True, kw_only=True, slots=True)
class Mean:
    """The geometric mean of a machine's ratios, over a family or over all its cells."""

    machine: str
    family: str
    cells: int
    ratio: Interval
    verdict: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Pair:
    """A cell on the baseline and on another machine; `ratio` is NaN if not comparable.

    Attributes
    ----------
    setting : of threads: "1 core" or "all cores"; "" in a file of another tool.
    reason : why the pair is not comparable or unsettled, else "".

    """

    machine: str
    key: str
    workload: str
    size: str
    dtype: str
    setting: str
    contender: str
    time_base_s: float
    time_s: float
    ratio: Interval
    verdict: str
    reason: str
    cell_base: str
    cell: str

    @property
    def where(self) -> str:
        """The case and the contender, as a sentence names them."""
        if not self.workload:
            return self.key
        size = self.size.replace(",", ", ")
        return f"{self.workload} at {size}, {self.dtype}, {self.setting}, {self.contender}"


def means_in(table: pd.DataFrame) -> list[Mean]:
    """Return the rows of a table of means, typed."""
    words = (map(str, table[name]) for name in ("machine", "family", "verdict"))
    return [
        Mean(machine=machine, family=family, cells=cells, ratio=ratio, verdict=verdict)
        for machine, family, verdict, cells, ratio in zip(
            *words, table["cells"].tolist(), _ratios(table), strict=True
        )
    ]


PAIR_WORDS = (
    "machine",
    "key",
    "workload",
    "size",
    "dtype",
    "setting",
    "contender",
    "verdict",
    "cell_base",
    "cell",
)


def pairs_in(table: pd.DataFrame) -> list[Pair]:
    """Return the rows of a table of pairs, typed."""
    words = zip(*(map(str, table[name]) for name in PAIR_WORDS), strict=True)
    reasons = table["reason"].astype(object).where(table["reason"].notna(), "")
    rest = table["time_base_s"].tolist(), table["time_s"].tolist(), reasons, _ratios(table)
    return [
        Pair(
            **dict(zip(PAIR_WORDS, line, strict=True)),
            time_base_s=time_base_s,
            time_s=time_s,
            reason=reason,
            ratio=ratio,
        )
        for line, time_base_s, time_s, reason, ratio in zip(words, *rest, strict=True)
    ]


def _ratios(table: pd.DataFrame) -> list[Interval]:
    ends = zip(*(table[name].tolist() for name in ("ratio", "low", "high")), strict=True)
    return [Interval(value=value, low=low, high=high) for value, low, high in ends]
