"""Checks of the exercises of the chapter on autograd."""

import numpy as np
import torch

from tutorial.exercises import NotYetError, expect


def logistic_gradient(answer):
    """Use the chain rule, the outermost first: mean, logarithm, exponential, product.

    With `e = exp(-y * (x @ w))`, the logarithm has the derivative `1 / (1 + e)`, the exponential
    has `e`, and the product of row i has `-y[i] * x[i]`.

    The sum over rows of a number times a row is a vector times the matrix: `numbers @ x`.
    Divide it by n.
    """
    rng = np.random.default_rng(0)
    x, w = rng.standard_normal((7, 3)), rng.standard_normal(3)
    y = np.where(rng.random(7) < 1 / 2, -1.0, 1.0)
    leaf = torch.from_numpy(w.copy()).requires_grad_()
    margins = torch.from_numpy(y) * (torch.from_numpy(x) @ leaf)
    torch.log1p(torch.exp(-margins)).mean().backward()
    expect("x of shape (7, 3)", answer(x, y, w), leaf.grad.numpy())


def directional_derivative(answer):
    """Along v this is a function of one number, s. Take the central difference in s.

    The two runs are at `x + h * v` and `x - h * v`. Divide their difference by `2 * h`.

    `central` in this chapter has a good step `h` for the dtype of `x`.
    """
    x = torch.tensor([[1.0, -2.0], [0.5, 3.0], [2.0, -1.0]], dtype=torch.float64)
    v = torch.tensor([[2.0, 1.0], [-1.0, -0.5], [1.0, -1.5]], dtype=torch.float64)
    runs, before = [], x.clone()

    def f(x):
        runs.append(x)
        return (x**3).sum()

    got, wanted = answer(f, x, v), (3 * x**2 * v).sum().item()
    expect("f = (x ** 3).sum()", got, wanted, tolerance=1e-7)
    expect("runs of f", len(runs), 2)
    expect("x after the call", x, before)


def descend(answer):
    """`backward` would add to `.grad`. Another function returns the gradients instead.

    `torch.autograd.grad(loss, parameters)` returns a tuple, with a gradient for each leaf.

    Change each leaf in place with `sub_`, under `torch.no_grad()`.
    """
    a = torch.tensor([1.0, -2.0], requires_grad=True)
    b = torch.tensor(3.0, requires_grad=True)
    a.grad = torch.tensor([5.0, 5.0])
    places = [leaf.data_ptr() for leaf in (a, b)]
    answer((a**2).sum() * b, [a, b], 0.1)
    if [leaf.data_ptr() for leaf in (a, b)] != places:
        raise NotYetError("expected each leaf in its own memory, got one in new memory: use sub_")
    for name, leaf, wanted in (("a", a, [0.4, -0.8]), ("b", b, 2.5)):
        what = f"loss = (a ** 2).sum() * b, a = [1, -2], b = 3, rate 0.1: {name}"
        expect(what, leaf.detach(), torch.tensor(wanted))
        if not (leaf.is_leaf and leaf.requires_grad):
            raise NotYetError(
                f"expected {name} to stay a leaf that requires a gradient, got one that does not:"
                " change it under torch.no_grad()"
            )
    expect("a.grad, which was [5, 5] before", a.grad, torch.tensor([5.0, 5.0]))
    expect("b.grad, which was None before", b.grad, None)
