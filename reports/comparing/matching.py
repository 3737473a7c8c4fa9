"""Which cell of one file belongs to which cell of another: many files -> a row per pair of cells.

Two machines seldom have the same number of cores, so a thread setting is matched by what it means:
one core, or all the cores that a file used. Everything is done on whole columns, and on texts once
per distinct text, so that a thousand files cost a thousand times one file.
"""

import re
from collections.abc import Sequence

import numpy as np
import pandas as pd

from reports import units
from reports.load import Result

CELL = re.compile(r"([^/]+/[^/]+/[^/]+)/threads=(\d{1,6})/([^/]+)")
WORDS = [
    "cell", "status", "reason", "workload", "family", "size", "dtype", "contender",
    "source_sha256", "precision",
]  # fmt: skip
FIGURES = ["best_s", "typical_s", "typical_low_s", "typical_high_s", "visits"]
NAMED, COUNTED, ALL_CORES = 0, 1, 2  # kinds of keys: by name, by number of cores, by all of them
OBJECTS = dict.fromkeys(WORDS, object)  # a file without some texts has numbers in their place
ABOUT = ["family", "workload", "size", "dtype", "contender"]
SIDED = ["cell", "status", "reason", "source_sha256", "precision", "threads", *FIGURES]


def paired(results: Sequence[Result], baseline: int) -> pd.DataFrame:
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


def stacked(results: Sequence[Result]) -> pd.DataFrame:
    """Return the cells of all results, each with its machine's place, its threads and its key.

    The key of a cell of this suite is `workload/size/dtype/setting/contender`, of any other its
    name.
    """
    tables = [result.table[WORDS + FIGURES].astype(OBJECTS) for result in results]
    machine = np.repeat(np.arange(len(tables)), [len(table) for table in tables])
    own = np.repeat([result.own for result in results], [len(table) for table in tables])
    cells = pd.concat(tables, ignore_index=True)
    for word in WORDS:
        cells[word] = cells[word].astype("category")
    names = cells["cell"].cat.categories
    parts = [CELL.fullmatch(name) for name in names]
    known = np.array([float(part[2]) if part else np.nan for part in parts], dtype=float)
    threads = np.where(own, known[cells["cell"].cat.codes], np.nan)
    most = pd.Series(threads).groupby(machine).transform("max").to_numpy()
    whole = np.where((threads == most) & (most > 1), ALL_CORES, COUNTED)
    kind = np.where(np.isnan(threads), NAMED, whole)
    return cells.assign(machine=machine, threads=threads, key=_keys(cells["cell"], parts, kind))


def _keys(
    cell: pd.Series, parts: Sequence[re.Match[str] | None], kind: np.ndarray
) -> pd.Categorical:
    """Return each cell's key, by its kind."""
    names = cell.cat.categories
    codes, distinct = pd.factorize(cell.cat.codes.to_numpy().astype(np.int64) * 3 + kind)
    texts = [_key(names[code // 3], parts[code // 3], code % 3) for code in distinct]
    same, keys = pd.factorize(np.array(texts, dtype=object))
    found: pd.Categorical = pd.Categorical.from_codes(same[codes], categories=pd.Index(keys))
    return found


def _key(name: str, part: re.Match[str] | None, kind: int) -> str:
    if part is None or kind == NAMED:
        return str(name)
    cores = int(part[2])
    setting = "all cores" if kind == ALL_CORES else units.count(cores, "core")
    return f"{part[1]}/{setting}/{part[3]}"


def _about(cells: pd.DataFrame) -> pd.DataFrame:
    """Return what each key is about, by its code; what has no time has its workload's family."""
    known = cells[cells["family"].notna()]
    families = known.drop_duplicates("workload").set_index("workload")["family"].astype(object)
    family = cells["family"].astype(object)
    family = family.fillna(cells["workload"].astype(object).map(families)).fillna("")
    told = cells[ABOUT].astype(object).fillna("").assign(family=family)
    told.index = pd.Index(cells["key"].cat.codes)
    return told[~told.index.duplicated()].astype("category")
