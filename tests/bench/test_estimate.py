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


def simulated(kind, ratio, rng, visits, blocks=8):
    """Return paired seconds as a shared machine gives them; the baseline takes `ratio` times.

    Each visit adds 3 % to either side, each block 3 %. Beside that both sides drift together, one
    block in ten is slowed, bursts slow the rest of a visit, or a side runs at two speeds.
    """
    found = []
    for _ in range(visits):
        logs = rng.normal(0, 0.03, (2, blocks)) + rng.normal(0, 0.03, (2, 1))
        if kind == "drifting":
            logs += np.cumsum(rng.normal(0, 0.02, blocks))
        if kind in ("contaminated", "bursty"):
            logs += (rng.random((2, blocks)) < 0.1) * rng.exponential(1, (2, blocks))
        if kind == "bursty" and rng.random() < 0.3:
            logs[:, rng.integers(blocks) :] += rng.exponential(0.5, (2, 1))
        if kind == "bimodal":
            logs += np.log(np.where(rng.random((2, 1)) < 0.3, 1.3, 1.0))
        a, b = np.exp(logs)
        found.append((ratio * a, b))
    return found


@cache
def estimates(ratio_of, kind, planted, visits):
    """Return the estimates of some runs of many cells; in a mix, cells are of all kinds."""
    rng = np.random.default_rng(1)
    found = []
    for _ in range(RUNS):
        kinds = [KINDS[n % len(KINDS)] if kind == "mixed" else kind for n in range(CELLS)]
        cells = [ratio_of(simulated(one, planted, rng, visits)) for one in kinds]
        prior = fitted(cells)
        found += [estimated(cell, prior) for cell in cells]
    return found


def coverage(found, planted):
    return np.mean([e.low <= planted <= e.high for e in found])


def verdicts(found):
    return [verdict(e.low, e.high) for e in found]


def visited(*logs, anchor=None):
    return Visited(logs=np.array(logs), anchor=anchor)
