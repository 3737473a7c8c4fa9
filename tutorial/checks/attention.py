"""Checks of the exercises of the chapter on attention."""

import torch
from torch.nn import functional as F

from tutorial.exercises import NotYetError, expect


def _tensors(*shapes):
    generator = torch.Generator().manual_seed(0)
    return [torch.randn(shape, generator=generator, dtype=torch.float64) for shape in shapes]


def causal_attention(answer):
    """Three things are to do: scale the scores, hide what is later, and take the mean of the values.

    `torch.ones(n, n).tril()` is one where position i may look.

    Set hidden scores to `-inf` with `masked_fill` before the softmax, not to zero.
    """
    q, k, v = _tensors((5, 4), (5, 4), (5, 3))
    wanted = F.scaled_dot_product_attention(q, k, v, is_causal=True)
    got = answer(q, k, v)
    expect("the first position, which sees itself alone", got[0], v[0])
    expect("q and k of shape (5, 4), v (5, 3)", got, wanted)


def split_heads(answer):
    """First cut the last axis into (heads, d), then move the axis of the heads forward.

    `unflatten` or `view` cuts an axis, `transpose` moves it. Neither copies.
    """
    x = torch.arange(48.0).reshape(2, 4, 6)
    got = answer(x, 3)
    expect("x of shape (2, 4, 6), 3 heads", got, torch.stack(x.split(2, dim=2), dim=1))
    if got.untyped_storage().data_ptr() != x.untyped_storage().data_ptr():
        raise NotYetError("expected a view of x, got a copy: use unflatten and transpose")


def merged(answer):
    """The largest score of both is the larger of the two.

    What was summed with another largest score must be scaled by `exp(old - new)`.
    """
    scores, v = _tensors((4, 7), (7, 2))
    scores = scores * 20

    def block(part):
        largest = scores[:, part].amax(1, keepdim=True)
        weights = torch.exp(scores[:, part] - largest)
        return largest, weights.sum(1, keepdim=True), weights @ v[part]

    got = answer(block(slice(0, 3)), block(slice(3, 7)))
    for what, one, other in zip(
        ("the largest scores", "the sums", "the weighted values"),
        got,
        block(slice(0, 7)),
        strict=True,
    ):
        expect(f"{what} of both blocks", one, other)
