"""Matches the cells of many files: one row per pair of cells.

Machines rarely have the same number of cores. So thread settings are matched by their meaning: one
core, or all the cores that a file used. The times are those of the fastest blocks. If a file has
only medians, the medians of all files are compared, since anything else would be unfair.

The work is done on whole columns, and on each distinct text once. So the cost is linear in the
number of files.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from reports import units
from reports.read.result import Tabular

TEXTS = [
    "cell",
    "status",
    "reason",
    "workload",
    "family",
    "size",
    "dtype",
    "contender",
    "source_sha256",
    "precision",
]
CASE = ["workload", "size", "dtype"]
TIMES = ["time_s", "time_low_s", "time_high_s"]
MEDIANS = ["typical_s", "typical_low_s", "typical_high_s"]
NUMBERS = ["threads", *TIMES, "visits"]
BY_NAME, BY_CORES, ALL_CORES = 0, 1, 2  # how a cell is matched
OBJECTS = dict.fromkeys(TEXTS, object)  # pandas takes a column without texts for numbers
PER_KEY = ["family", "workload", "size", "dtype", "setting", "contender"]
PER_SIDE = ["cell", "status", "reason", "source_sha256", "precision", *NUMBERS]


def match_cells(results: Sequence[Tabular], baseline: int) -> pd.DataFrame:
    """Return a row for each other machine and key; the baseline's columns end in `_base`.

    A key that only one of the two machines has gets a row, too; the columns of the other side are
    NaN. `machine` is the index of the result.
    """
    cells = stacked(results)
    of_base = cells["machine"] == baseline
    base = cells[of_base].reset_index(drop=True)
    others = cells[~of_base].reset_index(drop=True)
    places = _places(base, others, len(results))
    keys = cells["key"].cat.categories
    per_key = _per_key(cells).reindex(places["key"]).reset_index(drop=True)
    key = pd.Series(pd.Categorical.from_codes(places["key"], categories=keys), name="key")
    sides = [
        base[PER_SIDE].add_suffix("_base").reindex(places["base"]).reset_index(drop=True),
        others[PER_SIDE].reindex(places["other"]).reset_index(drop=True),
    ]
    return pd.concat([places["machine"], key, per_key, *sides], axis=1)


def _places(base: pd.DataFrame, others: pd.DataFrame, machines: int) -> pd.DataFrame:
    """Return each pair's machine, key, and row on either side (-1 for no row)."""
    keys = others["key"].cat.codes.to_numpy()
    row_of_key = np.full(len(base["key"].cat.categories), -1)
    row_of_key[base["key"].cat.codes] = np.arange(len(base))
    matches = row_of_key[keys]
    unmatched = np.ones((machines, len(base)), dtype=bool)
    unmatched[base["machine"].unique()] = False
    unmatched[others["machine"][matches >= 0], matches[matches >= 0]] = False
    machine, missing = np.nonzero(unmatched)
    in_other = pd.DataFrame(
        {
            "machine": others["machine"],
            "key": keys,
            "base": matches,
            "other": np.arange(len(others)),
        }
    )
    in_base_only = pd.DataFrame(
        {"machine": machine, "key": base["key"].cat.codes.to_numpy()[missing], "base": missing}
    ).assign(other=-1)
    return pd.concat([in_other, in_base_only]).sort_values(["machine", "key"], ignore_index=True)


def stacked(results: Sequence[Tabular]) -> pd.DataFrame:
    """Return the cells of all results, with their machine's index, thread setting and key.

    The key is `workload/size/dtype/setting/contender`; for another tool's file it is the cell's
    name.
    """
    tables = [_with_common_times(result, medians=of_medians(results)) for result in results]
    machine = np.repeat(np.arange(len(tables)), [len(table) for table in tables])
    cells = pd.concat(tables, ignore_index=True)
    for name in TEXTS:
        cells[name] = cells[name].astype("category")
    threads = cells["threads"]
    most = threads.groupby(machine).transform("max")
    whole = np.where((threads == most) & (most > 1), ALL_CORES, BY_CORES)
    kind = np.where(threads.isna(), BY_NAME, whole)
    return cells.assign(machine=machine, **_keys(cells, kind))


def of_medians(results: Sequence[Tabular]) -> bool:
    """Whether medians are compared: if any file has no other times."""
    return any(result.medians_alone for result in results)


def _with_common_times(result: Tabular, *, medians: bool) -> pd.DataFrame:
    """Return a file's cells; with `medians`, their times are the medians."""
    table = result.table
    if medians and not result.medians_alone:
        times = table[MEDIANS].set_axis(TIMES, axis="columns")
        table = table.assign(**{name: times[name] for name in TIMES})
    return table[TEXTS + NUMBERS].astype(OBJECTS)


def _keys(cells: pd.DataFrame, kind: np.ndarray) -> dict[str, pd.Categorical]:
    """Return each cell's key and the name of its thread setting, built once per id and kind."""
    codes, ids = pd.factorize(cells["cell"].cat.codes.to_numpy().astype(np.int64) * 3 + kind)
    first = np.full(len(ids), len(codes))
    np.minimum.at(first, codes, np.arange(len(codes)))
    unique = cells.iloc[first]
    settings = [_setting(*each) for each in zip(unique["threads"], kind[first], strict=True)]
    words = unique[["cell", *CASE]].itertuples(index=False, name=None)
    contenders = unique["contender"]
    texts = [_key(*each) for each in zip(words, settings, contenders, strict=True)]
    return {"key": _categorical(texts, codes), "setting": _categorical(settings, codes)}


def _categorical(texts: Sequence[str], codes: np.ndarray) -> pd.Categorical:
    places, labels = pd.factorize(np.array(texts, dtype=object))
    column: pd.Categorical = pd.Categorical.from_codes(places[codes], categories=pd.Index(labels))
    return column


def _setting(threads: float, kind: int) -> str:
    if kind == BY_NAME:
        return ""
    return "all cores" if kind == ALL_CORES else units.count(round(threads), "core")


def _key(words: tuple[str, ...], setting: str, contender: str) -> str:
    """Return the key of a cell, from its id, its case and its thread setting."""
    cell, *case = words
    return "/".join([*case, setting, contender]) if setting else cell


def _per_key(cells: pd.DataFrame) -> pd.DataFrame:
    """Return the columns of `PER_KEY` by key code.

    A cell without a time gets its workload's family.
    """
    with_family = cells[cells["family"].notna()]
    families = (
        with_family.drop_duplicates("workload").set_index("workload")["family"].astype(object)
    )
    family = cells["family"].astype(object)
    family = family.fillna(cells["workload"].astype(object).map(families.astype(object))).fillna("")
    about = cells[PER_KEY].astype(object).fillna("").assign(family=family)
    about.index = pd.Index(cells["key"].cat.codes)
    return about[~about.index.duplicated()].astype("category")
