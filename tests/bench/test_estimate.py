"""Estimates on planted truths, and on tables small enough to work by hand."""

from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import t as student

from bench.estimate import (
    FAR,
    LEAST_VARIANCE,
    UNKNOWN,
    Prior,
    Visited,
    best_ratio,
    best_time,
    estimated,
    fitted,
    is_bimodal,
    typical_ratio,
    typical_time,
)
from bench.results.verdicts import FASTER, SLOWER, verdict

SECONDS = st.integers(2, 6).flatmap(
    lambda n: st.lists(
        st.lists(st.floats(1e-9, 1e3), min_size=n, max_size=n), min_size=1, max_size=6
    )
)
RATIOS = (best_ratio, typical_ratio)
KINDS = ("calm", "drifting", "contaminated", "bursty", "bimodal")
CELLS, RUNS = 200, 4


def simulated(kind, ratio, rng, shape, blocks=8):
    """Return paired seconds as a shared machine gives them; the baseline takes `ratio` times.

    `shape` is of cells and visits. Each visit adds 3 % to either side, each block 3 %. Beside that
    both sides drift together, one block in ten is slowed, bursts slow the rest of a visit, or a
    side runs at two speeds.
    """
    one, both = (*shape, 2, 1), (*shape, 2, blocks)
    logs = rng.normal(0, 0.03, both) + rng.normal(0, 0.03, one)
    if kind == "drifting":
        logs += np.cumsum(rng.normal(0, 0.02, (*shape, 1, blocks)), axis=-1)
    if kind in ("contaminated", "bursty"):
        logs += (rng.random(both) < 0.1) * rng.exponential(1, both)
    if kind == "bursty":
        bursts = (rng.random(shape) < 0.3)[..., None, None]
        late = np.arange(blocks) >= rng.integers(blocks, size=(*shape, 1, 1))
        logs += bursts * late * rng.exponential(0.5, one)
    if kind == "bimodal":
        logs += np.log(np.where(rng.random(one) < 0.3, 1.3, 1.0))
    seconds = np.exp(logs) * np.array([[ratio], [1.0]])
    return [[(a, b) for a, b in cell] for cell in seconds.tolist()]


def run_of(kind, ratio, rng, visits):
    """Return the pairs of a run of many cells; in a mix, cells are of all kinds."""
    if kind != "mixed":
        return simulated(kind, ratio, rng, (CELLS, visits))
    each = (CELLS // len(KINDS), visits)
    return [cell for one in KINDS for cell in simulated(one, ratio, rng, each)]


@cache
def estimates(ratio_of, kind, planted, visits, runs=RUNS):
    """Return the estimates of some runs, each with a prior of its own."""
    rng = np.random.default_rng(1)
    found = []
    for _ in range(runs):
        cells = [ratio_of(pairs) for pairs in run_of(kind, planted, rng, visits)]
        prior = fitted(cells)
        found += [estimated(cell, prior) for cell in cells]
    return found


def coverage(found, planted):
    return np.mean([e.low <= planted <= e.high for e in found])


def verdicts(found):
    return [verdict(e.low, e.high) for e in found]


def visited(*logs, anchor=None):
    return Visited(logs=np.array(logs), anchor=anchor)
