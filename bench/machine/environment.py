"""The environment variables of workers, and those of the run that change what is timed."""

import os
import re
import sys
from collections.abc import Mapping, Sequence

from bench.results.fields import fitting
from bench.results.machine import SET_BY_IMPORTS

MALLOC = {
    # By default glibc raises both thresholds, up to these values, whenever a process frees a large
    # array. Then the cost of an allocation depends on earlier ones. Setting both stops that
    # (mallopt(3)).
    "MALLOC_MMAP_THRESHOLD_": str(32 * 2**20),
    "MALLOC_TRIM_THRESHOLD_": str(64 * 2**20),
}
POOLS = ("OMP", "OPENBLAS", "MKL", "VECLIB", "NUMEXPR")
CHANGES_TIMES = re.compile(
    # kernels and threads of the libraries
    r"(ATEN|BLIS|CUBLAS|CUBLASLT|CUDA|CUDNN|DNNL|FLEXIBLAS|GOMP|GOTO|HIP|HSA|KMP|MIOPEN|MKL|NPY"
    r"|NUMEXPR|NUMPY|NVIDIA|OMP|ONEDNN|OPENBLAS|ROCBLAS|SYCL|VECLIB"
    # PyTorch and its compiler
    r"|AOTAUTOGRAD|PYTORCH|TORCH|TORCHDYNAMO|TORCHINDUCTOR|TRITON"
    # allocators
    r"|GLIBC|JEMALLOC|MALLOC|MIMALLOC|TCMALLOC)_\w+"
    # the loader, the C++ compiler and the interpreter
    r"|LD_(AUDIT|BIND_NOW|LIBRARY_PATH|PRELOAD|PROFILE)|DYLD_(INSERT_LIBRARIES|LIBRARY_PATH)|CXX"
    r"|PYTHON(DEVMODE|MALLOC|MALLOCSTATS|OPTIMIZE|PERFSUPPORT|TRACEMALLOC|_GIL|_JIT)"
)
CHANGES_NOTHING = re.compile(  # where files lie, and what images of containers say of themselves
    r"\w+_(HOME|CACHE_DIR|VERSION|VISIBLE_DEVICES)|CUDA_\w*PATH\w*"
    r"|NVIDIA_(BUILD|DRIVER|PRODUCT|REQUIRE)_\w+|TORCH_CUDA_ARCH_LIST|(TORCH|NUMEXPR)_LOG\w*"
)
FLAGS = {"PYTHONOPTIMIZE": "optimize", "PYTHONDEVMODE": "dev_mode"}  # of `python -O`, `-X dev`
MAX_VALUE = 100  # characters


def worker_environment(threads: int, cores: Sequence[int]) -> dict[str, str]:
    """Return the environment variables of a worker; all contenders have the same."""
    counts = {
        f"{pool}_{'MAXIMUM' if pool == 'VECLIB' else 'NUM'}_THREADS": threads for pool in POOLS
    }
    counts["TORCHINDUCTOR_COMPILE_THREADS"] = 1  # workers start no processes
    binding = {}
    if threads > 1 and cores:
        places = ",".join(f"{{{core}}}" for core in cores)
        binding = {"OMP_PROC_BIND": "true", "OMP_PLACES": places}
    return {name: str(count) for name, count in counts.items()} | binding | MALLOC


def recorded(environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return the variables that change what is timed, and that workers do not get from the run.

    The user's home becomes `~`, because result files are shared.
    """
    replaced = worker_environment(1, ())
    chosen = {
        name: _shown(value)
        for name, value in sorted(environment.items())
        if CHANGES_TIMES.fullmatch(name)
        and not CHANGES_NOTHING.fullmatch(name)
        and name not in replaced
        and name not in SET_BY_IMPORTS
        and value
    }
    flags = {name: int(getattr(sys.flags, flag)) for name, flag in FLAGS.items()}
    return {name: str(value) for name, value in flags.items() if value} | chosen


def _shown(value: str) -> str:
    home = os.path.expanduser("~")  # noqa: PTH111 - Path.home() raises where there is none
    return fitting(value if home == "/" else value.replace(home, "~"))[:MAX_VALUE]
