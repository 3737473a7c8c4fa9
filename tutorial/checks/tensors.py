"""Checks of the exercises of the chapter on tensors."""

import numpy as np
import torch

from tutorial.exercises import expect


def as_float32(answer):
    """`from_numpy` keeps the dtype of the array, so the dtype has to be asked for.

    Both `torch.as_tensor` and `torch.tensor` take a `dtype`.
    """
    x = np.array([[0.5, -1.25, 3.0], [2.0, 8.0, 0.0]])
    for dtype in ("float64", "float32", "int64", "uint8", "bool"):
        given = np.abs(x).astype(dtype) if dtype == "uint8" else x.astype(dtype)
        wanted = torch.tensor(given.astype(np.float32).tolist())
        expect(f"x of shape (2, 3) and {dtype}", answer(given), wanted)
    expect("x without dimensions", answer(np.array(3.5)), torch.tensor(3.5))


def mean_of_counts(answer):
    """A mean of integers needs a dtype of floats, and float32 cannot hold every large integer.

    Reductions such as `mean` and `sum` take a `dtype`. They convert the numbers before they add
    them up.

    The dtype is `torch.float64`. `item()` makes a Python number of the result.
    """
    expect("counts [1, 2, 4, 8]", answer(torch.tensor([1, 2, 4, 8])), 3.75, tolerance=1e-15)
    many = torch.tensor([16_777_217, 16_777_217, 16_777_218])
    expect(f"counts {many.tolist()}", answer(many), 16_777_217 + 1 / 3, tolerance=1e-15)
    negative = torch.tensor([-3, 0, 1, 1, -1])
    expect(f"counts {negative.tolist()}", answer(negative), -0.4, tolerance=1e-15)
