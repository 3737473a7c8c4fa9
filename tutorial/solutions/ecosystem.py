"""Solutions of the exercises of the chapter on the ecosystem."""

import numpy as np
from sklearn import metrics
from torch import nn


def recalls(scores, labels):
    """Name all classes, so that one without items gets its place."""
    classes = np.arange(scores.shape[1])
    answers = scores.detach().argmax(1)
    return metrics.recall_score(labels, answers, labels=classes, average=None, zero_division=0.0)


class _Portable(nn.Module):
    def __init__(self, model, mean, std):
        super().__init__()
        self.model = model
        self.register_buffer("mean", mean)
        self.register_buffer("std", std)

    def forward(self, x):
        return self.model((x - self.mean) / self.std)


def portable(model, mean, std):
    """Keep mean and std as buffers; eval() reaches the model inside."""
    return _Portable(model, mean, std).eval()
