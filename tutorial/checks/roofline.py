"""Checks of the exercises of the chapter on the roofline."""

from collections.abc import Callable

import numpy as np

from tutorial.exercises import expect


def attainable(answer: Callable[..., np.ndarray]) -> None:
    """The lower of two limits counts. One of them depends on the intensity.

    The limit of memory is the intensity times bytes per second. `np.minimum` compares element
    by element.
    """
    intensity = np.array([0.25, 8.0, 10.0, 64.0])
    wanted = np.array([5e9, 160e9, 200e9, 200e9])
    expect("2e11 FLOP/s and 2e10 bytes/s", answer(intensity, 2e11, 2e10), wanted)
    expect("one intensity", answer(np.array([3.0]), 1e12, 1e12), np.array([1e12]))
    expect("the intensities after the call", intensity, np.array([0.25, 8.0, 10.0, 64.0]))


def limiting_roof(answer: Callable[..., str]) -> None:
    """Compare two times: how long the operations take, and how long the bytes take.

    A time is an amount divided by its peak. So you never divide by an amount that may be zero.
    """
    # ridge at 10 FLOP per byte
    expect("1,000 FLOP, 50 bytes, peaks 100 and 10", answer(1000, 50, 100, 10), "arithmetic")
    expect("1,000 FLOP, 200 bytes, peaks 100 and 10", answer(1000, 200, 100, 10), "memory")
    # more operations than bytes, but they take less time
    expect("400 FLOP, 100 bytes, peaks 100 and 10", answer(400, 100, 100, 10), "memory")
    expect("a copy, without any FLOP", answer(0, 100, 100, 10), "memory")
    expect("a computation on no bytes", answer(100, 0, 100, 10), "arithmetic")


def pass_intensity(answer: Callable[..., float]) -> None:
    """Count the bytes for one element, over all passes.

    A pass moves `read + written` numbers for each element, and each number has `itemsize`
    bytes.

    For `layer_norm_numpy` go line by line: a mean reads one array, a subtraction reads one and
    writes one. `y += b` does so too.
    """
    expect("5 FLOP, softmax fused", answer(5, [(1, 1)], 4), 0.625)
    expect(
        "5 FLOP, softmax in five passes",
        answer(5, [(1, 0), (1, 1), (1, 1), (1, 0), (1, 1)], 4),
        0.15625,
    )
    # x.mean; x - mean; vecdot(y, y), which reads one array; y /= root; y *= w; y += b
    normed = [(1, 0), (1, 1), (1, 0), (1, 1), (1, 1), (1, 1)]
    expect("7 FLOP, layer norm in float64", answer(7, normed, 8), 0.0875)
    expect("1 FLOP, the sum of two arrays", answer(1, [(2, 1)], 4), 1 / 12)
