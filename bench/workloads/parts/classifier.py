"""What the training workloads share: the loss with its gradient by hand, the step, the nn loop.

Source: Goodfellow, Bengio & Courville, Deep Learning (2016), sections 6.2.2.3 and 8.3.1. Of a batch
of scores z (batch, classes) with labels y (batch,), the loss is the mean of -log softmax(z)[y];
its gradient by z is (softmax(z) - onehot(y)) / batch.
"""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

Array = NDArray[Any]


def start(rng: np.random.Generator, **shapes: tuple[int, ...]) -> dict[str, Array]:
    """Draw weights (out, in, ...) with variance 1 / fan-in by name; biases (out,) are zero.

    Source: LeCun, Bottou, Orr & Mueller, Efficient BackProp (1998), section 4.6.
    """
    return {
        name: rng.standard_normal(shape) * (len(shape) > 1) / np.sqrt(np.prod(shape[1:]))
        for name, shape in shapes.items()
    }


def cross_entropy_numpy(z: Array, y: Array) -> tuple[Array, Array]:
    """Return the loss and its gradient by z."""
    rows = np.arange(len(z))
    z = z - z.max(1, keepdims=True)
    p = np.exp(z)
    s = p.sum(1, keepdims=True)
    loss = (np.log(s[:, 0]) - z[rows, y]).mean()
    p /= s
    p[rows, y] -= 1
    return loss, p / len(z)


def cross_entropy_tensors(z: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """Return the loss and its gradient by z, as above."""
    rows = torch.arange(len(z), device=z.device)
    z = z - z.amax(1, keepdim=True)
    p = torch.exp(z)
    s = p.sum(1, keepdim=True)
    loss = (torch.log(s[:, 0]) - z[rows, y]).mean()
    p /= s
    p[rows, y] -= 1
    return loss, p / len(z)


def sgd(weights: Iterable[Any], grads: Iterable[Any], lr: float) -> None:
    """Take one step of stochastic gradient descent, in place, in either library."""
    for w, grad in zip(weights, grads, strict=True):
        w -= lr * grad  # noqa: PLW2901 - in place, which is what is meant


def descend(
    gradients: Callable[..., tuple[Array, tuple[Array, ...]]],
    *,
    x: Array,
    y: Array,
    lr: float,
    **start_weights: Array,
) -> tuple[Array, ...]:
    """Train copies of the weights on one epoch of batches in NumPy; return losses and copies.

    `gradients(xb, yb, *weights)` returns the loss of a batch and its gradients by the weights.
    """
    weights, losses = [w.copy() for w in start_weights.values()], []
    for xb, yb in zip(x, y, strict=True):
        loss, grads = gradients(xb, yb, *weights)
        sgd(weights, grads, lr)
        losses.append(loss)
    return np.stack(losses), *weights


def train(
    model: nn.Module,
    weights: Iterable[Tensor],
    x: Tensor,
    y: Tensor,
    lr: float,
    *,
    mixed: bool = False,
) -> Any:
    """Train a model as one writes it in PyTorch, one epoch of batches; return losses and weights.

    The model is built on the meta device, where it holds no numbers, and given copies of the
    weights in the order of its parameters. `mixed` computes scores and loss under autocast, in
    bfloat16 where that is safe; weights, gradients by them and steps keep their dtype. The context
    is left after each step, since it keeps the cast weights that the step has changed.
    """
    names = [name for name, _ in model.named_parameters()]
    copies = [w.clone() for w in weights]
    model.load_state_dict(dict(zip(names, copies, strict=True)), assign=True)
    criterion, losses = nn.CrossEntropyLoss(), []
    optimizer = torch.optim.SGD(model.parameters(), lr)

    def loss_of(xb: Tensor, yb: Tensor) -> Any:
        return criterion(model(xb), yb)

    if mixed:
        loss_of = torch.autocast(x.device.type, torch.bfloat16)(loss_of)
    for xb, yb in zip(x, y, strict=True):
        loss = loss_of(xb, yb)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.detach())
    return torch.stack(losses), *(w.detach() for w in model.parameters())
