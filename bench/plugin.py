"""The benchmark's pytest plugin: adds its options, and decides whether a session measures.

Every pytest session of this project loads this module, so it must not import PyTorch: that takes
seconds, which a session that tests `reports` does not need. A session that measures imports it in
`bench.session`.
"""

import gc
import sys
import time
from pathlib import Path

import pytest

STARTED_S = time.perf_counter()  # the budget counts from here: importing PyTorch is part of it
REASON_LENGTH = 300  # characters
NEEDED = ("benchmark", "terminal")  # plugins
BENCH = Path(__file__).resolve().parent


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of the benchmark."""
    add = parser.getgroup("numpy-vs-pytorch").addoption
    add(
        "--budget",
        metavar="SECONDS",
        help="time limit of the run (180; --full 900; one GPU alone 60)",
    )
    add(
        "--device",
        metavar="LIST",
        help="where PyTorch runs: cpu,cuda,cuda:1,mps,xpu (all it finds)",
    )
    add("--threads", default="1,all", metavar="LIST", help="cores per contender: 1, 4, all (1,all)")
    add("--machine", metavar="LABEL", help="this machine's name in files and pages (CPU and GPU)")
    add("--results", metavar="DIR", help="where results and pages go (reports/)")
    add("--full", action="store_true", help="every case: float64 too, all cores at every size")
    add("--no-report", action="store_true", help="write the result file, build no page")
    add("--self-test", action="store_true", help="also compare each contender with itself")
    add("--resume", action="store_true", help="continue the newest interrupted run")
    add("--list", action="store_true", help="print the cases and stop")


def pytest_configure(config: pytest.Config) -> None:
    """Register the hooks that measure, if the command line selects tests in `bench/`.

    Raises
    ------
    pytest.UsageError : a plugin of pytest is switched off, or a package cannot be imported.

    """
    if not measures(config):
        return
    for name in NEEDED:
        if not config.pluginmanager.hasplugin(name):
            raise pytest.UsageError(f"bench/ needs pytest's plugin {name!r}; got -p no:{name}")
    try:
        from bench.interruption import Interruption  # noqa: PLC0415 - any package may be missing

        interruption = Interruption()
        interruption.install()
        from bench.session import Session  # noqa: PLC0415 - imports PyTorch
    except (ImportError, OSError, RuntimeError) as error:
        raise pytest.UsageError(
            f"bench/ needs the packages of this project, and {sys.executable} cannot import them: "
            f"{type(error).__name__}: {' '.join(str(error).split())[:REASON_LENGTH]}. "
            "Install them with: python -m pip install -e ."
        ) from error
    session = Session(config, STARTED_S, interruption)
    config.pluginmanager.register(session, "numpy-vs-pytorch")


def measures(config: pytest.Config) -> bool:
    """Whether the command line names `bench/`, a path in it, or a folder above it."""
    folder = config.invocation_params.dir
    paths = [(folder / argument.partition("::")[0]).resolve() for argument in config.args]
    return any(path in (BENCH, *BENCH.parents) or BENCH in path.parents for path in paths)


def pytest_runtestloop(session: pytest.Session) -> bool | None:
    """Run no test with `--list`."""
    return session.config.getoption("--list") or None


@pytest.hookimpl(trylast=True)
def pytest_unconfigure() -> None:
    """Skip the last garbage collection, which takes 0.5 s for PyTorch's objects."""
    gc.freeze()
