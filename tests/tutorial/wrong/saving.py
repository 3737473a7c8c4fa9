"""Plausible wrong answers to the exercises of the chapter on saving."""

import torch


def trainable_state(model):
    """Detach without a copy: the tensors go on changing with the model."""
    return {name: p.detach() for name, p in model.named_parameters() if p.requires_grad}


def changed_tensors(before, after):
    """Compare within a tolerance, which small changes and other dtypes pass."""
    both = before.keys() & after.keys()
    alike = {
        name
        for name in both
        if before[name].shape == after[name].shape
        and torch.allclose(before[name].double(), after[name].double())
    }
    return sorted((before.keys() | after.keys()) - alike)


def load_what_fits(model, state):
    """Trust that `strict=False` forgives shapes: it forgives names alone."""
    report = model.load_state_dict(state, strict=False)
    return sorted(report.unexpected_keys)
