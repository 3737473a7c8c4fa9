"""Checks of the exercises of the chapter on fine-tuning."""

import torch
from torch import nn

from tutorial.exercises import NotYetError, expect


def _model():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 2))


def replace_last(answer):
    """Freeze first, then replace: a new layer needs gradients by default.

    `model[-1] = ...` replaces a layer, and `in_features` is its number of inputs.
    """
    model = _model()
    first = model[0].weight
    got = answer(model, 7)
    if got is not model:
        raise NotYetError("expected the given model, changed in place, got another one")
    expect("the number of layers", len(got), 3)
    expect("the shape of the last weight", tuple(got[-1].weight.shape), (7, 3))
    trained = [name for name, p in got.named_parameters() if p.requires_grad]
    expect("the trained parameters", trained, ["2.weight", "2.bias"])
    expect("the first weight", got[0].weight is first, wanted=True)


def groups_by_depth(answer):
    """A layer has parameters if `list(layer.parameters())` is not empty.

    Count from the end: the rate of the k-th layer before the last is `lr * decay ** k`.
    """
    model = nn.Sequential(*_model(), nn.Tanh(), nn.Linear(2, 2))
    got = answer(model, 0.1, 0.5)
    expect("the rates", [round(group["lr"], 9) for group in got], [0.025, 0.05, 0.1])
    found = [[id(p) for p in group["params"]] for group in got]
    expect("the parameters", found, [[id(p) for p in model[i].parameters()] for i in (0, 2, 4)])
    torch.optim.SGD(answer(model, 0.1, 0.5))


def merge_adapter(answer):
    """The adapted weight is `layer.weight + b @ a`, and the bias stays.

    Make a new layer and copy into it under `no_grad`. Keep the dtype.
    """
    for bias in (True, False):
        layer = nn.Linear(4, 3, bias=bias, dtype=torch.float64)
        a, b = torch.randn(2, 4, dtype=torch.float64), torch.randn(3, 2, dtype=torch.float64)
        before, x = layer.weight.detach().clone(), torch.randn(5, 4, dtype=torch.float64)
        wanted = (layer(x) + x @ a.T @ b.T).detach()
        got = answer(layer, a, b)
        expect("the kind of the answer", type(got), nn.Linear)
        expect(f"its output, bias={bias}", got(x), wanted)
        expect("the given weight after the call", layer.weight.detach(), before)
