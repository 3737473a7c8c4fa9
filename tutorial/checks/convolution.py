"""Checks of the exercises of the chapter on convolution."""

import numpy as np
import torch
from torch.nn import functional as F

from tutorial.exercises import Answer, NotYetError, expect


def conv_output_shape(answer: Answer) -> None:
    """Images and output channels come from the two shapes. Compute height and width separately.

    Along one axis there are `size + 2 * padding` numbers. How often can a window of r numbers
    move by the stride?

    The first place takes r numbers. Each further place takes `stride` numbers more.
    """
    for x_shape, w_shape, stride, padding in [
        ((2, 3, 10, 7), (5, 3, 3, 3), 1, 0),
        ((1, 1, 8, 9), (4, 1, 3, 2), 1, 1),
        ((3, 2, 11, 8), (1, 2, 4, 3), 3, 2),
    ]:
        y = F.conv2d(torch.zeros(x_shape), torch.zeros(w_shape), stride=stride, padding=padding)
        called = f"x of shape {x_shape}, w of shape {w_shape}, {stride=}, {padding=}"
        expect(called, answer(x_shape, w_shape, stride, padding), tuple(y.shape))


def patches_as_columns(answer: Answer) -> None:
    """The section "Patches become rows" has the windows. Here patches become columns.

    `sliding_window_view(x, (r, r), axis=(1, 2))` has axes (c, i, j, u, v). Take each
    `stride`-th place.

    A column holds (c, u, v), and the places are (i, j). So `transpose` to (c, u, v, i, j), then
    `reshape`.
    """
    rng = np.random.default_rng(0)
    for r, stride in [(3, 1), (2, 3)]:
        x = rng.standard_normal((6, 7, 2)).transpose(2, 0, 1)
        before = x.copy()
        columns = F.unfold(torch.from_numpy(before)[None], r, stride=stride)[0].numpy()
        called = f"x of shape (2, 6, 7), {r=}, {stride=}"
        expect(called, answer(x, r, stride), columns)
        if not np.array_equal(x, before):
            raise NotYetError(
                f"{called}: expected x unchanged, got it changed: copy before writing"
            )


def correlation_matrix(answer: Answer) -> None:
    """Output i is the inner product of `w` with `signal[i : i + r]`. What is row i of the matrix?

    Row i holds the weights from column i on, and zeros elsewhere. Start from `torch.zeros` in
    the dtype of `w`.
    """
    for w, n in [
        (torch.tensor([1.0, 2.0, -3.0]), 5),
        (torch.tensor([4.0, -1.0], dtype=torch.float64), 2),
    ]:
        shifts = torch.eye(n, dtype=w.dtype)[:, None]
        wanted = F.conv1d(shifts, w[None, None])[:, 0].T.contiguous()
        expect(f"w = {w.tolist()}, {n=}", answer(w, n), wanted)
