"""Matches the cells of many machines with the baseline's: one row per pair of cells."""

import numpy as np
import pandas as pd

OF_KEY = ["family", "workload", "size", "dtype"]
OF_SIDE = [
    "cell",
    "status",
    "reason",
    "setting",
    "contender",
    "library",
    "device",
    "source_sha256",
    "precision",
    "threads",
    "flops",
    "time_s",
    "time_low_s",
    "time_high_s",
    "median_s",
    "minima",
    "tick_s",
]


def match_cells(cells: pd.DataFrame, baseline: int, machines: int) -> pd.DataFrame:
    """Return a row for each other machine and key; the baseline's columns end in `_base`.

    A key that only one of the two machines has gets a row, too; the columns of the other side are
    NaN. `machine` is the index of the result.

    Parameters
    ----------
    cells : from `stacking.stacked`, or a part of it; `key` says which cells belong together.

    """
    of_base = cells["machine"] == baseline
    base = cells[of_base].reset_index(drop=True)
    others = cells[~of_base].reset_index(drop=True)
    places = _places(base, others, machines)
    keys = cells["key"].cat.categories
    of_key = _of_key(cells).reindex(places["key"]).reset_index(drop=True)
    key = pd.Series(pd.Categorical.from_codes(places["key"], categories=keys), name="key")
    sides = [
        base[OF_SIDE].add_suffix("_base").reindex(places["base"]).reset_index(drop=True),
        others[OF_SIDE].reindex(places["other"]).reset_index(drop=True),
    ]
    return pd.concat([places["machine"], key, of_key, *sides], axis=1)


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


def _of_key(cells: pd.DataFrame) -> pd.DataFrame:
    """Return the columns of `OF_KEY` by key code.

    A cell without a time gets its workload's family.
    """
    with_family = cells[cells["family"].notna()].drop_duplicates("workload")
    families = with_family.set_index("workload")["family"].astype(object)
    codes = cells["key"].cat.codes
    first = cells.loc[~codes.duplicated(), OF_KEY].astype(object)
    first["family"] = first["family"].fillna(first["workload"].map(families))
    first.index = pd.Index(codes.loc[first.index])
    return first.fillna("").astype("category")
