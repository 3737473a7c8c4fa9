"""The program that torchrun starts once for each rank.

    torchrun --standalone --nproc-per-node=2 --max-restarts=9 -m bench.scaling

The variables that set threads and allocator must be there before NumPy is imported, so this module
starts its process again if one is missing.
"""

import os
import signal
import sys
from collections.abc import Sequence

from bench.machine.environment import worker_environment
from bench.machine.processes import die_with_parent

FORKS = {"PYTORCH_NVML_BASED_CUDA_CHECK": "1"}  # looking for GPUs must not start CUDA before a fork
QUIET = {"KINETO_LOG_LEVEL": "9"}  # the profiler prints a line at each start
WANTED = worker_environment(1, ()) | FORKS | QUIET


def prepare() -> None:
    """End with torchrun, silently, and start this process again unless all variables are set."""
    die_with_parent(signal.SIGTERM)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    if any(os.environ.get(name) != value for name, value in WANTED.items()):
        os.environ.update(WANTED)
        os.execv(sys.executable, sys.orig_argv)  # noqa: S606 - this same program


def measure(arguments: Sequence[str]) -> int:
    """Measure as one rank; return the exit status."""
    import numpy as np  # noqa: F401, PLC0415 - before PyTorch, whose OpenMP binds the main thread
    import torch._dynamo  # noqa: F401, PLC0415 - once, not in each visit

    from bench.scaling.rank import main  # noqa: PLC0415 - imports PyTorch

    return main(arguments)


if __name__ == "__main__":
    prepare()
    raise SystemExit(measure(sys.argv[1:]))
