"""Checks of the exercises of the chapter on views."""

import numpy as np
import torch

from tutorial.exercises import NotYetError, expect


def standardise_columns(answer):
    """Each column has its own mean, so reduce over the axis of the rows.

    `dim=0` is that axis. A result of shape (p,) broadcasts with (n, p).

    NumPy's `std` divides by n, PyTorch's by n - 1. The argument `correction` changes that.
    """
    x = np.random.default_rng(0).normal(3, 5, size=(5, 3))
    given = torch.from_numpy(x.copy())
    got = answer(given)
    wanted = (x - x.mean(axis=0)) / x.std(axis=0)
    expect("x after the call", given, torch.from_numpy(x))
    expect("x of shape (5, 3)", got, torch.from_numpy(wanted))


def sliding_windows(answer):
    """The next row starts one element later. In a row, the next column is one element later too.

    So both strides are the same number. It is the stride of `x`, which need not be 1.

    `x.stride(0)` is the stride of a vector.
    """
    _expect_windows(answer, torch.arange(6.0), 3, "x = arange(6), width 3")
    _expect_windows(answer, torch.arange(20)[1::3], 2, "x = arange(20)[1::3], width 2")
    _expect_windows(answer, torch.arange(4), 4, "x = arange(4), width 4")


def _expect_windows(answer, x, width, what):
    got = answer(x, width)
    expect(what, got, torch.stack([x[i : i + width] for i in range(len(x) - width + 1)]))
    if not np.shares_memory(np.asarray(x), np.asarray(got)):
        raise NotYetError(f"{what}: expected a view of x, got a copy: use as_strided")


def squared_distances(answer):
    """Broadcasting makes all pairs, if rows of `x` and of `y` lie along two different axes.

    `x[:, None]` has shape (n, 1, d). Which shape must `y` have, so that both broadcast to (n,
    m, d)?

    Subtract, square, and sum over the axis of length d.
    """
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((4, 3)), rng.standard_normal((5, 3))
    wanted = np.array([[((row - other) ** 2).sum() for other in y] for row in x])
    got = answer(torch.from_numpy(x), torch.from_numpy(y))
    expect("x of shape (4, 3), y of shape (5, 3)", got, torch.from_numpy(wanted))
