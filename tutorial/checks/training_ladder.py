"""Checks of the exercises of the chapter on the training ladder."""

from itertools import pairwise

import numpy as np
import torch
from torch import nn

from tutorial.exercises import NotYetError, expect


def logits_cross_entropy(answer):
    """The loss of a row is log(sum(exp(z))) minus the logit of its label.

    Subtract the largest logit of each row first: the loss stays the same, and `exp` does not
    overflow.

    `z[np.arange(len(y)), y]` picks the logit of the label in each row. Take no logarithm of a
    probability.
    """
    rng = np.random.default_rng(0)
    z, y = rng.standard_normal((5, 3)), np.array([2, 0, 1, 1, 2])
    before = z.copy()
    wanted = float(np.mean(np.log(np.exp(z).sum(1)) - z[np.arange(5), y]))
    expect("the loss of small logits", _number(answer(z, y)), wanted)
    expect("the logits after the call", z, before)
    expect("the loss with 1000 added to all logits", _number(answer(z + 1000, y)), wanted)
    far = np.array([[0.0, -1000.0, 3.0], [-2000.0, 0.0, 1.0]])
    expect("the loss of logits [0, -1000, 3], label 1", _number(answer(far[:1], y[2:3])), 1003.0486)


def momentum_step(answer):
    """First the velocity changes, and then the weight moves along it.

    The new velocity is `momentum * v + grad`, without the learning rate.

    `mul_`, `add_` and `sub_` work in place. `v = ...` would only give the name to another
    tensor.
    """
    start = [torch.tensor([[1.0, -2.0], [0.5, 3.0]]), torch.tensor([4.0])]
    weights, velocities = [w.clone() for w in start], [torch.zeros_like(w) for w in start]
    kept = list(weights), list(velocities)  # the answer must change these very tensors
    theirs = [nn.Parameter(w.clone()) for w in start]
    optimizer = torch.optim.SGD(theirs, lr=0.1, momentum=0.9)
    for step, factor in enumerate((1.0, -0.5, 2.0), start=1):
        grads = [factor * torch.cos(w + step) for w in start]
        for w, grad in zip(theirs, grads, strict=True):
            w.grad = grad.clone()
        optimizer.step()
        answer(weights, [grad.clone() for grad in grads], velocities, 0.1, 0.9)
        for i, (w, v, wanted) in enumerate(zip(*kept, theirs, strict=True)):
            expect(f"weights[{i}], changed in place, after step {step}", w, wanted.detach())
            velocity = optimizer.state[wanted]["momentum_buffer"]
            expect(f"velocities[{i}], changed in place, after step {step}", v, velocity)


def tanh_network(answer):
    """Go through neighbouring pairs of sizes: each pair is a linear layer.

    `itertools.pairwise(sizes)` gives the pairs. Collect the layers in a list, with a tanh after
    each.

    No tanh comes after the last layer. `nn.Sequential(*layers)` makes a module of a list.
    """
    for sizes in ([64, 32, 10], [3, 5, 4, 2], [6, 4]):
        model = answer(list(sizes))
        if not isinstance(model, nn.Module):
            raise NotYetError(f"expected an nn.Module, got {type(model).__name__}")
        shapes = [(b, a) for a, b in pairwise(sizes)]
        wanted = sorted(shapes + [(b,) for b, _ in shapes])
        got = sorted(tuple(w.shape) for w in model.parameters())
        expect(f"shapes of the parameters for {sizes}", got, wanted)
        x = 10 * torch.randn(7, sizes[0], generator=torch.Generator().manual_seed(0))
        expect(f"the output for {sizes}", model(x).detach(), _by_hand(model, x))


def _by_hand(model, x):
    """Return the output of the linear layers in their order, with a tanh between them."""
    layers = [part for part in model.modules() if isinstance(part, nn.Linear)]
    for layer in layers[:-1]:
        x = torch.tanh(layer(x))
    return layers[-1](x).detach()


def _number(got):
    if not isinstance(got, float) or not np.isfinite(got):
        raise NotYetError(f"expected a finite float, got {got!r} of {type(got).__name__}")
    return float(got)
