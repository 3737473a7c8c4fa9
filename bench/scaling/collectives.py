"""How much of a training step PyTorch's profiler sees in collectives such as all-reduce."""

from collections.abc import Callable, Sequence

import torch
from torch.autograd import DeviceType  # type: ignore[attr-defined]  # public, not in __all__
from torch.autograd.profiler_util import FunctionEvent
from torch.profiler import ProfilerActivity, profile

PROFILED = 5  # iterations
COLLECTIVE = ("gloo:", "nccl")  # begin the names of the profiler's events, and of NCCL's kernels


def profiled_share(step: Callable[[], object], *, cuda: bool) -> float | None:
    """Return the share of some steps' time in collectives; None if the profiler saw nothing."""
    kinds = [ProfilerActivity.CPU, *([ProfilerActivity.CUDA] if cuda else [])]
    with profile(activities=kinds) as profiler:
        for _ in range(PROFILED):
            step()
        if cuda:
            torch.cuda.synchronize()
    events = profiler.events() or []
    return collective_share(
        [_timed(event) for event in events if event.device_type == DeviceType.CPU],
        [_timed(event) for event in events if event.device_type != DeviceType.CPU],
    )


def _timed(event: FunctionEvent) -> tuple[str, float, float]:
    return event.name, event.time_range.start, event.time_range.end


def collective_share(
    on_host: Sequence[tuple[str, float, float]], on_device: Sequence[tuple[str, float, float]] = ()
) -> float | None:
    """Return the share of the time between the first event and the last that collectives cover.

    Events are names, starts and ends. Overlapping collectives count once. Those of a device count
    alone, if there are any: on the host, NCCL only queues them.
    """
    events = [*on_host, *on_device]
    if not events:
        return None
    queued = [event for event in on_host if event[0].startswith(COLLECTIVE)]
    done = [event for event in on_device if event[0].startswith(COLLECTIVE)]
    begin, end = min(start for _, start, _ in events), max(stop for _, _, stop in events)
    covered, reached = 0.0, begin
    for _, start, stop in sorted(done or queued, key=lambda event: event[1]):
        covered += max(0.0, stop - max(start, reached))
        reached = max(reached, stop)
    return covered / (end - begin) if end > begin else None
