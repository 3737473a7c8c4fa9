"""Checks of the exercises of the phrase book."""

import numpy as np
import torch

from tutorial.exercises import expect


def row_medians(answer):
    """With an even number of columns, PyTorch's `median` is the lower of the two in the middle.

    The table has an expression with NumPy's result. It takes `dim` too.
    """
    for shape in ((3, 4), (2, 5)):
        x = np.random.default_rng(0).standard_normal(shape)
        wanted = torch.from_numpy(np.median(x, axis=1))
        expect(f"x of shape {shape}", answer(torch.from_numpy(x)), wanted)


def top_of_each_row(answer):
    """Look for `take_along_axis` in the table.

    `gather(1, rows)` gives the chosen elements. `max` returns indices too, `amax` does not.
    """
    x = np.random.default_rng(0).standard_normal((3, 5))
    rows = np.array([[0, 4], [2, 2], [1, 3]])
    wanted = np.take_along_axis(x, rows, 1).max(axis=1)
    got = answer(torch.from_numpy(x), torch.from_numpy(rows))
    expect("x of shape (3, 5), two columns of each row", got, torch.from_numpy(wanted))


def halves(answer):
    """`torch.split` takes the length of a part, and `np.split` the number of parts.

    There is a function in the table that splits as NumPy does.
    """
    got = answer(torch.arange(6.0))
    expect("what halves(arange(6)) returns", type(got), tuple)
    expect("the number of its parts", len(got), 2)
    for part, wanted in zip(got, torch.arange(6.0).reshape(2, 3), strict=True):
        expect("a half of arange(6)", part, wanted)
