"""What cannot be true is said to be so, whatever went wrong; what is clean is left alone."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from bench.cases.case import Case
from bench.cases.contenders import NUMPY, TORCH_CPU, Contender, contenders
from bench.machine.datasheets import DATA_SHEETS, data_sheet
from bench.outcomes.plausibility import Roof, above_roof, out_of_time, outgrown
from bench.results.reading import validated
from bench.timing.peaks import name_of
from bench.variant import BF16, GRAPH
from bench.workload import Cost, discover, size

MATMUL = discover()["matmul"]
ROOF = Roof(flop_s=100e9, bytes_s=40e9, cache_bytes=128 * 2**20, launch_s=None)
CUDA = Contender(library="torch", device="cuda")


def case(n=1024, workload=MATMUL, **cost):
    chosen = workload
    if cost:
        usual = workload.cost

        def changed(n):
            return replace(usual(n), **{key: value(n) for key, value in cost.items()})

        chosen = replace(workload, cost=changed)
    return Case(workload=chosen, size=size(n=n), dtype="float32", threads=1)


def at(rate, n=1024):
    return (2 * n**3 / rate,) * 2  # typical and best


def above(case, contender, times_s, roof):
    return above_roof(case, contender, *times_s, roof)


def point(case, contender, time_s, roof):
    return case.cost.flops, contender.moved_bytes(case), time_s, roof


@pytest.mark.parametrize(("rate", "caught"), [(99e9, False), (104e9, False), (106e9, True)])
def test_a_rate_may_be_five_percent_above_the_measured_roof(rate, caught):
    assert bool(above(case(), NUMPY, at(rate), ROOF)) == caught


def test_a_best_that_no_clock_explains_is_caught_too():
    found = (2 * 1024**3 / 90e9, 2 * 1024**3 / 130e9)
    assert "at its best is above" in above(case(), NUMPY, found, ROOF)


def test_a_makers_promise_is_held_against_a_rate_that_was_not_measured():
    roof = replace(ROOF, flop_s=0.0, bytes_s=0.0, sheet=data_sheet("NVIDIA H200"))
    assert "its maker promises" in above(case(8192), CUDA, at(80e12, 8192), roof)
    assert above(case(8192), CUDA, at(50e12, 8192), roof) == ""
    bf16 = Contender(library="torch", device="cuda", variant=BF16)
    assert above(case(8192), bf16, at(800e12, 8192), roof) == ""
    assert "its maker promises" in above(case(8192), bf16, at(1000e12, 8192), roof)
    assert bf16.precision(case()) == "bfloat16"


def test_bytes_count_only_where_the_data_fits_no_cache():
    copying = discover()["host_to_device"]
    small, large = case(1_000_000, copying), case(64_000_000, copying)
    assert above_roof(small, NUMPY, 8e6 / 400e9, 8e6 / 400e9, ROOF) == ""
    assert "bytes/s" in above_roof(large, NUMPY, 512e6 / 50e9, 512e6 / 50e9, ROOF)
    assert above_roof(large, NUMPY, 512e6 / 40e9, 512e6 / 40e9, ROOF) == ""
    unknown = replace(ROOF, cache_bytes=None)
    assert above_roof(large, NUMPY, 512e6 / 50e9, 512e6 / 50e9, unknown) == ""


def test_a_convolution_may_need_fewer_operations_than_are_counted():
    conv = discover()["conv2d"]
    sizes = {s.name: s for s in conv.sizes}
    for name, caught in (("resnet-3x3", False), ("resnet-stem-7x7", True)):
        one = Case(workload=conv, size=sizes[name], dtype="float32", threads=1)
        found = (one.cost.flops / 200e9,) * 2
        assert bool(above(one, TORCH_CPU, found, replace(ROOF, bytes_s=0.0))) == caught


def test_a_wrong_count_of_operations_is_caught_whichever_way_it_is_wrong():
    too_many = case(2048, flops=lambda n: 20 * n**3)
    assert above(too_many, NUMPY, at(80e9, 2048), ROOF)
    curve = [
        point(case(n, flops=lambda n: 2 * n**2), NUMPY, 2 * n**3 / 80e9 + 1e-6, ROOF)
        for n in (16, 64, 256, 512, 1024, 2048)
    ]
    assert [place for place, _ in outgrown(curve)] == [5]
    clean = [point(case(n), NUMPY, 2 * n**3 / 80e9 + 1e-6, ROOF) for n in (16, 64, 256, 2048)]
    assert list(outgrown(clean)) == []


def test_a_curve_that_leaves_the_cache_is_clean():
    copying = discover()["host_to_device"]
    rates = {1_000: 20e9, 100_000: 160e9, 10_000_000: 40e9, 64_000_000: 10e9}
    curve = [point(case(n, copying), NUMPY, 8 * n / rate, ROOF) for n, rate in rates.items()]
    assert list(outgrown(curve)) == []


def test_nothing_is_faster_than_its_launch():
    roof = replace(ROOF, launch_s=4e-6)
    assert "shorter than a launch" in out_of_time(1e-6, roof)
    assert out_of_time(2.1e-6, roof) == ""


def test_a_recording_is_held_against_the_replay_of_an_empty_one():
    peaks = {
        "flop_s": {},
        "copy_bytes_s": 0.0,
        "read_bytes_s": 0.0,
        "cache_bytes": None,
        "launch_s": 7.6e-6,
    }
    peaks |= {"model": None}
    graph = Contender(library="torch", device="cuda", variant=GRAPH)

    def recorded(peaks):
        return Roof.of(peaks, case(), graph)

    assert out_of_time(2.8e-6, recorded(peaks | {"replay_s": 2.5e-6})) == ""
    assert out_of_time(2.8e-6, recorded(peaks)) == ""
    assert "shorter than a launch" in out_of_time(1.2e-6, recorded(peaks | {"replay_s": 2.5e-6}))
    eager = Roof.of(peaks | {"replay_s": 2.5e-6}, case(), CUDA)
    assert "shorter than a launch" in out_of_time(2.8e-6, eager)


@pytest.mark.parametrize("wall_s", [2e-6, 2.0])
def test_a_clock_that_did_not_wait_is_caught_by_the_devices_own_in_the_same_blocks(wall_s):
    roof = replace(ROOF, launch_s=None)
    late, right = (wall_s, 1.5 * wall_s), (wall_s, 0.99 * wall_s)
    assert "did not wait" in out_of_time(wall_s, roof, [late, late])
    assert "did not wait" in out_of_time(wall_s, roof, [late, right, late, late])
    assert out_of_time(wall_s, roof, [late]) == ""  # once is no proof
    assert out_of_time(wall_s, roof, [late, right, late, right, right]) == ""
    assert out_of_time(wall_s, roof, [(wall_s, 1.02 * wall_s)] * 9) == ""


def test_a_computation_that_was_eliminated_rises_above_the_roof_where_the_work_is_large():
    for n in (1024, 2048):
        assert above_roof(case(n), NUMPY, 50e-9, 50e-9, ROOF)


def test_without_a_roof_nothing_is_claimed():
    roof = Roof(flop_s=0.0, bytes_s=0.0, cache_bytes=None, launch_s=None)
    assert above(case(), NUMPY, at(1e18), roof) == ""
    assert list(outgrown([point(case(), NUMPY, 1e-18, roof)] * 2)) == []


@pytest.mark.parametrize("model", DATA_SHEETS)
def test_promises_are_dense_and_name_their_source(model):
    found = data_sheet(model)
    assert found.source.startswith("NVIDIA ")
    assert found.flop_s["float32"] < found.flop_s["float16"] < 1000e12
    assert 0.1e12 < found.bytes_s < 10e12
    assert data_sheet("Some Other GPU") is None


def test_a_cost_says_how_it_is_meant():
    assert Cost(flops=1, elements=1, reduction=1).shortcut == 1


REAL = sorted((Path(__file__).resolve().parents[3] / "reports" / "machines").glob("*.json"))


@pytest.mark.parametrize("path", REAL, ids=lambda path: path.stem)
def test_no_clean_cell_of_a_real_machine_is_caught(path):
    content = validated(json.loads(path.read_text()))
    machine = content.machine_info
    models = [gpu.name for gpu in machine.gpus]
    curves = {}
    for entry in content.benchmarks:
        info = entry.extra_info
        workload = discover()[info.workload]
        chosen = [s for s in workload.sizes if s.label == info.size]
        if not chosen:  # a size of another day
            continue
        one = Case(workload=workload, size=chosen[0], dtype=info.dtype, threads=info.threads)
        (who,) = (c for c in contenders(workload, (info.device,)) if c.name == info.contender)
        model = models[0] if who.kind == "cuda" else ""
        peaks = machine.peaks[name_of(who, one.threads)].model_dump()
        roof = Roof.of(peaks | {"model": model}, one, who)
        assert above_roof(one, who, info.typical_s, info.best_s, roof) == "", info.cell
        assert out_of_time(info.typical_s, roof) == "", info.cell
        if not who.variant.rewritten:
            key = (workload.name, one.curve, one.dtype, one.threads, who)
            curves.setdefault(key, []).append(point(one, who, info.typical_s, roof))
    assert len(curves) > 100
    for curve in curves.values():
        curve.sort()
        assert list(outgrown(curve)) == []
    assert not any(cell.status == "implausible" for cell in content.cells)
