"""Checks of the exercises of the chapter on training in practice."""

import torch

from tutorial.exercises import expect


def warmup_linear(answer):
    """There are three stretches: below `warmup`, from there to `total`, and after it.

    In the second, `total - step` of `total - warmup` steps are left.
    """
    for step, wanted in ((0, 0.25), (1, 0.5), (3, 1.0), (4, 1.0), (7, 0.5), (10, 0.0), (12, 0.0)):
        expect(f"step {step}, warmup 4, total 10", float(answer(step, 4, 10)), wanted)


def clipped(answer):
    """The norm of all is the root of the sum of all squares, over all tensors.

    All tensors are multiplied by the same number, at most one.
    """
    given = [torch.tensor([3.0, 0.0]), torch.tensor([[0.0], [4.0]])]
    copies = [each.clone() for each in given]
    for most, scale in ((2.5, 0.5), (5.0, 1.0), (8.0, 1.0)):
        got = answer(given, most)
        for one, before in zip(got, copies, strict=True):
            expect(f"gradients of norm 5, most {most}", one, before * scale)
        for one, before in zip(given, copies, strict=True):
            expect("the given gradients after the call", one, before)


def stopped(answer):
    """Go through the epochs, and keep the best loss and its epoch.

    After an epoch that is no better, compare its distance from the best with the patience.
    """
    expect("losses 3 2 4 4 1, patience 2", answer([3.0, 2.0, 4.0, 4.0, 1.0], 2), (1, 3))
    expect("losses 3 2 4 4 1, patience 3", answer([3.0, 2.0, 4.0, 4.0, 1.0], 3), (4, 4))
    expect("losses 1 1 1, patience 1", answer([1.0, 1.0, 1.0], 1), (0, 1))
    expect("losses 3 2 1, patience 1", answer([3.0, 2.0, 1.0], 1), (2, 2))
