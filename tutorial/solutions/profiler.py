"""Solutions of the exercises of the chapter on the profiler."""

from collections import Counter


def self_times(events):
    """Subtract each event's time from the innermost event around it, and from no other."""
    times, opened = Counter(), []
    for name, start, end in sorted(events, key=lambda event: (event[1], -event[2])):
        while opened and opened[-1][1] <= start:
            opened.pop()
        if opened:
            times[opened[-1][0]] -= end - start
        times[name] += end - start
        opened.append((name, end))
    return dict(times)


def idle_gaps(events, start, end):
    """Compare each start with the latest end so far, not with the end of the previous event."""
    gaps, until = [], start
    for begin, finish in [*sorted(events), (end, end)]:
        if min(begin, end) > until:
            gaps.append((until, min(begin, end)))
        until = max(until, finish)
    return gaps
