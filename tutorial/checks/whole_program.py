"""Checks of the exercises of the chapter on a whole program."""

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from tutorial.exercises import NotYetError, expect


class _Brightest(nn.Module):
    """Scores a batch (n, 1, 8, 8) by its first ten pixels; dropout ruins them in training."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(1))
        self.dropout = nn.Dropout(0.999)

    def forward(self, x):
        if x.shape[1:] != (1, 8, 8) or x.dtype != torch.float32:
            raise ValueError(
                f"the network expects float32 of shape (n, 1, 8, 8), got {x.dtype}, {tuple(x.shape)}"
            )
        return self.dropout(self.weight * x.flatten(1)[:, :10]) * 5


def predict_one(answer):
    """The network expects a batch of images with one channel, in float32: shape (1, 1, 8, 8).

    Keep `model.training` at the start. At the end `model.train(mode)` sets the mode again.

    `softmax(1)` turns scores into probabilities, and `max(1)` returns values and indices.
    """
    image = np.linspace(0, 0.5, 64).reshape(8, 8)
    image[0, 3] = 1.0
    scores = torch.from_numpy(image.reshape(-1)[:10]).float() * 5
    for training in (True, False):
        model = _Brightest().train(training)
        got = answer(model, image.copy())
        expect("the answer for an image that is brightest in column 3", got[0], 3)
        expect("its probability", got[1], scores.softmax(0)[3].item(), tolerance=1e-4)
        if model.training is not training:
            raise NotYetError(
                f"expected the model with training={training}, as before, got {model.training}"
            )


def confusion(answer):
    """Go through the loader, and compare `labels` with `model(images).argmax(1)`.

    `labels * classes + answers` numbers each pair, and `torch.bincount` counts the numbers.
    """
    images = torch.zeros(5, 1, 8, 8)
    for row, column in enumerate((0, 1, 1, 2, 0)):
        images[row, 0, 0, column] = 1.0
    labels = torch.tensor([0, 1, 2, 2, 1])
    loader = DataLoader(TensorDataset(images, labels), batch_size=2)
    recorded = []
    model = _Brightest().train()
    model.register_forward_hook(lambda *seen: recorded.append(seen[2].requires_grad))
    wanted = torch.tensor([[1, 0, 0], [1, 1, 0], [0, 1, 1]])
    expect(
        "five items of classes 0, 1, 2, 2, 1, taken for 0, 1, 1, 2, 0",
        answer(model, loader, 3),
        wanted,
    )
    if any(recorded):
        raise NotYetError("expected nothing recorded for backward, got a result with a grad_fn")
