"""Checks of the exercises of the chapter on the profiler."""

from tutorial.exercises import NotYetError, expect


def self_times(answer):
    """The time of an event counts for itself, and is taken from the event right around it.

    Sort by start, and the longer first where starts are equal. Then an outer event comes before
    those within.

    Keep a stack of open events. Before each event, drop those that have ended. The last that
    remains is the one around it.
    """
    nested = [("step", 0, 100), ("linear", 10, 50), ("mm", 20, 30), ("mm", 35, 45)]
    wanted = {"step": 60, "linear": 20, "mm": 20}
    _alike("a linear that calls two mm, in a step", answer, nested, wanted)
    _alike("the same, last event first", answer, nested[::-1], wanted)
    same = [("add", 0, 10), ("add", 0, 4), ("copy", 4, 10), ("add", 10, 12)]
    _alike("an add that calls an add at its start", answer, same, {"add": 6, "copy": 6})
    _alike("two steps, one after the other", answer, [("a", 5, 6.5), ("a", 0, 2)], {"a": 3.5})
    _alike("no events", answer, [], {})


def idle_gaps(answer):
    """Go through the work in order of its start, and keep the latest end so far.

    There is a gap if the next start is after that end. An earlier event may end later than the
    previous one, so use `max`.

    Begin with the start of the window as the latest end. Cut gaps at the end of the window, and
    look for one after the last event.
    """
    one = [(2, 4), (4, 6), (7, 9)]
    _gaps("one after the other", answer, one, (0, 10), [(0, 2), (6, 7), (9, 10)])
    _gaps("the same, last first", answer, one[::-1], (0, 10), [(0, 2), (6, 7), (9, 10)])
    _gaps("one runs longer than the next", answer, [(0, 8), (1, 3), (9, 10)], (0, 10), [(8, 9)])
    _gaps("partly outside the window", answer, [(-5, 1), (3, 20), (30, 40)], (0, 10), [(1, 3)])
    _gaps("all outside the window", answer, [(-5, -1), (20, 30)], (0, 10), [(0, 10)])
    _gaps("nothing ran", answer, [], (0, 10), [(0, 10)])


def _alike(what, answer, events, wanted):
    given = list(events)
    got = answer(given)
    if not isinstance(got, dict) or set(got) != set(wanted):
        raise NotYetError(
            f"{what}: expected a dictionary with the names {sorted(wanted)}, got {got!r}"
        )
    for name, time in wanted.items():
        expect(f"self time of {name!r} in {events}", got[name], float(time))
    expect("the events afterwards", given, list(events))


def _gaps(what, answer, events, window, wanted):
    got = [tuple(gap) for gap in answer(list(events), *window)]
    expect(f"{what}: gaps of {events} in {window}", got, wanted)
