"""One rank as torchrun starts it: its options, its signals, and how its attempt ends.

If the options are refused, starting the group anew would not help, so the rank ends torchrun.
"""

import contextlib
import io
import os
import sys
from collections.abc import Sequence

import psutil

from bench.scaling.board import STORE_ERRORS
from bench.scaling.options import Options, Rank, parse, rank
from bench.scaling.supervisor import AttemptError, RefusedError, Supervisor

WRONG_USE, FAILED = 2, 1
AGENTS = ("torchrun", "torch.distributed.run", "torch.distributed.launch")


def main(arguments: Sequence[str]) -> int:
    """Measure as one rank; return the exit status."""
    try:
        own = rank()
    except ValueError as error:
        print(f"bench.scaling: {error}", file=sys.stderr)
        return WRONG_USE
    try:
        Supervisor(_options(arguments, own), own).run()
    except RefusedError as error:
        return _refused(own, str(error))
    except AttemptError as error:
        print(f"bench.scaling: rank {own.number}: {error}", file=sys.stderr)
        return FAILED
    except STORE_ERRORS as error:
        print(f"bench.scaling: rank {own.number}: no store of the group: {error}", file=sys.stderr)
        return FAILED
    return 0


def _options(arguments: Sequence[str], own: Rank) -> Options:
    """Return the checked options; only rank 0 prints help and errors.

    Raises
    ------
    RefusedError : one is invalid.

    """
    said = io.StringIO()
    try:
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            options = parse(arguments)
    except SystemExit as error:
        if error.code:
            raise RefusedError(said.getvalue().strip().splitlines()[-1]) from error
        if own.number == 0:
            print(said.getvalue(), end="")
        raise
    except ValueError as error:
        raise RefusedError(str(error)) from error
    return options


def _refused(own: Rank, reason: str) -> int:
    """Say why, and ask this node's torchrun to end instead of starting the group anew."""
    if own.number == 0:
        print(f"bench.scaling: {reason}", file=sys.stderr, flush=True)
    with contextlib.suppress(psutil.Error):
        agent = psutil.Process(os.getppid())
        if own.local == 0 and any(name in " ".join(agent.cmdline()) for name in AGENTS):
            agent.terminate()
    return WRONG_USE
