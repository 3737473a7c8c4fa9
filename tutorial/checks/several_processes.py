"""Checks of the exercises of the chapter on several processes."""

from collections import Counter

import numpy as np
import torch
from torch.utils.data.distributed import DistributedSampler

from tutorial.exercises import NotYetError, expect


def ring_all_reduce(answer):
    """There are two rounds of n - 1 steps: the first adds up, the second hands out the sums.

    Count the steps on through both rounds: in step s, rank r sends chunk `(r - s) % n`. In the
    first round the receiver adds what arrives to its own chunk.

    In the second round the receiver puts what arrives in place of its own chunk. Send all
    chunks of a step before you change any.
    """
    for n in (4, 3):
        arrays = [np.random.default_rng(rank).standard_normal((n, 5)) for rank in range(n)]
        before, sent = [array.copy() for array in arrays], Counter()

        def send(source, target, chunk, n=n, sent=sent):
            if target != (source + 1) % n:
                raise NotYetError(
                    f"{n} ranks: expected rank {source} to send only to rank {(source + 1) % n},"
                    f" got a message to rank {target}"
                )
            if np.shape(chunk) != (5,):
                raise NotYetError(
                    f"expected a chunk of shape (5,) in a message, got {np.shape(chunk)}"
                )
            sent[source] += 1
            return np.array(chunk)

        got = answer(arrays, send)
        expect("number of arrays returned", len(got), n)
        for rank, array in enumerate(got):
            expect(f"the array of rank {rank} of {n}", array, np.sum(before, axis=0))
        for rank in range(n):
            expect(f"messages sent by rank {rank} of {n}", sent[rank], 2 * (n - 1))
        if any(not np.array_equal(*pair) for pair in zip(arrays, before, strict=True)):
            raise NotYetError(
                "expected the given arrays unchanged, got them changed: copy them first"
            )


def shard_indices(answer):
    """Every rank draws the same order, so the seed is the epoch and not the rank.

    Round `count` up to a multiple of `world`. Repeat the list often enough, and cut it to that
    length.

    A slice with three parts takes every `world`-th entry: it begins at the rank.
    """
    for count, world, epoch in ((12, 3, 0), (7, 2, 1), (7, 4, 5), (3, 8, 2)):
        for rank in range(world):
            sampler = DistributedSampler(range(count), num_replicas=world, rank=rank)
            sampler.set_epoch(epoch)
            what = f"count {count}, rank {rank} of {world}, epoch {epoch}"
            expect(what, answer(count, rank, world, epoch), list(sampler))


def gradient_of_all(answer):
    """A share of more examples counts for more: weight each mean by its number of examples.

    The sum of the weighted gradients is divided by the number of all examples.

    Zero times `nan` is `nan`, so leave out the empty shares.
    """
    x = torch.arange(12, dtype=torch.float64).reshape(6, 2)
    shares, counts = [x[:3], x[3:3], x[3:4], x[4:]], [3, 0, 1, 2]
    before = [share.mean(0) for share in shares]
    got = answer([each.clone() for each in before], counts)
    expect(f"gradients {[each.tolist() for each in before]}, counts {counts}", got, x.mean(0))
