"""The program that torchrun starts once for each rank.

    torchrun --standalone --nproc-per-node=2 --max-restarts=9 -m bench.scaling

The variables that set threads and allocator must be there before NumPy is imported, so this module
starts its process again if one is missing.
"""

import os
import sys

from bench.machine.environment import worker_environment

FORKS = {"PYTORCH_NVML_BASED_CUDA_CHECK": "1"}  # looking for GPUs must not start CUDA before a fork
QUIET = {"KINETO_LOG_LEVEL": "9"}  # the profiler prints a line at each start
WANTED = worker_environment(1, ()) | FORKS | QUIET

if __name__ == "__main__":
    if any(os.environ.get(name) != value for name, value in WANTED.items()):
        os.environ.update(WANTED)
        os.execv(sys.executable, sys.orig_argv)  # noqa: S606 - this same program

    import numpy as np  # noqa: F401 - before PyTorch, whose OpenMP binds the main thread
    import torch._dynamo  # optimizers import it; here once, and not in each visit's process

    from bench.scaling.rank import main

    raise SystemExit(main(sys.argv[1:]))
