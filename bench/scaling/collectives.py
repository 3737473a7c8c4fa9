"""How much of a training step PyTorch's profiler sees in collectives such as all-reduce."""

from collections.abc import Callable, Sequence

import torch
from torch.profiler import ProfilerActivity, profile

PROFILED = 5  # iterations
COLLECTIVE = ("gloo:", "nccl:")  # begin the names of the profiler's events


def profiled_share(step: Callable[[], object], *, cuda: bool) -> float | None:
    """Return the share of some steps' time in collectives; None if the profiler saw nothing."""
    kinds = [ProfilerActivity.CPU, *([ProfilerActivity.CUDA] if cuda else [])]
    with profile(activities=kinds) as profiler:
        for _ in range(PROFILED):
            step()
        if cuda:
            torch.cuda.synchronize()
    return collective_share(
        [
            (event.name, event.time_range.start, event.time_range.end)
            for event in profiler.events() or []
        ]
    )


def collective_share(events: Sequence[tuple[str, float, float]]) -> float | None:
    """Return the share of the time between the first event and the last that collectives cover.

    `events` are names, starts and ends. Overlapping collectives count once.
    """
    if not events:
        return None
    begin, end = min(start for _, start, _ in events), max(stop for _, _, stop in events)
    covered, reached = 0.0, begin
    for _, start, stop in sorted(
        (event for event in events if event[0].startswith(COLLECTIVE)), key=lambda e: e[1]
    ):
        covered += max(0.0, stop - max(start, reached))
        reached = max(reached, stop)
    return covered / (end - begin) if end > begin else None
