"""The command line of the benchmark, and where it meets pytest and pytest-benchmark.

Everything is decided in `bench`; after the run, `reports` explains the result file.
"""

import time

STARTED_S = time.perf_counter()  # before the imports below, which take seconds of the budget

import gc
import signal
import traceback
import warnings
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
import pytest_benchmark

from bench.machine import facts
from bench.machine.precision import set_float32
from bench.options import ROOT, parse
from bench.outcomes.resume import ResumeError
from bench.run import CELLS, OPTIONS, RUN, Run

PAGE: pytest.StashKey[Path | str] = pytest.StashKey()
NARROW = ["min", "median"]  # columns of pytest-benchmark's table that fit a terminal


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("numpy-vs-pytorch")
    add = group.addoption
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
    if not measures(config):
        return
    try:
        config.stash[OPTIONS] = parse(
            budget=config.getoption("--budget"),
            threads=config.getoption("--threads"),
            devices=config.getoption("--device"),
            label=config.getoption("--machine"),
            results=config.getoption("--results"),
            full=config.getoption("--full"),
            report=not config.getoption("--no-report"),
            self_test=config.getoption("--self-test"),
            resume=config.getoption("--resume"),
        )
    except ValueError as error:
        raise pytest.UsageError(str(error)) from error
    if not any(str(arg).startswith("--benchmark-columns") for arg in config.invocation_params.args):
        config.option.benchmark_columns = NARROW


def measures(config: pytest.Config) -> bool:
    """Tell whether the command line reaches into `bench/`."""
    bench = ROOT / "bench"
    named = [
        (config.invocation_params.dir / arg.partition("::")[0]).resolve() for arg in config.args
    ]
    return any(path in (bench, *bench.parents) or bench in path.parents for path in named)


def pytest_collection_finish(session: pytest.Session) -> None:
    config = session.config
    known = config.stash.get(CELLS, {})
    asked = {
        item.nodeid: known[item.callspec.id]
        for item in session.items
        if isinstance(item, pytest.Function) and item.originalname == "test_pair"
    }
    if not asked or config.option.collectonly or config.getoption("--list"):
        return
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends a run as Ctrl-C does
    set_float32("ieee")
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    reporter.showfspath = False
    hook = config.hook
    info = hook.pytest_benchmark_generate_machine_info(config=config)
    hook.pytest_benchmark_update_machine_info(config=config, machine_info=info)
    header = {
        "machine_info": info,
        "commit_info": hook.pytest_benchmark_generate_commit_info(config=config),
        "version": pytest_benchmark.__version__,
    }
    try:
        run = Run(config.stash[OPTIONS], asked, header, STARTED_S, reporter.write_line)
    except ResumeError as error:
        raise pytest.UsageError(str(error)) from error
    config.stash[RUN] = run


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> bool | None:
    """Measure everything; the tests then replay what was found. Or print the cases alone."""
    if not session.config.getoption("--list"):
        if RUN in session.config.stash:
            session.config.stash[RUN].measure()
        return None
    cells = session.config.stash.get(CELLS, {})
    asked = [cells[item.callspec.id] for item in session.items if hasattr(item, "callspec")]
    for case in dict.fromkeys(cell.case.id for cell in asked):
        print(case, *(cell.contender.name for cell in asked if cell.case.id == case))
    return True


def pytest_report_teststatus(report: Any, config: pytest.Config) -> tuple[str, str, str] | None:
    """Let the lines of progress stand alone: no dots after them."""
    quiet = RUN in config.stash and (report.when == "call" or report.skipped)
    return (report.outcome, "", "") if quiet else None


def pytest_benchmark_update_machine_info(config: pytest.Config, machine_info: Any) -> None:
    if OPTIONS in config.stash:
        machine_info.pop("node", None)
        chosen = config.stash[OPTIONS]
        machine_info.update(facts.facts(label=chosen.label))


@pytest.hookimpl(wrapper=True, specname="pytest_benchmark_group_stats")
def name_rows(config: pytest.Config) -> Generator[None, Any, Any]:
    """Name a row by its contender: its group names the case.

    Under another name than its hook: `pytest-benchmark compare` would call this and nothing else.
    """
    groups = yield
    if RUN in config.stash:
        for row in (row for _, rows in groups for row in rows if row["params"]):
            test = f"test_pair[{row['param']}]"
            row["name"] = row["name"].replace(test, row["params"]["contender"])
    return groups


def pytest_benchmark_update_json(config: pytest.Config, output_json: Any) -> None:
    if RUN in config.stash:
        content = config.stash[RUN].journal.content()
        output_json.update(
            {key: value for key, value in content.items() if key not in ("benchmarks", "datetime")}
        )


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> Generator[None]:
    """Write the result file before anything else can go wrong, then its pages."""
    config = session.config
    if RUN in config.stash:
        result = config.stash[RUN].finish()
        if config.stash[OPTIONS].report:
            from reports.__main__ import build  # noqa: PLC0415 - seconds, once nothing is timed

            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("default")  # errors in tests; here they cost no page
                    config.stash[PAGE], _ = build([result], config.stash[OPTIONS].site)
            except Exception:  # noqa: BLE001 - the result is safe; the error is shown, and fails
                config.stash[PAGE] = traceback.format_exc()
                session.exitstatus = pytest.ExitCode.INTERNAL_ERROR
    return (yield)


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    if RUN not in config.stash or config.stash[RUN].result is None:
        return
    from reports.findings.findings import Findings  # noqa: PLC0415 - seconds, once nothing is timed
    from reports.read.load import load  # noqa: PLC0415
    from reports.findings.summary import summary  # noqa: PLC0415

    result = config.stash[RUN].result
    terminalreporter.section("NumPy vs PyTorch")
    for line in summary(Findings(load(result))):
        terminalreporter.write_line(line)
    terminalreporter.write_line(f"\nresult  {result}")
    if PAGE in config.stash:
        terminalreporter.write_line(f"page    {config.stash[PAGE]}")


@pytest.hookimpl(trylast=True)
def pytest_unconfigure() -> None:
    gc.freeze()  # nothing is freed by searching all of torch at the end; that takes 0.5 s
