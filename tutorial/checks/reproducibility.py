"""Checks of the exercises of the chapter on reproducibility."""

import random

import numpy as np
import torch

from tutorial.exercises import NotYetError, expect


def _states():
    legacy = np.random.get_state(legacy=False)["state"]["key"].tolist()  # noqa: NPY002 - it must not change
    return torch.get_rng_state().tolist(), legacy, random.getstate()


def _undisturbed(call):
    before = _states()
    got = call()
    if _states() != before:
        raise NotYetError("expected the global random states unchanged, got them changed")
    return got


def spawn_generators(answer):
    """Seeds in a row, such as `seed + k`, would collide with those of another seed.

    `np.random.SeedSequence(seed).spawn(count)` gives children, and no two of them have the same
    state.

    `int(child.generate_state(1)[0])` is a number for `torch.Generator().manual_seed`.
    """
    streams = []
    for seed in (0, 1, 2):
        made = _undisturbed(lambda seed=seed: answer(seed, 3))
        if not isinstance(made, list) or not all(isinstance(g, torch.Generator) for g in made):
            raise NotYetError(f"seed {seed}: expected a list of torch.Generator, got {made!r}")
        expect(f"seed {seed}: number of different generators", len(set(map(id, made))), 3)
        drawn = [torch.rand(4, generator=each) for each in made]
        for first, again in zip(drawn, answer(seed, 3), strict=True):
            expect(f"seed {seed}, a second call", torch.rand(4, generator=again), first)
        streams += [tuple(each.tolist()) for each in drawn]
    if len(set(streams)) < len(streams):
        count = len(set(streams))
        raise NotYetError(
            f"seeds 0, 1, 2, three generators each: expected 9 different streams, got {count}"
        )


def sums_agree(answer):
    """The bound is about the sum of absolute values, not about the absolute value of the sum.

    Add up the absolute values in float64: `terms.double().abs().sum().item()`.

    Every comparison with `nan` is false, so `<=` treats it as asked. The answer is a bool, not
    a tensor.
    """
    terms = torch.rand(1000, generator=torch.Generator().manual_seed(0))
    wanted = terms.double().sum().item()
    expect("the float32 sum", answer(terms.sum().item(), wanted, terms), wanted=True)
    expect("the sum without one term", answer(terms[1:].sum().item(), wanted, terms), wanted=False)
    expect("nan", answer(float("nan"), wanted, terms), wanted=False)
    both = torch.cat([terms, -terms])
    expect("terms that cancel, off by 1e-4", answer(1e-4, 0.0, both), wanted=True)
    expect(
        "negative terms, the sum wrong by 0.5", answer(-wanted + 0.5, -wanted, -terms), wanted=False
    )
    expect("negative terms", answer(-terms.sum().item(), -wanted, -terms), wanted=True)


def epoch_order(answer):
    """Seed a new generator from both numbers, and give it to `torch.randperm`.

    `seed + epoch` is the same for (0, 1) and (1, 0). Mix the two numbers instead.

    `np.random.SeedSequence([seed, epoch])` mixes a list of numbers.
    """
    n, seen = 7, []
    for seed, epoch in ((0, 0), (0, 1), (1, 0), (2, 5)):
        order = _undisturbed(lambda seed=seed, epoch=epoch: answer(n, seed, epoch))
        expect(f"seed {seed}, epoch {epoch}, sorted", order.sort().values, torch.arange(n))
        expect(f"seed {seed}, epoch {epoch}, a second call", answer(n, seed, epoch), order)
        seen.append(tuple(order.tolist()))
    if len(set(seen)) < len(seen):
        raise NotYetError(
            "expected a different order for each pair of seed and epoch, got one twice"
        )
