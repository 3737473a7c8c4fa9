"""Typed rows of a comparison's tables: pairs of cells, and means."""

import math
from dataclasses import dataclass

import pandas as pd

from bench.results import ids
from reports import units
from reports.read.interval import Interval
from reports.read.row import display_name


@dataclass(frozen=True, kw_only=True, slots=True)
class Mean:
    """The geometric mean of a machine's ratios, over a family or over all of them."""

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
    setting : of threads: "1 core" or "all cores"; "" in a file of another tool; of points, the
        ranks and how they scale: "2 ranks, weak".
    threads_base, threads : of points, the ranks.
    median_ratio : the ratio of the medians, NaN in a file of this suite.
    reason : why the pair is not comparable or unsettled, else "".
    cause : the likely cause of the difference, "" if the files show none.

    """

    machine: str
    key: str
    workload: str
    size: str
    dtype: str
    setting: str
    contender_base: str
    contender: str
    device_base: str
    device: str
    threads_base: float
    threads: float
    time_base_s: float
    time_s: float
    ratio: Interval
    median_ratio: float
    verdict: str
    reason: str
    cause: str
    cell_base: str
    cell: str

    @property
    def work(self) -> str:
        """The workload, size and dtype, as a sentence names them."""
        if not self.workload:
            return self.key
        return f"{self.workload} at {self.size.replace(',', ', ')}, {self.dtype}"

    @property
    def where(self) -> str:
        """The case and the contender of a pair that is like for like, in a sentence."""
        return f"{self.work}, {self.setting}, {self.contender}" if self.workload else self.key

    @property
    def by(self) -> str:
        """The contender of the other machine, with its cores: `torch-cpu, 2 cores`."""
        return _by(self.contender, self.device, self.threads)

    @property
    def by_base(self) -> str:
        """The contender of the baseline, with its cores."""
        return _by(self.contender_base, self.device_base, self.threads_base)

    @property
    def by_ranks(self) -> str:
        """Of points: the contender of the other machine, with its ranks: `torch-gloo, 8 ranks`."""
        return with_ranks(self.contender, self.threads)

    @property
    def by_ranks_base(self) -> str:
        """Of points: the contender of the baseline, with its ranks."""
        return with_ranks(self.contender_base, self.threads_base)


def with_ranks(contender: str, ranks: float) -> str:
    """Return a contender's name with its ranks: `torch-gloo, 8 ranks`."""
    noun = {ids.NUMPY: "process", "torch-threads": "thread"}.get(contender, "rank")
    ending = "" if ranks == 1 else "es" if noun == "process" else "s"
    return f"{display_name(contender)}, {ranks:.0f} {noun}{ending}"


def _by(contender: str, device: str, threads: float) -> str:
    """Return a contender's name; on the CPU, with its number of cores."""
    if device != ids.CPU or math.isnan(threads):
        return display_name(contender)
    return f"{display_name(contender)}, {units.count(round(threads), 'core')}"


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
    "contender_base",
    "contender",
    "device_base",
    "device",
    "verdict",
    "cause",
    "cell_base",
    "cell",
)

PAIR_NUMBERS = ("threads_base", "threads", "time_base_s", "time_s", "median_ratio")


def pairs_in(table: pd.DataFrame) -> list[Pair]:
    """Return the rows of a table of pairs, typed."""
    words = zip(*(map(str, _known(table[name])) for name in PAIR_WORDS), strict=True)
    numbers = zip(*(table[name].tolist() for name in PAIR_NUMBERS), strict=True)
    return [
        Pair(
            **dict(zip(PAIR_WORDS, line, strict=True)),
            **dict(zip(PAIR_NUMBERS, values, strict=True)),
            reason=reason,
            ratio=ratio,
        )
        for line, values, reason, ratio in zip(
            words, numbers, _known(table["reason"]), _ratios(table), strict=True
        )
    ]


def _known(texts: pd.Series) -> pd.Series:
    """Return texts with "" for those that a row does not have."""
    return texts.astype(object).where(texts.notna(), "")


def _ratios(table: pd.DataFrame) -> list[Interval]:
    ends = zip(*(table[name].tolist() for name in ("ratio", "low", "high")), strict=True)
    return [Interval(value=value, low=low, high=high) for value, low, high in ends]
