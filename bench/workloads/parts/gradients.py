"""The gradient of `gradient_cost` by other means than reverse mode, and what reverse mode keeps.

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
    """Return the gradient as the NumPy body writes it, with tensors in place of arrays."""
    t = torch.tanh(x @ w)
    return (t - y) * (1 - t * t) @ x / len(y)


def by_forward_mode(x: Tensor, y: Tensor, w: Tensor) -> Tensor:
    """Return the gradient by forward mode: a derivative along each of the p axes, side by side."""
    gradient: Tensor = torch.func.jacfwd(partial(loss, x, y))(w)
    return gradient


def by_finite_differences(x: Tensor, y: Tensor, w: Tensor) -> Tensor:
    """Return the gradient by central differences, two evaluations a parameter.

    The step balances their two errors: truncation, h^2, and rounding, eps / h.
    Source: Press et al., Numerical Recipes (2007), section 5.7.
    """
    h: float = torch.finfo(w.dtype).eps ** (1 / 3)
    steps = h * torch.eye(len(w), dtype=w.dtype, device=w.device)
    rises = [loss(x, y, w + step) - loss(x, y, w - step) for step in steps]
    return torch.stack(rises) / (2 * h)


def saved_bytes(body: Callable[..., Any], inputs: dict[str, Any]) -> dict[str, float]:
    """Return the bytes that one call of a body made autograd keep for backward.

    A storage counts once, whole, however many tensors view it: the weights count, though they are
    there anyway. Keeping each storage until the count is done keeps its address from being reused.
    """
    storages: dict[int, torch.UntypedStorage] = {}

    def pack(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        storages[storage.data_ptr()] = storage
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        body(**inputs)
    return {"saved_bytes": float(sum(storage.nbytes() for storage in storages.values()))}
