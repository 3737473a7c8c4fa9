"""Plausible wrong answers to the exercises of the chapter on precision."""

import numpy as np
import torch


def round_to_bfloat16(x):
    """Half is added before the cut, so that a tie always moves away from zero."""
    bits = np.ascontiguousarray(x).view(np.uint32)
    return ((bits + 0x8000) & 0xFFFF0000).astype(np.uint32).view(np.float32)


def dot_error_bound(dtype, n):
    """The spacing at one is taken for the unit roundoff, which is half of it."""
    nu = n * torch.finfo(dtype).eps
    return nu / (1 - nu) if nu < 1 else float("inf")


def next_scale(scale, good_steps, overflowed, growth_interval):
    """An overflow leaves the good steps before it counted, so the scale rises too soon."""
    if overflowed:
        return scale / 2, good_steps
    if good_steps + 1 == growth_interval:
        return scale * 2, 0
    return scale, good_steps + 1
