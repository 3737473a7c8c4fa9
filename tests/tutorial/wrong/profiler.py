"""Plausible wrong answers to the exercises on self time and on gaps in a trace."""

from collections import Counter
from itertools import pairwise


def self_times(events):
    """Takes an event from everything around it, so that an mm counts twice against the step."""
    times = Counter()
    for name, start, end in events:
        times[name] += end - start
        for around, begin, finish in events:
            if (begin, finish) != (start, end) and begin <= start and end <= finish:
                times[around] -= end - start
    return dict(times)


def idle_gaps(events, start, end):
    """Looks at the event before, which need not be the one that ends last."""
    pairs = pairwise([(start, start), *sorted(events), (end, end)])
    return [(one[1], other[0]) for one, other in pairs if other[0] > one[1]]
