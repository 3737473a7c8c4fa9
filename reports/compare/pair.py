"""The lines of a comparison's tables, typed: pairs of cells, and means."""

from dataclasses import dataclass

import pandas as pd

from reports.read.interval import Interval


@dataclass(frozen=True, kw_only=True, slots=True)
class Mean:
    """A geometric mean of another machine's ratios: of a family, or of all its cells."""

    machine: str
    family: str
    cells: int
    ratio: Interval
    verdict: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Pair:
    """A cell of the baseline and of another machine; `ratio` is NaN where they do not compare.

    Attributes
    ----------
    setting : of threads: "1 core" or "all cores", "" of another tool's file.
    reason : why they do not compare or are unsettled, "" for nothing.

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
        """What a sentence calls its case and its contender."""
        if not self.workload:
            return self.key
        size = self.size.replace(",", ", ")
        return f"{self.workload} at {size}, {self.dtype}, {self.setting}, {self.contender}"


def means_in(table: pd.DataFrame) -> list[Mean]:
    """Return the lines of a table of means, typed."""
    words = (map(str, table[name]) for name in ("machine", "family", "verdict"))
    return [
        Mean(machine=machine, family=family, cells=cells, ratio=ratio, verdict=verdict)
        for machine, family, verdict, cells, ratio in zip(
            *words, table["cells"].tolist(), _ratios(table), strict=True
        )
    ]


PAIR_WORDS = (
    "machine", "key", "workload", "size", "dtype", "setting", "contender", "verdict", "cell_base",
    "cell",
)  # fmt: skip


def pairs_in(table: pd.DataFrame) -> list[Pair]:
    """Return the lines of a table of pairs, typed."""
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
