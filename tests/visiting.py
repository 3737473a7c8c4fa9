"""Visits of a single case, for tests of the arena."""

from bench.timing.arena import Arena
from bench.timing.workers import Workers

VISIT_S = 0.04  # of blocks of each contender in a visit


def arena_of(keys, *, limit_s=5.0, large_s=5.0, renew=True):
    """Return an arena whose workers have started."""
    workers = Workers(limit_s)
    if renew:
        workers.renew(keys)
    return Arena(keys, workers, large_s)


def end(arena):
    """End an arena and its workers."""
    arena.workers.end()
    arena.end()


def visit(arena, case, outcomes, contenders=None, visit_s=VISIT_S):
    """Visit the open contenders of a case, or some of them, and apply what that showed."""
    visits = [visit.number for outcome in outcomes.values() for visit in outcome.visits]
    known = {who: outcomes[who].history for who in contenders or outcomes if outcomes[who].open}
    for who, seen in arena.visit(case, known, 1 + max(visits, default=0), visit_s).items():
        outcomes[who].add(seen)
