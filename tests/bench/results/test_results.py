"""Ids, schema 1 read as schema 2, verdicts and journals of the result file."""

import copy
import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.results import ids, version1
from bench.results.journal import assembled, dumped, lines, taken_apart
from bench.results.reading import current, validated
from bench.results.schema import UNREACHED, Identity
from tests.conftest import CASE, ONE, content, entry, small_file

ROOT = Path(__file__).resolve().parents[3]
COMMITTED = ROOT / "reports" / "machines" / "amd-epyc-2-cores.json"
N16, N64, N256 = (f"{CASE.format(n)}/torch-cpu" for n in (16, 64, 256))


@pytest.mark.parametrize(
    ("name", "library", "device", "variant", "twin"),
    [
        ("numpy", "numpy", "cpu", "", False),
        ("numpy-twin", "numpy", "cpu", "", True),
        ("torch-cpu", "torch", "cpu", "", False),
        ("torch-cuda1", "torch", "cuda:1", "", False),
        ("torch-cuda1-tf32", "torch", "cuda:1", "tf32", False),
        ("torch-cpu-channels-last", "torch", "cpu", "channels-last", False),
        ("torch-cpu-channels-last-twin", "torch", "cpu", "channels-last", True),
        ("torch-cpu-twin", "torch", "cpu", "", True),
    ],
)
def test_a_contenders_name_is_built_from_its_parts_and_parsed_into_them(
    name, library, device, variant, twin
):
    parts = ids.read_contender(name)
    assert parts == ids.ContenderId(library=library, device=device, variant=variant, twin=twin)
    assert str(parts) == name


@pytest.mark.parametrize(
    "name", ["", "numpy-", "numpy-bf16", "torch", "torch-", "torch-1", "torch-cpu-", "jax", "Numpy"]
)
def test_a_name_that_is_no_contender_is_refused(name):
    with pytest.raises(ValueError, match="a contender like numpy or torch-cuda1-tf32 expected"):
        ids.read_contender(name)


WORDS = st.from_regex(r"[a-z_0-9]+", fullmatch=True)


@given(
    workload=WORDS,
    size=st.from_regex(r"[a-z0-9=,/-]+", fullmatch=True),
    dtype=WORDS,
    threads=st.integers(0, 999_999),
    device=st.sampled_from(["cpu", "cuda", "cuda:1", "mps", "xpu:12"]),
    variant=st.from_regex(r"([a-z][a-z0-9-]*[a-z0-9])?", fullmatch=True),
)
def test_every_cell_id_is_parsed_into_the_parts_it_was_built_from(
    workload, size, dtype, threads, device, variant
):
    name = ids.contender("torch", device, variant)
    parts = ids.read_cell(ids.cell(ids.case(workload, size, dtype, threads), name))
    assert vars(parts) == {
        "workload": workload,
        "size": size,
        "dtype": dtype,
        "threads": threads,
        "contender": name,
    }
    if not f"-{variant}".endswith(ids.TWIN):
        contender = ids.read_contender(name)
        assert (contender.device, contender.variant) == (device, variant)


@pytest.mark.parametrize("cell", ["", "numpy", "a/b/c/numpy", "a/b/c/threads=x/numpy", "a/b/c/d/e"])
def test_a_text_that_is_no_cell_id_is_refused(cell):
    with pytest.raises(ValueError, match=r"a cell like matmul/n=16/float32/threads=1/numpy"):
        ids.read_cell(cell)


@pytest.mark.parametrize(
    ("device", "threads", "name"),
    [("cpu", 2, "cpu/threads=2"), ("cuda", 2, "cuda"), ("cuda:1", 1, "cuda:1")],
)
def test_the_cpu_has_a_peak_for_each_thread_setting(device, threads, name):
    assert ids.peak(device, threads) == name
    assert ids.read_peak(name) == (device, threads if device == "cpu" else None)


def as_version1(data):
    """Return a small file as schema 1 wrote it."""
    old = copy.deepcopy(data) | {"schema": version1.SCHEMA}
    old["cells"] = [{key: c[key] for key in ("id", "status", "reason")} for c in data["cells"]]
    for benchmark in old["benchmarks"]:
        info = benchmark["extra_info"]
        info["variant"] = info.pop("curve")
        info["typical_s"] = info.pop("time_s")
        info["speedup_best"] = info.pop("speedup_typical")
        del info["library"]
    return old


def test_a_file_of_schema_1_is_read_as_one_of_schema_2():
    data = small_file()
    for benchmark in data["benchmarks"]:
        info = benchmark["extra_info"]
        info |= {"curve": "rows", "precision": "float32"}  # schema 1 quoted the medians
        info |= {"typical_s": info["time_s"], "speedup_typical": info["speedup"]}
    for cell in data["cells"]:
        cell |= {"curve": "rows", "precision": "float32"}
    old = as_version1(data)
    assert current(old) == data | {"twins": []}
    old["cells"][1] |= {"status": "unstable", "reason": "the speedup is known to 9 % only, not 2 %"}
    assert current(old) == data | {"twins": []}


def test_the_precision_of_a_schema_1_cell_comes_from_its_variant():
    old = as_version1(content([entry(f"{CASE.format(16)}/torch-cuda-amp", 1.0, ONE)]))
    (cell,) = validated(old).cells
    assert (cell.device, cell.variant, cell.precision) == ("cuda", "amp", "bfloat16")


def recorded(name, status, reason, **info):
    """Return a file with one GPU cell as schema 1 wrote it."""
    old = as_version1(content([entry(f"{CASE.format(16)}/{name}", 1.0, ONE)]))
    old["cells"][0] |= {"status": status, "reason": reason}
    old["benchmarks"][0]["extra_info"] |= info
    return validated(old)


BUSY = "the device was busy for 1e-05 s and not waited for: 7e-06 s"
SHORT = "2.8e-06 s is shorter than a launch, which takes 7.6e-06 s"
HIGH = "2e+12 FLOP/s at its typical is above the 1e+12 measured here"


@pytest.mark.parametrize(
    ("name", "reason", "kept"),
    [
        ("torch-cuda", BUSY, False),
        ("torch-cuda-graph", SHORT, False),
        ("torch-cuda", SHORT, True),
        ("torch-cuda", HIGH, True),
    ],
)
def test_a_schema_1_cell_is_ok_if_its_evidence_does_not_count_any_more(name, reason, kept):
    (cell,) = recorded(name, "implausible", reason).cells
    assert (cell.status, cell.reason) == (("implausible", reason) if kept else ("ok", ""))


@pytest.mark.parametrize(("wall_s", "kept"), [(1.0, True), (1.04, True), (1.2, False)])
def test_a_schema_1_ledger_that_does_not_sum_to_its_wall_time_is_dropped(wall_s, kept):
    parts = dict.fromkeys(version1.PARTS, 0.25)
    (timed,) = recorded("torch-cuda", "ok", "", ledger=parts | {"wall_s": wall_s}).benchmarks
    assert (timed.extra_info.ledger is not None) == kept


@pytest.mark.parametrize("key", ["cells", "benchmarks", "twins"])
@pytest.mark.parametrize(
    "value", [5, None, "x", {}, [5], [[]], [{}], [{"id": 5}], [{"extra_info": 1}]]
)
def test_malformed_schema_1_values_are_refused_by_the_models(key, value):
    with pytest.raises(ValueError, match=f"(?s){key}"):
        validated(as_version1(small_file()) | {key: value})


def test_the_committed_file_of_schema_1_is_read():
    old = json.loads(COMMITTED.read_text())
    assert old["schema"] == version1.SCHEMA
    read = validated(old)
    assert len(read.cells) == len(old["cells"])
    assert len(read.twins) == len(old["twins"]) > 0
    assert {cell.status for cell in read.cells} == {"ok", "skipped"}
    by_id = {cell.id: cell for cell in read.cells}
    cell = by_id["sum/over=rows,n=1024/float32/threads=1/torch-cpu"]
    assert (cell.family, cell.curve, cell.library, cell.variant) == (
        "reductions",
        "rows",
        "torch",
        "",
    )
    untimed = by_id["sum/over=rows,n=1024/float32/threads=2/torch-cuda"]
    assert (untimed.family, untimed.curve, untimed.device) == ("reductions", "rows", "cuda")


def verdicts(data):
    return {cell.id: cell.verdict for cell in validated(data).cells}


def test_a_cells_verdict_is_that_of_its_interval():
    by_id = verdicts(small_file())
    assert (by_id[N16], by_id[N64], by_id[N256]) == ("slower", "faster", "tie")
    assert {by_id[cell] for cell in by_id if cell not in {N16, N64, N256}} == {None}


@pytest.mark.parametrize("stored", ["slower", "tie", None, "great", 5])
def test_a_verdict_that_contradicts_its_interval_is_corrected(stored):
    data = small_file()
    for cell in data["cells"]:
        cell["verdict"] = stored
    assert verdicts(data) == verdicts(small_file())


@pytest.mark.parametrize("status", ["implausible", "mismatch"])
def test_a_cell_that_is_not_ok_has_no_verdict(status):
    data = small_file()
    data["cells"][3]["status"] = status
    assert verdicts(data)[N64] is None


@pytest.mark.parametrize(
    ("field", "value"),
    [("library", "numpy"), ("device", "cuda"), ("variant", "bf16"), ("threads", 2)],
)
@pytest.mark.parametrize("part", ["cells", "benchmarks"])
def test_a_field_that_contradicts_the_id_is_refused(part, field, value):
    data = small_file()
    place = data[part][3]
    (place if part == "cells" else place["extra_info"])[field] = value
    with pytest.raises(ValueError, match=f"(?s){part}.3.*expected from its fields"):
        validated(data)


def test_a_cell_and_its_benchmark_have_the_same_identity_fields():
    read = validated(small_file())
    timed = {b.extra_info.cell: b.extra_info for b in read.benchmarks}
    names = set(Identity.model_fields) - {"precision"}
    for cell in read.cells[:6]:
        assert cell.model_dump(include=names) == timed[cell.id].model_dump(include=names)


def test_a_result_file_survives_the_way_to_a_journal_and_back():
    data = current(json.loads(COMMITTED.read_text()))
    header, records = taken_apart(data)
    assert {cell["reason"] for cell in header["cells"]} == {UNREACHED}
    text = "".join(json.dumps(line) + "\n" for line in [header, *dumped(records)])
    assert assembled(lines(text)) == data
    torn = assembled(lines(text[:-9]))
    assert len(torn["twins"]) == len(data["twins"]) - 1


def test_a_journal_of_schema_1_is_read():
    data = small_file()
    old = as_version1(data)
    apart = ("cells", "benchmarks")
    header = {key: old[key] for key in old if key not in apart}
    header["asked"] = [cell["id"] for cell in data["cells"]]
    timed = {b["extra_info"]["cell"]: b for b in old["benchmarks"]}
    records = [
        {"cell": c, "twin": False, "benchmark": timed.get(c["id"])} for c in old["cells"][:4]
    ]
    read = validated(assembled([header, *records]))
    assert [cell.reason == UNREACHED for cell in read.cells] == [False] * 4 + [True] * 5
    assert {cell.id: cell.verdict for cell in read.cells}[N64] == "faster"


def test_loading_a_result_file_does_not_import_pytorch():
    script = "import sys, reports.read.load; sys.exit('torch' in sys.modules)"
    subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=True)
