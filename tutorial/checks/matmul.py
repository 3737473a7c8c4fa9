"""Checks of the exercises of the chapter on matrix products."""

import torch

from tutorial.exercises import Answer, NotYetError, expect


def product_intensity(answer: Answer) -> None:
    """The section "What a product costs" counts a square product. Here the three sizes differ.

    Each of the `m * n` results needs k multiplications and k additions.

    The bytes are those of all three matrices: the two factors and the result.
    """
    for m, k, n, itemsize in [(2, 3, 5, 4), (64, 1, 64, 8), (1, 100, 1, 2)]:
        operations, moved = 2 * m * k * n, (m * k + k * n + m * n) * itemsize
        got = answer(m, k, n, itemsize)
        called = f"product_intensity({m}, {k}, {n}, {itemsize})"
        if not isinstance(got, tuple) or len(got) != len(("operations", "moved", "intensity")):
            raise NotYetError(f"{called}: expected a tuple of three numbers, got {got!r}")
        for what, mine, wanted in zip(
            ("operations", "bytes moved", "operations per byte"),
            got,
            (operations, moved, operations / moved),
            strict=True,
        ):
            expect(f"{what} of {called}", float(mine), float(wanted))


def attention_scores(answer: Answer) -> None:
    """For each batch and head this is a matrix product of `q` and the transposed `k`.

    `@` multiplies the last two axes and keeps the axes before them.

    `k.transpose(-2, -1)` swaps the last two axes. `torch.einsum` can do it too.
    """
    generator = torch.Generator().manual_seed(0)
    q = torch.randn(2, 3, 4, 5, generator=generator)
    k = torch.randn(2, 3, 6, 5, generator=generator)
    before = q.clone(), k.clone()
    wanted = torch.stack(
        [torch.stack([x @ y.T for x, y in zip(*e, strict=True)]) for e in zip(q, k, strict=True)]
    )
    expect("q of shape (2, 3, 4, 5), k of shape (2, 3, 6, 5)", answer(q, k), wanted, tolerance=1e-5)
    if not (torch.equal(q, before[0]) and torch.equal(k, before[1])):
        raise NotYetError("expected q and k unchanged, got them changed")


def cheaper_order(answer: Answer) -> None:
    """A product of shapes (a, b) and (b, c) takes `2 * a * b * c` operations.

    Each order has two products. `a @ b` has shape (m, n), and `b @ c` has shape (k, p).
    """
    for m, k, n, p in [(1000, 1000, 1000, 1), (1, 1000, 1000, 1000), (3, 1, 9, 4), (3, 9, 2, 8)]:
        left, right = 2 * m * k * n + 2 * m * n * p, 2 * k * n * p + 2 * m * k * p
        wanted = ("left", left) if left < right else ("right", right)
        expect(f"({m}, {k}) @ ({k}, {n}) @ ({n}, {p})", answer(m, k, n, p), wanted)
