"""Plausible wrong answers to the exercises of the chapter on timing."""

import time


def iterations_for(call_s, block_s):
    """Rounds down: the block is too short, and none at all for a long call."""
    return int(block_s / call_s)


def seconds_per_call(call, iterations, synchronize):
    """Does not wait for the last calls: it times their launches."""
    call()
    synchronize()
    start = time.perf_counter()
    for _ in range(iterations):
        call()
    return (time.perf_counter() - start) / iterations
