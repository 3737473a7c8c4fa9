"""The C++ compiler of torch.compile: whether it can build a library here, and Python load it."""

import getpass
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from functools import lru_cache
from pathlib import Path

DEFAULT = "clang++" if sys.platform == "darwin" else "g++"
LIMIT_S = 60.0
REASON_LENGTH = 160  # characters
SOURCE = """
#include <Python.h>
#include <omp.h>
#include <cmath>
extern "C" int threads() { return omp_get_max_threads(); }
"""
LOAD = "import ctypes, sys; ctypes.CDLL(sys.argv[1])"


class BrokenError(Exception):
    """The compiler cannot be used; the message says why."""


def why_no_cpp() -> str:
    """Return why torch.compile cannot use a C++ compiler on this machine, or "" if it can.

    A small library is built and loaded, because a compiler may be there and lack Python's headers
    or OpenMP, and the folder may be read-only, full, or closed to programs (noexec).
    """
    return _why(os.environ.get("CXX", DEFAULT), cache_folder())


def cache_folder() -> Path:
    """Return the folder where torch.compile keeps what it builds, as PyTorch chooses it."""
    if given := os.environ.get("TORCHINDUCTOR_CACHE_DIR"):
        return Path(given)
    try:
        user = getpass.getuser()
    except (KeyError, ImportError, OSError):
        user = f"uid_{os.getuid()}" if hasattr(os, "getuid") else "unknown_user"
    return Path(tempfile.gettempdir()) / ("torchinductor_" + re.sub(r'[\\/:*?"<>|]', "_", user))


@lru_cache
def _why(name: str, folder: Path) -> str:
    if shutil.which(name) is None:
        return f"torch.compile needs a C++ compiler on a CPU; {name} is not here"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder) as place:
            _try_to_build_and_load(name, Path(place))
    except (BrokenError, OSError) as error:
        return (
            f"torch.compile cannot use {name} in {folder} (set CXX to another compiler, "
            f"TORCHINDUCTOR_CACHE_DIR to another folder): {error}"
        )
    return ""


def _try_to_build_and_load(name: str, folder: Path) -> None:
    source, library = folder / "trial.cpp", folder / "trial.so"
    source.write_text(SOURCE, encoding="utf-8")
    headers = sysconfig.get_path("include")
    openmp = ["-Xclang", "-fopenmp"] if sys.platform == "darwin" else ["-fopenmp"]
    build = [name, "-shared", "-fPIC", "-std=c++17", *openmp, f"-I{headers}"]
    _run([*build, str(source), "-o", str(library)])
    if sys.platform == "linux":
        _run([sys.executable, "-I", "-S", "-c", LOAD, str(library)])


def _run(command: list[str]) -> None:
    """Run a command.

    Raises
    ------
    BrokenError : it failed; the message is its first line about an error.
    OSError : it could not be started.

    """
    try:
        ended = subprocess.run(  # noqa: S603 - the compiler that the user has chosen
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=LIMIT_S,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise BrokenError(f"no answer within {LIMIT_S:g} s") from error
    if ended.returncode:
        lines = [line.strip() for line in ended.stderr.splitlines() if line.strip()]
        telling = [line for line in lines if "error" in line.lower()] or lines
        reason = telling[0] if telling else f"it ended with status {ended.returncode}"
        raise BrokenError(reason[:REASON_LENGTH])
