"""Checks of the exercises of the chapter on reductions."""

from collections.abc import Callable, Iterable

import numpy as np
import torch

from tutorial.exercises import NotYetError, expect


def stable_logsumexp(answer: Callable[[torch.Tensor], torch.Tensor]) -> None:
    """The last section shifts a softmax by its largest number. Do the same here, row by row.

    `log(sum(exp(x)))` is `largest + log(sum(exp(x - largest)))`.

    `amax(1, keepdim=True)` has shape (n, 1), to be subtracted. The result needs shape (n,).
    """
    rows = {
        "small numbers": [[0.5, -1.0, 2.0], [0.0, 0.0, 0.0]],
        "large numbers": [[1000.0, 1001.0, 1002.0], [999.0, 1.0, -50.0]],
        "very negative numbers": [[-1000.0, -1001.0, -1002.0], [-500.0, -500.0, -900.0]],
        "rows of different size": [[1000.0, 1001.0, 1002.0], [1.0, 2.0, 3.0]],
    }
    for name, values in rows.items():
        x = torch.tensor(values)
        given = x.clone()
        expect(name, answer(x), torch.logsumexp(given, 1))
        expect(f"x after the call with {name}", x, given)


def running_mean_var(answer: Callable[[Iterable[float]], tuple[float, float]]) -> None:
    """One loop is enough. It needs three variables: the count, the mean and the summed squares.

    `enumerate(numbers, 1)` counts from one. `d` is the distance from the mean before its
    update.

    At the end, divide the summed squares by the count.
    """
    near, far = [2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0], [1e9 + k for k in (1.0, 2.0, 4.0, 9.0)]
    for numbers in ([3.0], near, far):
        got = answer(iter(numbers))
        if not isinstance(got, tuple) or len(got) != len(("mean", "variance")):
            raise NotYetError(f"{numbers}: expected a tuple of mean and variance, got {got!r}")
        expect(f"mean of {numbers}", got[0], float(np.mean(numbers)))
        expect(f"variance of {numbers}", got[1], float(np.var(numbers)))


def last_argmax(answer: Callable[[torch.Tensor], torch.Tensor]) -> None:
    """`argmax` returns the first. In a reversed row, the last becomes the first.

    `x.flip(1)` reverses each row. Index j there is index m - 1 - j in `x`.
    """
    x = torch.tensor([[1.0, 3.0, 3.0, 2.0], [5.0, 0.0, 0.0, 0.0], [-1.0, -2.0, -3.0, -1.0]])
    expect(
        f"last index of the largest in each row of {x.tolist()}", answer(x), torch.tensor([2, 0, 3])
    )
    turned = torch.tensor([[1, 4], [4, 1], [0, 4]]).T
    expect(
        f"last index of the largest in each row of {turned.tolist()}",
        answer(turned),
        torch.tensor([1, 2]),
    )
