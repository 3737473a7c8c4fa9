"""Solutions of the exercises of the chapter on the roofline."""

import numpy as np


def attainable(intensity, flop_s, bytes_s):
    """Take the lower roof, element by element; Python's `min` would compare whole arrays."""
    return np.minimum(flop_s, intensity * bytes_s)


def limiting_roof(flops, moved_bytes, flop_s, bytes_s):
    """Compare times, not counts: this never divides by a count that may be zero."""
    return "arithmetic" if flops / flop_s > moved_bytes / bytes_s else "memory"


def pass_intensity(flops, passes, itemsize):
    """Count every array that a pass reads or writes, for each of its elements."""
    return flops / (itemsize * sum(read + written for read, written in passes))


# x.mean; x - mean; vecdot(y, y); y /= root; y *= w; y += b
LAYER_NORM_PASSES = [(1, 0), (1, 1), (1, 0), (1, 1), (1, 1), (1, 1)]
