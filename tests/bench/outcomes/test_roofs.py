"""The peaks of a run decide which of its times cannot be true."""

from dataclasses import replace

import pytest

from bench.cases.case import Case
from bench.cases.contenders import NUMPY, TORCH_CPU
from bench.outcomes.outcome import Outcome, settle
from bench.outcomes.plausibility import UNKNOWN, Roof, Roofs
from bench.timing.visits import Block, Observed, Visit
from bench.variant import BF16, Variant
from bench.workload import discover

WORKLOAD = discover()["gradient_cost"]
SMALL = Case(workload=WORKLOAD, size=WORKLOAD.sizes[0], dtype="float32", threads=1)


@pytest.fixture
def roofs():
    roofs = Roofs(lambda known, only: known)
    roofs.peaks = {
        "cpu/threads=1": UNKNOWN | {"flop_s": {"float32": 1e11}, "read_bytes_s": 1e11},
        "cuda": UNKNOWN | {"flop_s": {"float32": 1e13}},
    }
    return roofs


def outcome(time_s, case=None, who=NUMPY):
    block = Block(start_s=0.0, time_s=time_s, disturbed=False)
    visits = [Visit(number=1, worker=1, blocks=(block,))]
    one = Outcome(status="ok", visits=visits, observed=Observed(iterations=1))
    settle(case or SMALL, {who: one}, {})
    return one


def curve(who, times_s):
    return [
        (Case(workload=WORKLOAD, size=size, dtype="float32", threads=1), who, outcome(time_s))
        for size, time_s in zip(WORKLOAD.sizes, times_s, strict=True)
    ]


STEEP = (1e-7, 1e-6, 1e-3, 1.0)


def test_a_steep_curve_is_marked_where_it_is_steep(roofs):
    cells = curve(NUMPY, STEEP)
    marked = roofs.steep(reversed(cells))
    assert [(case.size.label, who) for case, who, _ in marked] == [
        ("p=256", NUMPY),
        ("p=1024", NUMPY),
    ]


def test_a_rewritten_variant_may_grow_faster_since_the_cost_is_the_workloads_own(roofs):
    finite = replace(TORCH_CPU, variant=Variant(name="finite", body=WORKLOAD.torch))
    assert list(roofs.steep(curve(finite, STEEP))) == []


def test_cells_that_failed_or_are_marked_already_are_no_part_of_a_curve(roofs):
    cells = curve(NUMPY, STEEP)
    cells[0][2].fail("crashed", "because")
    cells[1][2].fail("implausible", "above the roof")
    assert [case.size.label for case, *_ in roofs.steep(cells)] == ["p=1024"]


def test_an_accelerator_is_compared_with_the_data_sheet_of_its_own_model(roofs):
    case = curve(NUMPY, STEEP)[0][0]
    cuda = replace(TORCH_CPU, device="cuda")
    second = replace(cuda, device="cuda:1")  # of which nothing is known here
    ((_, measured),) = roofs.impossible(case, {cuda: outcome(1e-12)})
    roofs.peaks["cuda"] = UNKNOWN | {"model": "Tesla T4"}
    ((_, promised),) = roofs.impossible(case, {cuda: outcome(1e-12)})
    assert "measured here" in measured
    assert "its maker promises" in promised
    assert list(roofs.impossible(case, {second: outcome(1e-12)})) == []


def test_a_roof_is_of_one_precision_and_of_the_faster_way_through_memory():
    peaks = UNKNOWN | {"flop_s": {"float32": 2.0, "float64": 1.0}, "cache_bytes": 100}
    peaks |= {"copy_bytes_s": 5.0, "read_bytes_s": 4.0}
    case = replace(SMALL, dtype="float64")
    roof = Roof.of(peaks, case, NUMPY)
    assert (roof.flop_s, roof.bytes_s, roof.cache_bytes) == (1.0, 5.0, 400)
    assert Roof.of(peaks, SMALL, replace(TORCH_CPU, variant=BF16)).flop_s == 0.0
