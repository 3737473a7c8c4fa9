"""Checks of the exercises of the chapter on sharing memory with NumPy."""

import numpy as np
import torch

from tutorial.exercises import NotYetError, expect


def snapshot_of(answer):
    """Do two things: leave the graph, and leave the memory of `t`.

    `detach()` leaves the graph, but shares memory. `clone()` copies.
    """
    for what, t in (
        ("t of shape (2, 2)", torch.tensor([[1.0, 2.0], [3.0, 4.0]])),
        ("t that requires gradients", torch.tensor([1.0, -2.0], requires_grad=True)),
        ("t that is a transposed view", torch.arange(6).reshape(2, 3).T),
    ):
        wanted = t.detach().clone().numpy()
        got = answer(t)
        expect(what, got, wanted)
        with torch.no_grad():
            t.add_(1)
        expect(f"{what}, after t was changed", got, wanted)


def tensor_of_any_array(answer):
    """PyTorch cannot take negative strides or another byte order, so make a plain array first.

    `np.array(x)` copies, but keeps the byte order of the dtype. Name a dtype to get the
    machine's own.
    """
    x = np.arange(6.0).reshape(2, 3)
    locked = x.copy()
    locked.flags.writeable = False
    for what, given in (
        ("x of shape (2, 3)", x),
        ("x[::-1, ::-1]", x[::-1, ::-1]),
        ("x.T", x.T),
        ("x in big-endian order", x.astype(">f8")),
        ("x that is read-only", locked),
        ("x that is broadcast", np.broadcast_to(x[0], (4, 3))),
    ):
        _expect_tensor_of(answer, what, given)


def _expect_tensor_of(answer, what, given):
    before = given.tolist()
    always = torch.is_warn_always_enabled()
    torch.set_warn_always(True)
    try:
        got = answer(given)
    finally:
        torch.set_warn_always(always)
    expect(what, got, torch.tensor(before, dtype=torch.float64))
    got[0, 0] = -1.0
    if given.tolist() != before:
        raise NotYetError(
            f"{what}: expected x to keep {before[0][0]} after a write to the tensor, got"
            f" {given[0, 0]}: copy x"
        )
    before[0][0] = -1.0
    expect(f"{what}, after its first element was set to -1", got, torch.tensor(before).double())
