"""The benchmark as a plugin of pytest: its options, and whether a session measures.

Every pytest session of this project loads this module, so it must not import PyTorch: that takes
seconds, which a session that tests `reports` does not need. A session that measures imports it in
`bench.session`.
"""

import gc
import time
from pathlib import Path

import pytest

STARTED_S = time.perf_counter()  # the budget counts from here: importing PyTorch is part of it
BENCH = Path(__file__).resolve().parent


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of the benchmark."""
    add = parser.getgroup("numpy-vs-pytorch").addoption
    add("--budget", metavar="SECONDS", help="time for all (180; --full 900; one GPU alone 60)")
    add("--device", metavar="LIST", help="where PyTorch runs: cpu,cuda,cuda:1,mps,xpu (all here)")
    add("--threads", default="1,all", metavar="LIST", help="cores per contender: 1, 4, all (1,all)")
    add("--machine", metavar="LABEL", help="this machine's name in files and pages (its CPU, GPU)")
    add("--results", metavar="DIR", help="where results and pages go (reports/)")
    add("--full", action="store_true", help="every case: float64 too, all cores at every size")
    add("--no-report", action="store_true", help="write the result file, build no page")
    add("--self-test", action="store_true", help="each contender against itself, too")
    add("--resume", action="store_true", help="go on with the newest run that was cut off")
    add("--list", action="store_true", help="print the cases and stop")


def pytest_configure(config: pytest.Config) -> None:
    """Let a session that reaches into `bench/` measure."""
    if measures(config):
        from bench.session import Session  # noqa: PLC0415 - imports PyTorch

        config.pluginmanager.register(Session(config, STARTED_S), "numpy-vs-pytorch")


def measures(config: pytest.Config) -> bool:
    """Tell whether the command line reaches into `bench/`."""
    folder = config.invocation_params.dir
    named = [(folder / argument.partition("::")[0]).resolve() for argument in config.args]
    return any(path in (BENCH, *BENCH.parents) or BENCH in path.parents for path in named)


def pytest_runtestloop(session: pytest.Session) -> bool | None:
    """Run no test where the cases alone are asked for."""
    return session.config.getoption("--list") or None


@pytest.hookimpl(trylast=True)
def pytest_unconfigure() -> None:
    """Skip the garbage collector's last search through all of PyTorch, which takes 0.5 s."""
    gc.freeze()
