"""Checks of the exercises of the chapter on autograd in depth."""

import torch

from tutorial.exercises import NotYetError, expect


def _nodes(node):
    """Yield a node of the graph and all nodes that it sends gradients to."""
    if node is not None:
        yield node
        for each, _ in node.next_functions:
            yield from _nodes(each)


def stable_softplus(answer):
    """`LogCosh` in this chapter is similar. Write the value so that `exp` cannot overflow.

    `log(1 + exp(x))` is `x + log(1 + exp(-x))`. Use the first form for negative x and the
    second for positive x.

    Both forms together are the larger of x and 0, plus `log1p(exp(-abs(x)))`. The derivative is
    `torch.sigmoid(x)`, so save the input.
    """
    x = torch.tensor([[-1000.0, -2.0, 0.0], [0.5, 30.0, 1000.0]], dtype=torch.float64)
    leaf = x.clone().requires_grad_()
    y = answer(leaf)
    expect(f"values at {x.tolist()}", y.detach(), torch.logaddexp(x, torch.zeros_like(x)))
    if not any(
        isinstance(node, torch.autograd.function.BackwardCFunction) for node in _nodes(y.grad_fn)
    ):
        raise NotYetError(
            f"expected your own Function in the graph, got {y.grad_fn}: call its apply"
        )
    (grad,) = torch.autograd.grad(y.sum(), leaf, create_graph=True)
    s = torch.sigmoid(x)
    expect(f"gradient at {x.tolist()}", grad.detach(), s)
    if not grad.requires_grad:
        raise NotYetError(
            "expected a gradient that is in the graph, got one that is not: use operations on tensors"
            " in backward"
        )
    (second,) = torch.autograd.grad(grad.sum(), leaf)
    expect(f"gradient of the gradient at {x.tolist()}", second, s * (1 - s))


def hessian_vector(answer):
    """H v is the derivative of the gradient along v.

    `torch.func.grad(f)` is the gradient as a function. Which mode gives a derivative along a
    direction?

    `jvp` of that function returns a pair: the gradient at x, and its derivative along v.
    """
    x = torch.tensor([[1.0, -2.0, 0.5], [3.0, 0.0, -1.0]], dtype=torch.float64)
    v = torch.tensor([[1.0, 2.0, -1.0], [0.5, 4.0, 1.5]], dtype=torch.float64)
    before = x.clone()

    def quartic(x):
        return (x**4).sum() + x.sum() ** 3

    wanted = 12 * x**2 * v + 6 * x.sum() * v.sum()
    expect("f = (x ** 4).sum() + x.sum() ** 3", answer(quartic, x, v), wanted)
    if x.requires_grad or x.grad is not None:
        raise NotYetError(
            "expected x unchanged, got it with requires_grad or .grad set: work on x.detach()"
        )
    expect("x after the call", x, before)
    linear = answer(lambda x: (2 * x).sum(), x, v)
    expect("f = (2 * x).sum(), whose Hessian is zero", linear, torch.zeros_like(x))


def jacobian_rows(answer):
    """`vjp` runs f once and returns a function, which gives one row for one unit vector.

    All unit vectors together are the rows of `torch.eye(m)`. `vmap` calls a function with each
    row.

    The unit vectors need the dtype of the output. The function returns a tuple with one entry,
    also under `vmap`.
    """
    x, runs = torch.tensor([2.0, -3.0, 0.0], dtype=torch.float64), []

    def f(x):
        runs.append(x)
        return torch.stack([x[0] * x[1], x[2].sin(), x.sum(), x[1] ** 2])

    rows = [[-3.0, 2.0, 0.0], [0.0, 0.0, 1.0], [1.0, 1.0, 1.0], [0.0, -6.0, 0.0]]
    what = "f(x) = [x0 x1, sin(x2), x0 + x1 + x2, x1 ** 2] at [2, -3, 0]"
    expect(what, answer(f, x), torch.tensor(rows, dtype=torch.float64))
    expect("runs of f", len(runs), 1)
