"""Solutions of the exercises of the chapter on several processes."""

import math

import torch


def ring_all_reduce(arrays, send):
    """Start chunk c at rank c; its sum is complete at rank c - 1 and then goes round once more."""
    n, held = len(arrays), [array.copy() for array in arrays]
    for step in range(2 * (n - 1)):
        chunks = [(rank - step) % n for rank in range(n)]  # after n - 1 steps: rank + 1, the sum
        messages = [send(rank, (rank + 1) % n, held[rank][chunks[rank]]) for rank in range(n)]
        for rank in range(n):
            target = held[(rank + 1) % n]
            own = target[chunks[rank]] if step < n - 1 else 0
            target[chunks[rank]] = own + messages[rank]
    return held


def shard_indices(count, rank, world, epoch):
    """Draw the same order in every rank, and take every world-th index, from the rank on."""
    order = torch.randperm(count, generator=torch.Generator().manual_seed(epoch)).tolist()
    total = math.ceil(count / world) * world
    return (order * math.ceil(total / count))[rank:total:world]


def gradient_of_all(gradients, counts):
    """Weight each mean by its examples; leave out empty shares, because zero times nan is nan."""
    pairs = zip(gradients, counts, strict=True)
    return sum(count * gradient for gradient, count in pairs if count) / sum(counts)
