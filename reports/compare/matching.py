"""Which cell of one file belongs to which cell of another: many files -> a row per pair of cells.

Two machines seldom have the same number of cores, so a thread setting is matched by what it means:
one core, or all the cores that a file used. Times of the fastest blocks are compared; medians where
one of the files has no other times, since the fastest blocks against medians would be unfair.
All is done on
whole columns, and on texts once per distinct text, so that a thousand files cost a thousand times
one file.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from reports import units
from reports.read.result import Tabular

WORDS = [
    "cell", "status", "reason", "workload", "family", "size", "dtype", "contender",
    "source_sha256", "precision",
]  # fmt: skip
CASE = ["workload", "size", "dtype"]
TIMES = ["time_s", "time_low_s", "time_high_s"]
MEDIANS = ["typical_s", "typical_low_s", "typical_high_s"]
FIGURES = ["threads", *TIMES, "visits"]
NAMED, COUNTED, ALL_CORES = 0, 1, 2  # kinds of keys: by name, by number of cores, by all of them
OBJECTS = dict.fromkeys(WORDS, object)  # a file without some texts has numbers in their place
ABOUT = ["family", "workload", "size", "dtype", "setting", "contender"]
SIDED = ["cell", "status", "reason", "source_sha256", "precision", *FIGURES]


def paired(results: Sequence[Tabular], baseline: int) -> pd.DataFrame:
    """Return a row for each other machine and key, with the baseline's columns as `*_base`.

    A key that only one of the two has stands there too; the other's columns are NaN. `machine` is
    the place of the result.
    """
    cells = stacked(results)
    of_base = cells["machine"] == baseline
    base = cells[of_base].reset_index(drop=True)
    others = cells[~of_base].reset_index(drop=True)
    places = _places(base, others, len(results))
    keys = cells["key"].cat.categories
    about = _about(cells).reindex(places["key"]).reset_index(drop=True)
    key = pd.Series(pd.Categorical.from_codes(places["key"], categories=keys), name="key")
    sides = [
        base[SIDED].add_suffix("_base").reindex(places["base"]).reset_index(drop=True),
        others[SIDED].reindex(places["other"]).reset_index(drop=True),
    ]
    return pd.concat([places["machine"], key, about, *sides], axis=1)


def _places(base: pd.DataFrame, others: pd.DataFrame, machines: int) -> pd.DataFrame:
    """Return the machine, the key, and the row on either side, -1 for none, of each pair."""
    keys = others["key"].cat.codes.to_numpy()
    there = np.full(len(base["key"].cat.categories), -1)
    there[base["key"].cat.codes] = np.arange(len(base))
    left = there[keys]
    lacking = np.ones((machines, len(base)), dtype=bool)
    lacking[base["machine"].unique()] = False
    lacking[others["machine"][left >= 0], left[left >= 0]] = False
    machine, absent = np.nonzero(lacking)
    both = pd.DataFrame(
        {"machine": others["machine"], "key": keys, "base": left, "other": np.arange(len(others))}
    )
    one = pd.DataFrame(
        {"machine": machine, "key": base["key"].cat.codes.to_numpy()[absent], "base": absent}
    ).assign(other=-1)
    return pd.concat([both, one]).sort_values(["machine", "key"], ignore_index=True)


def stacked(results: Sequence[Tabular]) -> pd.DataFrame:
    """Return the cells of all results, with their machine's place, thread setting and key.

    The key of a cell of this suite is `workload/size/dtype/setting/contender`, of any other its
    name.
    """
    tables = [_alike(result, medians=of_medians(results)) for result in results]
    machine = np.repeat(np.arange(len(tables)), [len(table) for table in tables])
    cells = pd.concat(tables, ignore_index=True)
    for word in WORDS:
        cells[word] = cells[word].astype("category")
    threads = cells["threads"]
    most = threads.groupby(machine).transform("max")
    whole = np.where((threads == most) & (most > 1), ALL_CORES, COUNTED)
    kind = np.where(threads.isna(), NAMED, whole)
    return cells.assign(machine=machine, **_keys(cells, kind))


def of_medians(results: Sequence[Tabular]) -> bool:
    """Tell whether medians are compared: where one of the files has no other times, in all."""
    return any(result.medians_alone for result in results)


def _alike(result: Tabular, *, medians: bool) -> pd.DataFrame:
    """Return a file's cells with times of the kind that all files have."""
    table = result.table
    if medians and not result.medians_alone:
        times = table[MEDIANS].set_axis(TIMES, axis="columns")
        table = table.assign(**{name: times[name] for name in TIMES})
    return table[WORDS + FIGURES].astype(OBJECTS)


def _keys(cells: pd.DataFrame, kind: np.ndarray) -> dict[str, pd.Categorical]:
    """Return each cell's key and what its thread setting is called, worked out once per id."""
    codes, distinct = pd.factorize(cells["cell"].cat.codes.to_numpy().astype(np.int64) * 3 + kind)
    first = np.full(len(distinct), len(codes))
    np.minimum.at(first, codes, np.arange(len(codes)))
    some = cells.iloc[first]
    settings = [_setting(*each) for each in zip(some["threads"], kind[first], strict=True)]
    words = some[["cell", *CASE]].itertuples(index=False, name=None)
    contenders = some["contender"]
    texts = [_key(*each) for each in zip(words, settings, contenders, strict=True)]
    return {"key": _labels(texts, codes), "setting": _labels(settings, codes)}


def _labels(texts: Sequence[str], codes: np.ndarray) -> pd.Categorical:
    same, labels = pd.factorize(np.array(texts, dtype=object))
    every: pd.Categorical = pd.Categorical.from_codes(same[codes], categories=pd.Index(labels))
    return every


def _setting(threads: float, kind: int) -> str:
    if kind == NAMED:
        return ""
    return "all cores" if kind == ALL_CORES else units.count(round(threads), "core")


def _key(words: tuple[str, ...], setting: str, contender: str) -> str:
    """Return the key of a cell, from its id, its case and its thread setting."""
    cell, *case = words
    return "/".join([*case, setting, contender]) if setting else cell


def _about(cells: pd.DataFrame) -> pd.DataFrame:
    """Return what each key is about, by its code; what has no time has its workload's family."""
    known = cells[cells["family"].notna()]
    families = known.drop_duplicates("workload").set_index("workload")["family"].astype(object)
    family = cells["family"].astype(object)
    family = family.fillna(cells["workload"].astype(object).map(families)).fillna("")
    about = cells[ABOUT].astype(object).fillna("").assign(family=family)
    about.index = pd.Index(cells["key"].cat.codes)
    return about[~about.index.duplicated()].astype("category")
