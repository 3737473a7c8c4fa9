"""The budget: how many seconds each part of a run gets."""

import time

from bench.options import Options

FINISH_S, REPORT_S = 3.0, 5.0  # reserved for writing the result file, and its pages
VISIT_SHARE = 0.13  # of the budget: the blocks of the first two visits of all cells
VISIT_S = (0.02, 0.2)  # least and most seconds of blocks of a contender in such a visit
LATER_VISIT_S = 0.06  # the same in later visits: many short visits show more than a few long ones
FRESH = 20  # start new fork servers if 20 times the seconds that this takes are left
FORK_S = 0.5  # to fork a generation from running fork servers
COMPILED_SHARE = 0.25  # of the budget: reserved for contenders that compile
COMPILER_START_S = 20.0  # the first of them imports and starts the compiler
HANG_SHARE, LEAST_HANG_S = 1 / 8, 5.0  # a worker that is silent for longer has hung
LARGE_SHARE = 1 / 60  # of the budget: time limit for NumPy on a large case
PROBE_SHARE, PROBE_S = 1 / 3000, (0.02, 0.2)  # to measure one figure of the peaks


class Budget:
    """The seconds of one run.

    Parameters
    ----------
    started_s : when the run began, on `time.perf_counter`.
    reserved_s : kept for what comes after the cells.

    Attributes
    ----------
    total_s : the budget of the command line.
    limit_s : a worker that is silent for longer has hung.
    large_s : time limit for NumPy on a large case.
    probe_s : to measure one figure of the peaks.
    compiled_s : reserved for contenders that compile.

    """

    def __init__(self, options: Options, started_s: float, reserved_s: float = 0.0) -> None:
        self.total_s = options.budget_s
        self.limit_s = max(LEAST_HANG_S, HANG_SHARE * self.total_s)
        self.large_s = LARGE_SHARE * self.total_s
        self.probe_s = _within(PROBE_S, PROBE_SHARE * self.total_s)
        self.compiled_s = COMPILED_SHARE * self.total_s
        self._started_s = started_s
        self._ends_s = started_s + self.total_s - reserved_s - FINISH_S - REPORT_S * options.report

    @property
    def left_s(self) -> float:
        """The seconds left for measuring."""
        return self._ends_s - time.perf_counter()

    @property
    def spent_s(self) -> float:
        """The seconds that the run has taken, with those before it was resumed."""
        return time.perf_counter() - self._started_s

    @property
    def started_s(self) -> float:
        """When the run began. Of a resumed run: when it would have begun without the break."""
        return self._started_s

    def visit_s(self, cells: int) -> float:
        """Return the seconds of a contender's blocks in a visit of a run of `cells` cells."""
        return _within(VISIT_S, VISIT_SHARE * self.total_s / (2 * max(1, cells)))

    def resume(self, spent_s: float) -> None:
        """Count the seconds that a run had spent when it was cut off. They use up no budget."""
        self._started_s = time.perf_counter() - spent_s

    def refund_start(self, spent_s: float) -> None:
        """Add what a resumed run has spent since then: it had paid for one start already."""
        self._ends_s += self.spent_s - spent_s


def _within(bounds: tuple[float, float], value: float) -> float:
    return min(bounds[1], max(bounds[0], value))
