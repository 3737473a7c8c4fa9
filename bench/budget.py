"""How the seconds of a run are shared out."""

import time

from bench.options import Options

FINISH_S, REPORT_S = 3.0, 5.0  # kept for the end of the run, and for its pages
VISIT_SHARE, VISIT_S = 0.13, (0.02, 0.2)  # of the budget, for the blocks of all first two visits
LATER_S = 0.06  # of a contender's blocks in a later visit: many short ones see more
FRESH = 10  # times what starting fork servers costs must be left to start new ones
FORK_S = 0.5  # that forking from those that are there costs
SLOW_SHARE = 0.25  # kept for contenders that compile
SLOW_START_S = 20.0  # that the first of them may cost
HANG_SHARE, LEAST_HANG_S = 1 / 8, 5.0  # a worker that is silent for longer has hung
LARGE_SHARE = 1 / 60  # for NumPy to compute a case of a large size once
PROBE_SHARE, PROBES_S = 1 / 3000, (0.02, 0.2)  # for each figure of the peaks


class Budget:
    """The seconds of one run, which count from `started_s` on `time.perf_counter`.

    Attributes
    ----------
    total_s : what the command line gave.
    limit_s : a worker that is silent for longer has hung.
    large_s : time limit for NumPy on a large case.
    probe_s : for each figure of the peaks.
    slow_s : kept for contenders that compile.

    """

    def __init__(self, options: Options, started_s: float) -> None:
        self.total_s = options.budget_s
        self.limit_s = max(LEAST_HANG_S, HANG_SHARE * self.total_s)
        self.large_s = LARGE_SHARE * self.total_s
        self.probe_s = _within(PROBES_S, PROBE_SHARE * self.total_s)
        self.slow_s = SLOW_SHARE * self.total_s
        self._started_s = started_s
        self._ends_s = started_s + self.total_s - FINISH_S - REPORT_S * options.report

    @property
    def left_s(self) -> float:
        """The seconds left for measuring."""
        return self._ends_s - time.perf_counter()

    @property
    def spent_s(self) -> float:
        """The seconds since the run began, before it was resumed too."""
        return time.perf_counter() - self._started_s

    @property
    def started_s(self) -> float:
        """When the run began; if it was resumed, when it would have begun without the break."""
        return self._started_s

    def visit_s(self, cells: int) -> float:
        """Return the seconds of blocks that each of so many cells gets in a first visit."""
        return _within(VISIT_S, VISIT_SHARE * self.total_s / (2 * max(1, cells)))

    def resume(self, spent_s: float) -> None:
        """Count the seconds that a resumed run spent before; its own start stays paid for."""
        self._started_s = time.perf_counter() - spent_s

    def forgive_start(self, spent_s: float) -> None:
        """Give back what a resumed run spends on its second start."""
        self._ends_s += self.spent_s - spent_s


def _within(bounds: tuple[float, float], value: float) -> float:
    return min(bounds[1], max(bounds[0], value))
