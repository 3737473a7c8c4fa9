"""Checks of the exercises of the chapter on dynamic graphs."""

import torch

from tutorial.exercises import NotYetError, expect


def leaves_reached(answer):
    """The function `graph` in this chapter visits every node. Start from it.

    A node with `variable` holds a leaf. A node can be None, and several ways can lead to one
    node.

    Keep a set of the nodes that you have seen, and a list of nodes to visit. A long graph is
    too deep for recursion in Python.
    """
    a, b, unused = (torch.tensor(value, requires_grad=True) for value in (2.0, 3.0, 5.0))
    _expect_leaves(answer, "a * b + a", a * b + a, [a, b])
    branched = a * b if b > unused else a.exp()
    _expect_leaves(answer, "a branch that used only a", branched, [a])
    shared = a
    for _ in range(12):
        shared = shared + shared
    _expect_leaves(answer, "a doubled twelve times", shared, [a])
    deep = b
    for _ in range(3000):
        deep = deep + 1
    _expect_leaves(answer, "three thousand additions to b", deep, [b])
    _expect_leaves(answer, "a constant times a", torch.ones(2) * a, [a])
    _expect_leaves(answer, "a tensor without a graph", torch.ones(2), [])


def _expect_leaves(answer, what, output, wanted):
    got = answer(output)
    if not isinstance(got, list) or not all(isinstance(each, torch.Tensor) for each in got):
        raise NotYetError(f"{what}: expected a list of tensors, got {type(got).__name__}")
    if len(got) != len(wanted) or {id(each) for each in got} != {id(each) for each in wanted}:
        values = [[each.tolist() for each in some] for some in (wanted, got[:4])]
        raise NotYetError(
            f"{what}: expected the {len(wanted)} leaves with values {values[0]}, "
            f"got {len(got)} tensors, the first with values {values[1]}"
        )


def discounted_return(answer):
    """Stay with tensors: `discount.item()` would cut the gradient by the discount.

    A loop over the rewards is allowed. Going from the last to the first, it needs no powers.

    The return from step t on is `reward` plus `discount` times the return from step t + 1 on.
    After the last step it is zero.
    """
    for rewards in ([1.0, -2.0, 4.0], [3.0], [0.5] * 7):
        for discount in (0.5, 1.0, 0.0):
            _expect_return(answer, rewards, discount)
    nothing = answer(torch.zeros(0, dtype=torch.float64), torch.tensor(0.5, dtype=torch.float64))
    expect("no rewards", nothing, torch.zeros((), dtype=torch.float64))


def _expect_return(answer, rewards, discount):
    what = f"rewards {rewards}, discount {discount}"
    r, d = (torch.tensor(v, dtype=torch.float64, requires_grad=True) for v in (rewards, discount))
    got = answer(r, d)
    powers = [discount**t for t in range(len(rewards))]
    wanted = sum(p * reward for p, reward in zip(powers, rewards, strict=True))
    expect(what, got, torch.tensor(wanted, dtype=torch.float64))
    if not got.requires_grad:
        raise NotYetError(
            f"{what}: expected a result that requires a gradient, got one that does not"
        )
    by_rewards, by_discount = torch.autograd.grad(got, (r, d), allow_unused=True)
    slopes = [t * discount ** (t - 1) * rewards[t] for t in range(1, len(rewards))]
    wanted = torch.tensor(float(sum(slopes)), dtype=torch.float64)
    expect(f"{what}: gradient by the rewards", by_rewards, torch.tensor(powers).double())
    if len(rewards) > 1:
        expect(f"{what}: gradient by the discount", by_discount, wanted)


def shortened(answer):
    """The side of `torch.where` that is not taken must not divide by zero.

    Select the divisor with `torch.where` before you divide.

    If the norm is at most `limit`, dividing `limit` by `limit` gives one.
    """
    cases = {
        "a long vector": ([3.0, -4.0], [1.2, -1.6]),
        "a short vector": ([0.5, 0.0, -0.25], [0.5, 0.0, -0.25]),
        "a vector of zeros": ([0.0, 0.0], [0.0, 0.0]),
    }
    for what, (values, wanted) in cases.items():
        expect(f"{what}, limit 2", answer(torch.tensor(values), 2.0), torch.tensor(wanted))
    try:
        torch.compile(answer, backend=_as_it_is, fullgraph=True)(torch.tensor([3.0, -4.0]), 2.0)
    except RuntimeError as error:
        said = str(error).partition("\n")[0]
        raise NotYetError(f"expected one graph without a break, got a break: {said}") from error
    for values in ([0.5, 0.0, -0.25], [0.0, 0.0]):
        x = torch.tensor(values, requires_grad=True)
        (grad,) = torch.autograd.grad(answer(x, 2.0).sum(), x)
        expect(f"{values}, limit 2: gradient of the sum", grad, torch.ones(len(values)))
    x = torch.tensor([3.0, -4.0], requires_grad=True)
    (grad,) = torch.autograd.grad(answer(x, 2.0)[0], x)
    by_hand = torch.tensor([0.4 - 0.4 * 9 / 25, 0.4 * 12 / 25])  # the quotient rule, by hand
    expect("a long vector, limit 2: gradient of its first number", grad, by_hand)


def _as_it_is(recorded, _examples):
    return recorded.forward
