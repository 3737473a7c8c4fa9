"""Wrong answers to the exercises of the chapter on what PyTorch is."""

import torch


def slope_at(f, x):
    """Take a difference quotient in float32: its step is lost to rounding."""
    step = 1e-6
    return ((f(torch.tensor(x + step)) - f(torch.tensor(x))) / step).item()


def who_is_faster(low, high):
    """Look at the middle of the interval alone."""
    middle = (low + high) / 2
    return "PyTorch" if middle > 1 else "NumPy"
