"""The bodies with more layers train to the same weights, by hand, with autograd and with nn."""

import numpy as np
import torch

from bench.workloads import train_cnn
from bench.workloads.parts import classifier, convolved, deeper


def agree(by_hand, bodies, image=(64,), **shapes):
    """Compare losses and weights after an epoch from the same start."""
    rng = np.random.default_rng(0)
    x, y = rng.random((3, 5, *image)), rng.integers(10, size=(3, 5))
    start = classifier.start(rng, **shapes).values()
    expected = by_hand(x, y, 0.5, *start)
    tensors = [torch.tensor(value) for value in (x, y, 0.5, *start)]
    for body in bodies:
        for got, want in zip(body(*tensors), expected, strict=True):
            np.testing.assert_allclose(got.detach().numpy(), want, rtol=1e-10, atol=1e-12)


def step_last(body):
    """Take the step size before the weights, as the bodies for `agree` do."""

    def reordered(x, y, lr, *start):
        return body(x, y, *start, lr)

    return reordered


def test_by_hand_autograd_and_nn_agree_with_one_more_layer():
    bodies = [step_last(body) for body in (deeper.mlp_autograd, deeper.mlp_torch)]
    shapes = {"w1": (8, 64), "b1": (8,), "w2": (6, 8), "b2": (6,), "w3": (10, 6), "b3": (10,)}
    agree(step_last(deeper.mlp_numpy), bodies, **shapes)


def test_by_hand_autograd_and_nn_agree_with_four_hidden_layers():
    sizes = (64, 8, 7, 6, 5, 10)
    layers = enumerate(zip(sizes[1:], sizes, strict=False), start=1)
    shapes = {k: v for i, (n, m) in layers for k, v in ((f"w{i}", (n, m)), (f"b{i}", (n,)))}
    agree(deeper.four_numpy, (deeper.four_autograd, deeper.four_torch), **shapes)


def test_by_hand_autograd_and_nn_agree_with_convolutions():
    convs = {"w1": (2, 1, 3, 3), "b1": (2,), "w2": (4, 2, 3, 3), "b2": (4,)}
    bodies = (convolved.cnn_autograd, step_last(train_cnn.cnn_torch))
    agree(convolved.cnn_numpy, bodies, (1, 8, 8), **convs, w3=(10, 64), b3=(10,))
