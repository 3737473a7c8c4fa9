"""Solutions of the exercises of the chapter on timing."""

import math
import time


def iterations_for(call_s, block_s):
    """Round up: with one call less the block is too short."""
    return math.ceil(block_s / call_s)


def seconds_per_call(call, iterations, synchronize):
    """Wait for the warm-up before the first reading, and for all calls before the last."""
    call()
    synchronize()
    start = time.perf_counter()
    for _ in range(iterations):
        call()
    synchronize()
    return (time.perf_counter() - start) / iterations
