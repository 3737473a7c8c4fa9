"""Checks of the exercises of the chapter with five numbers."""

import numpy as np

from tutorial.exercises import NotYetError, expect


def finite_gradient(answer):
    """Move one parameter at a time, to either side: two runs for each.

    `step * np.eye(len(w))` has a row for each move. With `w + move` the array `w` stays as it is.

    The step of the chapter is a good one: 1e-6.
    """
    runs = []

    def f(w):
        runs.append(w.copy())
        return float(np.sin(w[0]) * w[1] + w[2] ** 3)

    w = np.array([0.5, -2.0, 1.5])
    wanted = np.array([np.cos(0.5) * -2.0, np.sin(0.5), 3 * 1.5**2])
    got = answer(f, w)
    expect("w after the call", w, np.array([0.5, -2.0, 1.5]))
    expect("f(w) = sin(w0) w1 + w2 ** 3 at [0.5, -2, 1.5]", got, wanted)
    if len(runs) != 2 * len(w):
        raise NotYetError(f"expected {2 * len(w)} runs of f for 3 parameters, got {len(runs)}")


def faster_from(answer):
    """The first size at which the GPU is faster is not enough: it may be slower again later.

    Start at the largest size and go down for as long as the GPU is faster.
    """
    sizes = [8, 64, 512, 4096]
    expect("GPU faster from the second size on", answer(sizes, [1, 2, 9, 70], [3, 1, 1, 2]), 64)
    expect("the last size alone", answer(sizes, [1, 2, 9, 70], [3, 3, 10, 2]), 4096)
    expect("at every size", answer(sizes, [4, 4, 9, 70], [3, 3, 1, 2]), 8)
    expect("never", answer(sizes, [1, 2, 9, 70], [3, 3, 10, 70]), None)
    expect("ahead, behind, ahead again", answer(sizes, [4, 2, 9, 70], [3, 3, 1, 2]), 512)
