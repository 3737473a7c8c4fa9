"""Variants of `gradient_cost` without reverse mode, and how many bytes reverse mode keeps.

f(w) = mean((tanh(x w) - y)^2) / 2, with x (n, p), y (n,) and w (p,).
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor


def loss(x: Tensor, y: Tensor, w: Tensor) -> Tensor:
    """Return f(w)."""
    return ((torch.tanh(x @ w) - y) ** 2).mean() / 2


def by_hand(x: Tensor, y: Tensor, w: Tensor) -> Tensor:
    """Return the gradient by the NumPy body's formula, in tensors."""
    t = torch.tanh(x @ w)
    return (t - y) * (1 - t * t) @ x / len(y)


def by_forward_mode(x: Tensor, y: Tensor, w: Tensor) -> Tensor:
    """Return the gradient by forward mode: one derivative for each of the p parameters."""
    gradient: Tensor = torch.func.jacfwd(partial(loss, x, y))(w)
    return gradient


def by_finite_differences(x: Tensor, y: Tensor, w: Tensor) -> Tensor:
    """Return the gradient by central differences: two evaluations of f for each parameter.

    The step h balances the truncation error h^2 against the rounding error eps / h.
    Source: Press et al., Numerical Recipes (2007), section 5.7.
    """
    h: float = torch.finfo(w.dtype).eps ** (1 / 3)
    steps = h * torch.eye(len(w), dtype=w.dtype, device=w.device)
    rises = [loss(x, y, w + step) - loss(x, y, w - step) for step in steps]
    return torch.stack(rises) / (2 * h)


def saved_bytes(body: Callable[..., Any], inputs: dict[str, Any]) -> dict[str, float]:
    """Return the bytes that autograd keeps for the backward pass of one call of a body.

    Each storage counts once and whole, however many tensors view it. The weights count too,
    although they exist without autograd. `storages` keeps every storage alive until the count is
    done, so that no address is used twice.
    """
    storages: dict[int, torch.UntypedStorage] = {}

    def pack(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        storages[storage.data_ptr()] = storage
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        body(**inputs)
    return {"saved_bytes": float(sum(storage.nbytes() for storage in storages.values()))}
