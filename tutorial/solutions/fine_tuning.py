"""Solutions of the exercises of the chapter on fine-tuning."""

import copy

import torch
from torch import nn


def replace_last(model, classes):
    """Freeze everything, then put in a layer that is not frozen."""
    model.requires_grad_(requires_grad=False)
    model[-1] = nn.Linear(model[-1].in_features, classes)
    return model


def groups_by_depth(model, lr, decay):
    """Leave out layers without parameters, and count from the last."""
    layers = [list(layer.parameters()) for layer in model]
    layers = [parameters for parameters in layers if parameters]
    return [
        {"params": parameters, "lr": lr * decay ** (len(layers) - 1 - place)}
        for place, parameters in enumerate(layers)
    ]


@torch.no_grad()
def merge_adapter(layer, a, b):
    """Copy the layer, and add the product to the copy."""
    merged = copy.deepcopy(layer)
    merged.weight += b @ a
    return merged
