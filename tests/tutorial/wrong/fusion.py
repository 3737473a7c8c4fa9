"""Plausible wrong answers to the exercises of the chapter on fusion."""

import math

import numpy as np


def chain_bytes(steps, array_bytes):
    """Every operand of every step counts as an input when fused, those that a step made too."""
    stepwise = sum(len(set(operands)) + 1 for _, operands in steps)
    inputs = set().union(*(operands for _, operands in steps))
    return stepwise * array_bytes, (len(inputs) + 1) * array_bytes


def calls_until_it_pays(first_s, later_s, eager_s):
    """The first call is taken for a price alone, though it gives a result as well."""
    return math.ceil(first_s / (eager_s - later_s)) if later_s < eager_s else None


def swish_into(x, out):
    """The values are right, and come from three new arrays that are copied at the end."""
    out[:] = x / (1 + np.exp(-x))
    return out
