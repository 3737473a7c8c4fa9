"""Solutions of the exercises of the chapter on saving."""

import torch


def trainable_state(model):
    """Copy the parameters: `named_parameters` has the same names as the `state_dict`."""
    parameters = model.named_parameters()
    return {name: p.detach().clone() for name, p in parameters if p.requires_grad}


def changed_tensors(before, after):
    """Return the names of only one side, and the names of both whose tensors differ.

    `torch.equal` compares shapes and every number, but not dtypes.
    """
    both = before.keys() & after.keys()
    alike = {
        name
        for name in both
        if before[name].dtype == after[name].dtype and torch.equal(before[name], after[name])
    }
    return sorted((before.keys() | after.keys()) - alike)


def load_what_fits(model, state):
    """Select by name and shape first: `strict=False` accepts other names, but not other shapes."""
    own = model.state_dict()
    fits = {k: v for k, v in state.items() if k in own and v.shape == own[k].shape}
    model.load_state_dict(fits, strict=False)
    return sorted(state.keys() - fits.keys())
