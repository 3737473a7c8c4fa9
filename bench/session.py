"""Runs the benchmark inside pytest, through hooks of pytest and pytest-benchmark.

pytest collects the tests, the run measures their cells, and the tests replay the measurements. Then
the run writes the result file, and `reports` explains it.
"""

import sys
from collections.abc import Generator, Iterable, Mapping, Sequence
from typing import Any

import pytest
import pytest_benchmark

from bench.cases.cell import Cell
from bench.explain import Explanation, explain
from bench.interruption import Interruption
from bench.machine import facts
from bench.machine.precision import set_float32
from bench.options import Options, parse
from bench.outcomes.resume import ResumeError
from bench.results import ids
from bench.results.places import temporary_folder
from bench.run import CELLS, OPTIONS, POINTS, RUN, Run
from bench.scaling.launch import Launch, launches
from bench.scaling.point import THREADS

PRINTING_S = 0.5  # for pytest's own last lines, if the run was interrupted
NARROW = ["min", "median"]  # columns of pytest-benchmark's table that fit a terminal
BRACKETS = "  In the tables above, (2.31) is 2.31 times as long as the shortest time of the column."


class Session:
    """The hooks of a session that measures."""

    def __init__(self, config: pytest.Config, started_s: float, interruption: Interruption) -> None:
        """Check the options; the budget counts from `started_s`.

        Raises
        ------
        pytest.UsageError : an option has an invalid value; the message says what was expected.

        """
        try:
            self._options = _options(config)
        except ValueError as error:
            raise pytest.UsageError(str(error)) from error
        config.stash[OPTIONS] = self._options
        given = map(str, config.invocation_params.args)
        if not any(argument.startswith("--benchmark-columns") for argument in given):
            config.option.benchmark_columns = NARROW
        self._started_s = started_s
        self._run: Run | None = None
        self._explanation: Explanation | None = None
        self._interruption = interruption

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> None:
        """Measure all cells before the tests replay them; with `--list`, only print cases."""
        config = session.config
        known = config.stash.get(CELLS, {})
        selected = {
            item.nodeid: known[item.callspec.id]
            for item in session.items
            if isinstance(item, pytest.Function) and item.originalname == "test_pair"
        }
        ranked = self._launches(session)
        if config.getoption("--list"):
            for case in dict.fromkeys(cell.case.id for cell in selected.values()):
                cells = (cell for cell in selected.values() if cell.case.id == case)
                print(case, *(cell.contender.name for cell in cells))
            for point in (point for launch in ranked for point in launch.points):
                print(point.id)
        elif (selected or ranked) and not (_unmeasured(config) or session.testsfailed):
            self._run = self._begun(config, selected, ranked)
            self._run.measure()

    @pytest.hookimpl(wrapper=True)
    def pytest_collection_modifyitems(self, config: pytest.Config) -> Generator[None]:
        """Say how to write a part of a case's id after `-k`, where pytest refuses it.

        Raises
        ------
        pytest.UsageError : pytest's own, with that hint.

        """
        try:
            yield
        except pytest.UsageError as error:
            asked: str = config.option.keyword
            name = ids.test(asked)
            hint = f'; names of tests have other characters: -k "{name}"' if name != asked else ""
            raise pytest.UsageError(f"{error}{hint}") from None

    def _launches(self, session: pytest.Session) -> list[Launch]:
        """Return the selected points of scaling, by group."""
        known = session.config.stash.get(POINTS, {})
        wanted = {
            known[item.callspec.id].id
            for item in session.items
            if isinstance(item, pytest.Function) and item.originalname == "test_scaling"
        }
        chosen = (
            Launch(launch.group, tuple(p for p in launch.points if p.id in wanted))
            for launch in (launches(self._options) if wanted else ())
        )
        return [launch for launch in chosen if launch.points]

    def _begun(
        self, config: pytest.Config, selected: Mapping[str, Cell], ranked: Sequence[Launch]
    ) -> Run:
        """Begin a run of the selected cells and points.

        Raises
        ------
        pytest.UsageError : the run to resume is not there, or was another one; or there is no room
            for the files of a run.

        """
        try:
            note = temporary_folder(_largest_bytes(selected.values()), "the inputs of a case")[1]
        except ValueError as error:
            raise pytest.UsageError(str(error)) from error
        set_float32("ieee")
        reporter: Any = config.pluginmanager.get_plugin("terminalreporter")
        reporter.showfspath = False
        say = reporter.write_line
        if note:
            say(note)
        try:
            run = Run(self._options, selected, _header(config), self._started_s, say, ranked)
        except ResumeError as error:
            raise pytest.UsageError(str(error)) from error
        config.stash[RUN] = run
        return run

    def pytest_report_teststatus(self, report: Any) -> tuple[str, str, str] | None:
        """Print no dots after the lines of progress."""
        quiet = self._run is not None and (report.when == "call" or report.skipped)
        return (report.outcome, "", "") if quiet else None

    def pytest_benchmark_update_machine_info(self, machine_info: dict[str, Any]) -> None:
        """Add the facts about the machine; remove its network name."""
        machine_info.pop("node", None)
        machine_info.update(facts.facts(label=self._options.label))

    @pytest.hookimpl(wrapper=True)
    def pytest_benchmark_group_stats(self) -> Generator[None, Any, Any]:
        """Name each row of the table by its contender; the title of its group names the case."""
        groups = yield
        if self._run is not None:
            for row in (row for _, rows in groups for row in rows if row["params"]):
                contender, ranks = row["params"]["contender"], row["params"].get("ranks", 1)
                several = "threads" if contender == THREADS else "ranks"
                name = f"{contender} {ranks} {several}" if ranks > 1 else contender
                test = row["name"].partition("[")[0]
                row["name"] = row["name"].replace(f"{test}[{row['param']}]", name)
        return groups

    def pytest_benchmark_update_json(self, output_json: dict[str, Any]) -> None:
        """Add the content of the result file to pytest-benchmark's own file."""
        if self._run is not None:
            content = self._run.journal.content()
            output_json["benchmarks"] = [
                each for each in output_json["benchmarks"] if "scaling" not in each["extra_info"]
            ]  # the content has their points
            theirs = ("benchmarks", "datetime")
            output_json.update({key: value for key, value in content.items() if key not in theirs})

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> Generator[None]:
        """Write the result file, before anything else can fail; then run `reports` on it."""
        result = self._run.finish() if self._run is not None else None
        if result is not None:
            interrupted = session.exitstatus == pytest.ExitCode.INTERRUPTED
            site = self._options.site if self._options.report and not interrupted else None
            left_s = self._interruption.left_s()
            limit_s = None if left_s is None else max(0.0, left_s - PRINTING_S)
            self._explanation = explain(result, site, limit_s)
            sys.stderr.write(self._explanation.warnings)
            if self._explanation.error:
                session.exitstatus = pytest.ExitCode.INTERNAL_ERROR
        return (yield)

    @pytest.hookimpl(trylast=True)
    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Print the headlines, and where the files are."""
        say = terminalreporter.write_line
        if self._run is not None and self._run.result is None:
            say("nothing was timed, so no result file was written")
        if self._run is None or self._explanation is None:
            return
        terminalreporter.section("NumPy vs PyTorch")
        say(BRACKETS)
        say(self._explanation.headlines.rstrip())
        say(f"\nresult  {self._run.result}")
        if self._explanation.page:
            say(f"page    {self._explanation.page}")
        if self._explanation.error:
            say(f"error   {self._explanation.error}")


def _options(config: pytest.Config) -> Options:
    """Return the options of the command line.

    Raises
    ------
    ValueError : one is invalid, or pytest-xdist would measure several cells at once.

    """
    if getattr(config.option, "numprocesses", None) or getattr(config.option, "tx", None):
        raise ValueError("bench/ must run without -n: cells timed at once disturb each other")
    return parse(
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


def _largest_bytes(cells: Iterable[Cell]) -> float:
    """Return the size of the largest inputs and results among cells that can run here."""
    return max(
        (
            cell.contender.moved_bytes(cell.case)
            for cell in cells
            if not cell.contender.unavailable(cell.case)
        ),
        default=0.0,
    )


def _unmeasured(config: pytest.Config) -> bool:
    """Whether pytest or pytest-benchmark is asked to measure nothing."""
    option = config.option
    return bool(option.collectonly or option.benchmark_skip or option.benchmark_disable)


def _header(config: pytest.Config) -> dict[str, Any]:
    """Return the result file's entries about the machine and the code."""
    hook = config.hook
    info = hook.pytest_benchmark_generate_machine_info(config=config)
    hook.pytest_benchmark_update_machine_info(config=config, machine_info=info)
    return {
        "machine_info": info,
        "commit_info": hook.pytest_benchmark_generate_commit_info(config=config),
        "version": pytest_benchmark.__version__,
    }
