"""Plausible wrong answers to the exercises of the chapter on the roofline."""


def attainable(intensity, flop_s, bytes_s):
    """Python's `min` wants one truth value of a whole comparison of arrays."""
    return min(flop_s, intensity * bytes_s)


def limiting_roof(flops, moved_bytes, flop_s, bytes_s):
    """More operations than bytes need not take longer: the peaks are forgotten."""
    return "arithmetic" if flops > moved_bytes else "memory"


def pass_intensity(flops, passes, itemsize):
    """A pass counts as one array, though it reads one and writes another."""
    return flops / (itemsize * len(passes))
