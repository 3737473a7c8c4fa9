"""Parts that the training workloads share: loss and its gradient, SGD step, training loops.

Source: Goodfellow, Bengio & Courville, Deep Learning (2016), sections 6.2.2.3 and 8.3.1. For a
batch of scores z (batch, classes) with labels y (batch,), the loss is the mean of
-log softmax(z)[y]. Its gradient with respect to z is (softmax(z) - onehot(y)) / batch.
"""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

Array = NDArray[Any]


def start(rng: np.random.Generator, **shapes: tuple[int, ...]) -> dict[str, Array]:
    """Return initial parameters by name: weights of variance 1 / fan-in, and zero biases.

    A shape (out, in, ...) is a weight, a shape (out,) is a bias.

    Source: LeCun, Bottou, Orr & Mueller, Efficient BackProp (1998), section 4.6.
    """
    return {
        name: rng.standard_normal(shape) * (len(shape) > 1) / np.sqrt(np.prod(shape[1:]))
        for name, shape in shapes.items()
    }


def cross_entropy_numpy(z: Array, y: Array) -> tuple[Array, Array]:
    """Return the loss and its gradient with respect to z."""
    rows = np.arange(len(z))
    z = z - z.max(1, keepdims=True)
    p = np.exp(z)
    s = p.sum(1, keepdims=True)
    loss = (np.log(s[:, 0]) - z[rows, y]).mean()
    p /= s
    p[rows, y] -= 1
    return loss, p / len(z)


def cross_entropy_tensors(z: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """Return the loss and its gradient with respect to z, in tensors."""
    rows = torch.arange(len(z), device=z.device)
    z = z - z.amax(1, keepdim=True)
    p = torch.exp(z)
    s = p.sum(1, keepdim=True)
    loss = (torch.log(s[:, 0]) - z[rows, y]).mean()
    p /= s
    p[rows, y] -= 1
    return loss, p / len(z)


def sgd(weights: Iterable[Any], grads: Iterable[Any], lr: float) -> None:
    """Update the weights in place by one step of gradient descent, in either library."""
    for w, grad in zip(weights, grads, strict=True):
        w -= lr * grad  # noqa: PLW2901 - `w` is updated in place


def descend(
    gradients: Callable[..., tuple[Array, tuple[Array, ...]]],
    *,
    x: Array,
    y: Array,
    lr: float,
    **start_weights: Array,
) -> tuple[Array, ...]:
    """Train copies of the weights for one epoch in NumPy; return the losses and the new weights.

    `gradients(xb, yb, *weights)` returns the loss of a batch and its gradients with respect to the
    weights.
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
    """Train a model for one epoch in the usual PyTorch way; return the losses and the new weights.

    The caller builds `model` on the meta device, so it has no numbers yet. It gets copies of
    `weights`, in the order of its parameters.

    With `mixed`, scores and loss are computed under autocast to bfloat16. Weights, their gradients
    and the steps keep their dtype. Autocast caches the cast weights until its context ends, so each
    batch enters a new context: the step has changed the weights.
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
