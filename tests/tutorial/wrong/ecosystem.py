"""Plausible wrong answers to the exercises of the chapter on the ecosystem."""

import numpy as np
from sklearn import metrics
from torch import nn


def recalls(scores, labels):
    """Exchanges the arguments, which gives the precision of each class."""
    classes = np.arange(scores.shape[1])
    answers = scores.detach().argmax(1)
    return metrics.recall_score(answers, labels, labels=classes, average=None, zero_division=0.0)


class _Portable(nn.Module):
    def __init__(self, model, mean, std):
        super().__init__()
        self.model, self.mean, self.std = model, mean, std

    def forward(self, x):
        return self.model((x - self.mean) / self.std)


def portable(model, mean, std):
    """Keeps mean and std as plain attributes, which are not saved."""
    return _Portable(model, mean, std).eval()
