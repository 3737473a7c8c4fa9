"""Checks of the exercises of the chapter on saving."""

import torch
from torch import nn

from tutorial.exercises import NotYetError, expect


def _model(hidden=3):
    generator = torch.Generator().manual_seed(hidden)
    model = nn.Sequential(nn.BatchNorm1d(2), nn.Linear(2, hidden), nn.Tanh(), nn.Linear(hidden, 1))
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(torch.rand(parameter.shape, generator=generator) + 0.5)
    return model


def _copy(state):
    return {name: tensor.detach().clone() for name, tensor in state.items()}


def _expect_tensors(what, got, wanted):
    for name, tensor in wanted.items():
        expect(f"{what}: {name}", got[name], tensor, tolerance=0)


def trainable_state(answer):
    """A `state_dict` also holds buffers, which are not parameters. Begin with the parameters.

    `model.named_parameters()` gives pairs of name and parameter, with the names of the
    `state_dict`.

    `detach()` alone shares memory with the model. `clone()` copies.
    """
    model = _model()
    for parameter in model[1].parameters():
        parameter.requires_grad = False
    wanted = _copy({name: p for name, p in model.named_parameters() if p.requires_grad})
    got = answer(model)
    what = "BatchNorm1d, Linear, Tanh, Linear, the first Linear frozen"
    expect(f"{what}: names", sorted(got), sorted(wanted))
    if any(tensor.requires_grad for tensor in got.values()):
        raise NotYetError(
            f"{what}: expected tensors that require no gradient, got some that do: detach them"
        )
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(1)
    _expect_tensors(f"{what}, after more training", got, wanted)


def changed_tensors(answer):
    """Find the names that are the same on both sides. All others have changed.

    The keys of dictionaries are sets: `&` gives the common names, `|` all names.

    `torch.equal` compares shape and numbers, but not the dtype.
    """
    before = _copy(_model().state_dict())
    expect("the same tensors", answer(before, _copy(before)), [])
    after = _copy(before)
    after["3.weight"][0, 1] += 1e-6
    after["0.running_var"] = after["0.running_var"].double()
    after["1.bias"] = after["1.bias"].reshape(1, 3)
    after["new"] = torch.zeros(1)
    del after["3.bias"]
    wanted = ["0.running_var", "1.bias", "3.bias", "3.weight", "new"]
    what = "one small change, one other dtype, one other shape, one new name, one missing name"
    expect(what, answer(before, after), wanted)
    expect("the same with both exchanged", answer(after, before), wanted)


def load_what_fits(answer):
    """`strict=False` accepts other names, but raises on other shapes. So choose before you load.

    Compare each name and shape in `state` with `model.state_dict()`.

    Load only those that fit. The rest of the names is the answer, sorted.
    """
    model, state = _model(3), _copy(_model(4).state_dict())
    state["0.running_mean"] = torch.tensor([7.0, 8.0])
    state["3.bias"] = torch.tensor([5.0])
    state["head"] = torch.ones(2)
    kept = _copy(model.state_dict())
    wanted = ["1.bias", "1.weight", "3.weight", "head"]
    got = answer(model, state)
    expect("a hidden layer of another size, and one name more: names that do not fit", got, wanted)
    fits = {name: tensor for name, tensor in state.items() if name not in wanted}
    _expect_tensors("tensors that fit", model.state_dict(), fits)
    _expect_tensors(
        "tensors that do not fit", model.state_dict(), {k: kept[k] for k in wanted[:-1]}
    )
    expect("number of names in state after the call", len(state), len(kept) + 1)
    few = {"3.weight": torch.full((1, 3), 2.0)}
    expect("one name only: names that do not fit", answer(model, few), [])
    _expect_tensors("one name only", model.state_dict(), few)
