"""Wrong answers to the exercises of the chapter on the border to NumPy."""

import numpy as np
import torch


def snapshot_of(t):
    """Take force for a copy: it shares where it can."""
    return t.numpy(force=True)


def tensor_of_any_array(x):
    """Copy only if the strides are odd: what is contiguous is shared."""
    return torch.from_numpy(np.ascontiguousarray(x, dtype=np.float64))
