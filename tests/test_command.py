"""The command that users type, in a real pytest process."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from bench.machine import affinity
from reports.findings.findings import Findings
from reports.read.load import load
from tests import faulty
from tests.conftest import PLAIN

ROOT = Path(__file__).resolve().parents[1]
PYTEST = [sys.executable, "-m", "pytest", "--benchmark-only", "-p", "tests.chapterless"]
BUDGET_S = "60"  # two cells in it are visited again for 5 s each, if that settles neither
LIMIT_S = 60  # time limit for what takes a few seconds
NAMES = [
    f"{case}-float32-threads:1-{contender}"
    for case in ("matmul-n:16", "sum-over:rows-n:32")
    for contender in ("numpy", "torch-cpu", "torch-cuda")
]


def arguments(results, *more):
    chosen = more if "--threads" in more else ("--threads", "1", *more)
    where = ("--results", str(results), "--machine", "test-box")
    return [*PYTEST, "bench/", "-p", "tests.faulty", *where, *chosen]


def completed(command):
    """Run a command to its end, in an environment without pytest-xdist."""
    return subprocess.run(command, cwd=ROOT, env=PLAIN, capture_output=True, text=True, check=False)


def run(results, *more, code=0):
    ended = completed(arguments(results, *more))
    assert ended.returncode == code, ended.stdout + ended.stderr
    return ended.stdout + ended.stderr


def only_file(results, pattern):
    (path,) = (results / "test-box").glob(pattern)
    return path


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """Return the folder and the output of one good run of two real workloads, with a self-test."""
    results = tmp_path_factory.mktemp("results")
    pairs = [f"bench/test_pairs.py::test_pair[{name}]" for name in NAMES]
    chosen = ["--machine", "test-box", "--threads", "1", "--budget", BUDGET_S, "--self-test"]
    files = ["--results", str(results), "--benchmark-json", str(results / "theirs.json")]
    ended = completed([*PYTEST, *pairs, *chosen, *files])
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return results, ended.stdout


def test_a_run_prints_table_progress_headlines_and_paths(finished):
    results, output = finished
    assert "benchmark 'matmul/n=16/float32/threads=1': 2 tests" in output
    assert re.search(r"\[1/2\] \d+:\d\d left  matmul/n=16/float32/threads=1 +torch-cpu \d", output)
    assert "== NumPy vs PyTorch ==" in output
    assert re.search(r"matmul at n=16, float32: .*95 % interval", " ".join(output.split()))
    assert f"result  {only_file(results, '*.json')}" in output
    assert f"page    {results}/site/index.html" in output
    assert (results / "site" / "index.html").stat().st_size > 10_000


def test_the_result_file_validates_and_holds_every_cell(finished):
    result = load(only_file(finished[0], "*.json"))
    assert result.label == "test-box"
    table = result.table.set_index("contender")
    assert len(table) == 6
    assert set(table.loc["numpy"]["status"]) == {"ok"}
    assert set(table.loc["torch-cpu"]["status"]) == {"ok"}
    assert (table.loc["torch-cpu"]["rel_error"] <= table.loc["torch-cpu"]["tolerance"]).all()
    cuda = table.loc["torch-cuda"]
    assert all(
        (s != "skipped") or reason for s, reason in zip(cuda["status"], cuda["reason"], strict=True)
    )


def test_the_result_file_has_the_fields_of_pytest_benchmark(finished):
    results, _ = finished
    ours = json.loads(only_file(results, "*.json").read_text())
    theirs = json.loads((results / "theirs.json").read_text())
    assert ours["schema"] == theirs["schema"] == "numpy-vs-pytorch/2"
    assert ours["cells"] == theirs["cells"]
    assert set(theirs) <= set(ours)
    assert "node" not in ours["machine_info"]
    by_name = {entry["fullname"]: entry for entry in theirs["benchmarks"]}
    assert len(by_name) == len(ours["benchmarks"])
    for entry in ours["benchmarks"]:
        twin = by_name[entry["fullname"]]
        for key in ("group", "name", "params", "param", "stats", "extra_info"):
            assert entry[key] == twin[key]


def test_pytest_benchmark_compares_our_result_files(finished):
    path = only_file(finished[0], "*.json")
    again = shutil.copy(path, finished[0] / "again.json")  # it changes the files that it reads
    ended = completed([Path(sys.executable).parent / "pytest-benchmark", "compare", path, again])
    assert ended.returncode == 0, ended.stderr
    assert "matmul-n:16" in ended.stdout


def test_a_wrong_contender_is_a_mismatch_and_the_run_fails(tmp_path):
    output = run(
        tmp_path,
        "--workloads",
        "wrong,boom,segfault,good",
        "--budget",
        BUDGET_S,
        "--no-report",
        code=1,
    )
    assert "mismatch: in float64 at n=8, against numpy: relative error" in output
    table = load(only_file(tmp_path, "*.json")).table.set_index("cell")
    case = "/n=8/float32/threads=1/torch-cpu"
    assert table.loc[f"wrong{case}", "status"] == "mismatch"
    assert table.loc[f"boom{case}", "status"] == "crashed"
    assert "boom" in table.loc[f"boom{case}", "reason"]
    assert "SIGSEGV" in table.loc[f"segfault{case}", "reason"]
    assert table.loc[f"good{case}", "status"] == "ok"
    assert not (tmp_path / "site").exists()


def test_the_result_survives_a_failed_build_of_the_pages(tmp_path):
    (tmp_path / "site").write_text("a file where the folder of the pages should be")
    output = run(tmp_path, "--workloads", "good", "--budget", BUDGET_S, code=3)
    file = only_file(tmp_path, "*.json")
    assert len(load(file).table) == 3
    assert "== NumPy vs PyTorch ==" in output
    assert Findings(load(file)).all["noise"].text in " ".join(output.split())
    assert f"result  {file}" in output
    assert f"error   python -m reports summary {file} --build {tmp_path}/site ended" in output
    assert "page " not in output
    assert f"a folder to write into; got {tmp_path}/site: File exists" in " ".join(output.split())
    assert "Traceback" not in output


def timed(results):
    """Return the names of the cells whose times a run has written down."""
    texts = [path.read_text() for path in results.glob("test-box/*.json*")]
    return {name for text in texts for name in re.findall(r'"fullname": ?"([^"]+)"', text)}


def stopped(results, stop, *chosen):
    """Stop a run after its next visit; return its output and the table of its file."""
    before = timed(results)
    # a shell ignores Ctrl-C in background jobs, and a child process would inherit that
    inherited = signal.signal(signal.SIGINT, signal.default_int_handler)
    process = subprocess.Popen(
        arguments(results, *chosen),
        cwd=ROOT,
        env=PLAIN,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    signal.signal(signal.SIGINT, inherited)
    try:
        wait_for_a_visit(results, process, before)
        workers = psutil.Process(process.pid).children(recursive=True)
        assert len(workers) >= 2
        os.kill(process.pid, stop)
        output, _ = process.communicate(timeout=LIMIT_S)
    finally:
        process.kill()
    assert psutil.wait_procs(workers, timeout=LIMIT_S)[1] == []
    file = only_file(results, "*.jsonl" if stop == signal.SIGKILL else "*.json")
    return output, load(file).table.set_index("cell")


def wait_for_a_visit(results, process, before):
    deadline = time.monotonic() + LIMIT_S
    while time.monotonic() < deadline and process.poll() is None:
        if timed(results) > before:
            return
        time.sleep(0.05)
    raise AssertionError(f"no visit: {process.communicate()}")


def test_a_run_that_is_stopped_keeps_its_cells_leaves_no_process_and_is_resumed(tmp_path):
    chosen = ["--workloads", "slow", "--budget", BUDGET_S]
    resume, before = [], 0
    for stop in (signal.SIGKILL, signal.SIGINT):  # `tests.signals` has SIGTERM, at many moments
        output, table = stopped(tmp_path, stop, *chosen, *resume)
        assert len(table) == 3 * len(faulty.SLOW.sizes)
        assert before < (table["typical_s"] > 0).sum(), output
        assert table.loc["slow/n=7/float32/threads=1/torch-cpu", "typical_s"] > 0
        unreached = table["reason"] == "the run ended before this cell's turn"
        assert 0 < unreached.sum() < len(table)
        assert not (tmp_path / "site").exists(), output
        resume, before = ["--resume"], (table["typical_s"] > 0).sum()
    run(tmp_path, *chosen, "--no-report", "--resume")
    again = load(only_file(tmp_path, "*.json")).table.set_index("cell")
    assert list(again.index) == list(table.index)
    here = again[again["contender"] != "torch-cuda"]
    assert set(here["status"]) == {"ok"}
    assert not list((tmp_path / "test-box").glob("*.jsonl"))


def test_a_complete_run_is_not_resumed(finished):
    output = run(finished[0], "--workloads", "good", "--resume", code=4)
    assert "came to its end; start a new run instead" in output
    assert "Traceback" not in output


def test_a_self_test_is_printed_stored_and_shown(finished):
    results, output = finished
    result = load(only_file(results, "*.json"))
    assert result.machine.self_test.comparisons == 4
    assert {row.cell.rpartition("/")[2] for row in result.machine.self_test.rows} == {
        "numpy",
        "torch-cpu",
    }
    assert not any("twin" in cell for cell in result.table["cell"])
    assert re.search(r"self-test: \d of 4 comparisons of a contender with itself exclude 1", output)
    assert (
        "comparisons of a contender with itself exclude 1"
        in (results / "site" / "machine.html").read_text()
    )


def test_cells_beyond_the_budget_are_skipped_with_that_reason(tmp_path):
    for budget_s in ("8", "40"):  # a busy machine spends 8 s on the start
        run(tmp_path, "--workloads", "slowest", "--budget", budget_s, "--no-report")
        for file in tmp_path.glob("test-box/*.json"):
            table = load(file).table
            spent = table[table["reason"].str.startswith(f"the budget of {budget_s} s was spent")]
            assert 0 < len(spent) < len(table)
            assert set(table["status"][spent.index]) == {"skipped"}
            return
    raise AssertionError("no budget reached a cell")


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["--device", "tpu"], "a device must be one of cpu"),
        (["--budget", "-5"], "--budget must be a number of seconds above 0; got '-5'"),
        (["--results", "/proc/nowhere"], "--results must be a folder to write into"),
    ],
)
def test_a_usage_error_is_one_line_before_anything_runs(tmp_path, options, complaint):
    output = run(tmp_path, *options, code=4)
    assert complaint in output
    assert "Traceback" not in output
    assert len(output.strip().splitlines()) == 1
    assert not list(tmp_path.glob("*/*"))


@pytest.mark.parametrize(
    ("options", "code", "complaint"),
    [
        (["--device", "cuda"], 0, "nothing was timed, so no result file was written"),
        (["--benchmark-skip"], 0, "skipped"),
        (["--benchmark-disable"], 0, "skipped"),
        (["-n", "2"], 4, "bench/ must run without -n"),
    ],
)
def test_a_run_that_times_nothing_leaves_the_last_result_and_its_pages(
    tmp_path, options, code, complaint
):
    site = tmp_path / "site"
    site.mkdir()
    (site / "index.html").write_text("the good pages")
    command = [each for each in arguments(tmp_path, *options) if each != "--benchmark-only"]
    ended = completed([*command, "--workloads", "good", "-k", "torch-cuda"])
    assert ended.returncode == code, ended.stdout + ended.stderr
    assert complaint in ended.stdout + ended.stderr
    assert (site / "index.html").read_text() == "the good pages"
    assert not list(tmp_path.glob("test-box/*"))


def test_list_prints_each_case_and_thread_setting_and_runs_nothing(tmp_path):
    options = ("--list", "--workloads", "good,slow", "-k", "good", "--threads", "1,all")
    output, cores = run(tmp_path, *options), affinity.usable_cores()
    assert output.count("good/n=8/float32/threads=") == (2 if cores > 1 else 1)
    assert "good/n=8/float32/threads=1 numpy torch-cpu" in output
    assert f"good/n=8/float32/threads={cores} numpy torch-cpu torch-cuda" in output
    assert "slow" not in output.replace("slow deselected", "")
    assert not list(tmp_path.glob("*/*"))


@pytest.mark.parametrize(
    ("typed", "hint"),
    [
        ("(good", ""),
        ("good/over=rows,n=8", '; names of tests have other characters: -k "good-over:rows-n:8"'),
    ],
)
def test_a_selection_that_pytest_refuses_measures_nothing_and_leaves_no_file(tmp_path, typed, hint):
    output = run(tmp_path, "--workloads", "good", "-k", typed, code=4)
    error = next(line for line in output.splitlines() if line.startswith("ERROR"))
    assert "Wrong expression passed to '-k'" in error
    assert error.partition("; names")[2] == hint.removeprefix("; names")
    assert list(tmp_path.iterdir()) == []


def test_the_printed_name_of_a_test_selects_and_deselects_it():
    name = "slow-n:7-float32-threads:1-torch"
    chosen = ["--workloads", "slow", "-k", name, "--collect-only", "-q"]
    chosen += ["--deselect", f"bench/test_pairs.py::test_pair[{name}-cuda]"]
    output = completed([*PYTEST, "bench/", "-p", "tests.faulty", "--threads", "1", *chosen]).stdout
    printed = [line for line in output.splitlines() if line.startswith("bench/")]
    assert printed == [f"bench/test_pairs.py::test_pair[{name}-cpu]"]
