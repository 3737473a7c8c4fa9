"""Answers to the exercises of the chapter on saving."""

import torch


def trainable_state(model):
    """Return copies of the trained: `named_parameters` has the names of the `state_dict`."""
    parameters = model.named_parameters()
    return {name: p.detach().clone() for name, p in parameters if p.requires_grad}


def changed_tensors(before, after):
    """Return the names: those of one side, and those of both whose tensors are not alike.

    `torch.equal` compares shapes and every number; dtypes are compared beside it.
    """
    both = before.keys() & after.keys()
    alike = {
        name
        for name in both
        if before[name].dtype == after[name].dtype and torch.equal(before[name], after[name])
    }
    return sorted((before.keys() | after.keys()) - alike)


def load_what_fits(model, state):
    """Load a part: `strict=False` forgives names, so shapes have to be looked at first."""
    own = model.state_dict()
    fits = {k: v for k, v in state.items() if k in own and v.shape == own[k].shape}
    model.load_state_dict(fits, strict=False)
    return sorted(state.keys() - fits.keys())
