"""Checks of the exercises of the chapter on the ecosystem."""

import numpy as np
import torch
from torch import nn

from tutorial.exercises import NotYetError, expect


def recalls(answer):
    """The largest score of a row is the answer for this item.

    `sklearn.metrics.recall_score` has `labels` for all classes, `average=None` for one number for
    each class, and `zero_division` for a class without items.

    A tensor that needs a gradient becomes an array by `detach()`.
    """
    answers = torch.tensor([0, 1, 1, 2, 0, 0])
    labels = torch.tensor([0, 1, 2, 2, 0, 1])
    scores = nn.functional.one_hot(answers, 4).float().requires_grad_()
    wanted = np.array([1.0, 0.5, 0.5, 0.0])
    what = "classes 0, 1, 2, 2, 0, 1, taken for 0, 1, 1, 2, 0, 0, of four classes"
    expect(what, answer(scores, labels), wanted)
    expect(f"{what}, scores without gradient", answer(scores.detach(), labels), wanted)


def portable(answer):
    """Write an `nn.Module` that holds the model, and computes the formula in `forward`.

    `register_buffer(name, tensor)` in `__init__` makes a tensor part of the `state_dict`.
    """
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 4), nn.Dropout(0.5), nn.Linear(4, 2)).train()
    mean, std = torch.tensor([1.0, 2.0, 3.0]), torch.tensor([0.5, 2.0, 10.0])
    x = torch.randn(5, 3) * std + mean
    module = answer(model, mean, std)
    with torch.no_grad():
        got = module(x)
        wanted = model.eval()((x - mean) / std)
    expect("training of the module", module.training, wanted=False)
    expect("its scores of five rows", got, wanted)
    saved = list(module.state_dict().values())
    for name, tensor in {"mean": mean, "std": std}.items():
        if not any(each.shape == tensor.shape and torch.equal(each, tensor) for each in saved):
            raise NotYetError(f"expected {name} in the state_dict, got {list(module.state_dict())}")
    expect("its number of parameters", sum(1 for _ in module.parameters()), 4)
