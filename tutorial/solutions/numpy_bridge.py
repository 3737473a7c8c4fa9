"""Answers to the exercises of the chapter on the border to NumPy."""

import numpy as np
import torch


def snapshot_of(t):
    """Copy first: what `numpy` shares then is a memory that nothing else names."""
    return t.detach().clone().numpy()


def tensor_of_any_array(x):
    """Copy into a plain array: writable, of positive strides, in the byte order of the machine."""
    return torch.from_numpy(np.array(x, dtype=np.float64))
