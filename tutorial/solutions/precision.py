"""Solutions of the exercises of the chapter on precision."""

import math

import numpy as np
import torch


def round_to_bfloat16(x):
    """Add just less than half, plus the last kept bit: a tie then rounds up only if it is odd.

    A carry out of the significand increases the exponent. This is right: the number rounds up to
    the next power of two.
    """
    bits = np.ascontiguousarray(x).view(np.uint32)
    odd = (bits >> 16) & 1
    return ((bits + 0x7FFF + odd) & 0xFFFF0000).astype(np.uint32).view(np.float32)


def dot_error_bound(dtype, n):
    """Use half the spacing at one, the unit roundoff; from `n u = 1` on there is no bound."""
    nu = n * torch.finfo(dtype).eps / 2
    return nu / (1 - nu) if nu < 1 else math.inf


def next_scale(scale, good_steps, overflowed, growth_interval):
    """Halve at once and double rarely: an overflow costs a step, a small scale only some digits."""
    if overflowed:
        return scale / 2, 0
    if good_steps + 1 == growth_interval:
        return scale * 2, 0
    return scale, good_steps + 1
