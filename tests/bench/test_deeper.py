"""The bodies with one more layer train to the same weights, by hand, with autograd and with nn."""

import numpy as np
import torch

from bench.workloads.parts import classifier, deeper


def test_by_hand_autograd_and_nn_agree():
    rng = np.random.default_rng(0)
    shapes = {"w1": (8, 64), "b1": (8,), "w2": (6, 8), "b2": (6,), "w3": (10, 6), "b3": (10,)}
    x, y = rng.random((3, 5, 64)), rng.integers(10, size=(3, 5))
    inputs = {"x": x, "y": y, **classifier.start(rng, **shapes)}
    expected = deeper.mlp_numpy(**inputs, lr=0.5)
    tensors = {name: torch.tensor(value) for name, value in inputs.items()}
    for body in (deeper.mlp_autograd, deeper.mlp_torch):
        for got, want in zip(body(**tensors, lr=0.5), expected, strict=True):
            np.testing.assert_allclose(got.detach().numpy(), want, rtol=1e-10, atol=1e-12)
