"""Rank 0's inquiry into a fault: it waits for the ranks' reports, and finds who is to blame."""

import time
from collections.abc import Sequence

from bench.machine.processes import alive, machine
from bench.scaling.blame import Report, blame
from bench.scaling.board import PAUSE_S, Board

REPORTS_S = 3.0  # until all ranks must have reported a fault


def wait_for_reports(board: Board) -> None:
    """Wait until all ranks of this attempt that are there have reported."""
    ends_s = time.monotonic() + REPORTS_S
    while time.monotonic() < ends_s:
        missing = _missing(board.reports())
        if set(missing) <= set(_ended(board, missing, board.attempt)):
            return
        time.sleep(PAUSE_S)


def judged(board: Board, attempt: str) -> tuple[str, str, str] | None:
    """Return the point that an attempt's fault costs, the status and the reason; None if none."""
    reports = board.reports(attempt)
    missing = _missing(reports)
    away = [number for number in missing if _process(board, number, attempt)[0] != machine()]
    return blame(reports, sorted([*_ended(board, missing, attempt), *away]))


def _missing(reports: Sequence[Report | None]) -> list[int]:
    return [number for number, report in enumerate(reports) if report is None]


def _process(board: Board, number: int, attempt: str) -> tuple[str, int]:
    """Return a rank's machine and process; if it has not come, this machine and 0."""
    where, pid = board.read(f"process/{number}", attempt) or (machine(), 0)
    return where, pid


def _ended(board: Board, missing: Sequence[int], attempt: str) -> list[int]:
    """Return which ranks had come and are no more, as far as can be seen from here."""
    processes = {number: _process(board, number, attempt) for number in missing}
    return [
        number
        for number, (where, pid) in processes.items()
        if where == machine() and pid and not alive(pid)
    ]
