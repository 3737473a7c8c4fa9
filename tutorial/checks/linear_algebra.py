"""Checks of the exercises of the chapter on linear algebra."""

import numpy as np
import torch

from tutorial.exercises import NotYetError, expect


def ridge(answer):
    """Set the gradient of the sum to zero: it is a system of p linear equations.

    The matrix of the system is `x.T @ x + penalty * I`.

    `torch.linalg.solve(matrix, right)` solves it. `torch.eye(p, dtype=x.dtype)` is I.
    """
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((20, 3)), rng.standard_normal(20)
    wanted = np.linalg.solve(x.T @ x + 0.7 * np.eye(3), x.T @ y)
    got = answer(torch.from_numpy(x), torch.from_numpy(y), 0.7)
    expect("x of shape (20, 3), penalty 0.7", got, torch.from_numpy(wanted))
    wide = rng.standard_normal((2, 5))
    wanted = wide.T @ np.linalg.solve(wide @ wide.T + 0.1 * np.eye(2), np.ones(2))
    got = answer(torch.from_numpy(wide), torch.ones(2, dtype=torch.float64), 0.1)
    expect("x of shape (2, 5), penalty 0.1", got, torch.from_numpy(wanted))


def low_rank(answer):
    """Take the singular value decomposition with `full_matrices=False`.

    Keep the first columns of `u`, the first values of `s` and the first rows of `vh`.
    """
    a = np.random.default_rng(0).standard_normal((5, 4))
    u, s, vh = np.linalg.svd(a, full_matrices=False)
    for rank in (1, 3, 4):
        wanted = (u[:, :rank] * s[:rank]) @ vh[:rank]
        got = answer(torch.from_numpy(a), rank)
        expect(f"a of shape (5, 4), rank {rank}", got, torch.from_numpy(wanted))


def whiten(answer):
    """Centre the columns first. The decomposition of the centred x holds orthogonal columns.

    The columns of `u` (or of `q`) have length one. Which factor gives them variance one?
    """
    rng = np.random.default_rng(0)
    mixed = rng.standard_normal((50, 3)) @ rng.standard_normal((3, 3)) + [5, 0, -2]
    got = answer(torch.from_numpy(mixed))
    expect("the shape of the answer for x of shape (50, 3)", tuple(got.shape), (50, 3))
    expect("the mean of each column", got.mean(0), torch.zeros(3, dtype=torch.float64))
    expect("z.T @ z / n", got.T @ got / 50, torch.eye(3, dtype=torch.float64))
    centred = mixed - mixed.mean(0)
    back = centred @ np.linalg.lstsq(centred, got.numpy(), rcond=None)[0]
    if not np.allclose(back, got):
        raise NotYetError("expected a linear function of the centred x, got another one")
