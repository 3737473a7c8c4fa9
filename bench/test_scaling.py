"""Scaling: one test for each number of ranks and contender, measured before by torchrun."""

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from bench.replay import Playback, replay
from bench.results import ids
from bench.results.scaling import ScalingPoint
from bench.run import OPTIONS, POINTS, RUN
from bench.scaling.launch import launches
from bench.scaling.point import Point


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Make one test for every point that the command line selects."""
    chosen = launches(metafunc.config.stash[OPTIONS])
    every = {ids.test(point.id): point for launch in chosen for point in launch.points}
    metafunc.config.stash[POINTS] = every
    params = [
        pytest.param(
            point.contender,
            point.ranks,
            id=name,
            marks=pytest.mark.benchmark(group=_group(point), timer=Playback()),
        )
        for name, point in every.items()
    ]
    metafunc.parametrize(["contender", "ranks"], params)


def _group(point: Point) -> str:
    return "/".join(filter(None, ("scaling", point.workload, point.size.label, point.mode)))


@pytest.fixture
def point(request: pytest.FixtureRequest) -> ScalingPoint:
    """Return the test's point as it was measured, or skip."""
    if RUN not in request.config.stash:  # the session was asked to measure nothing
        pytest.skip("not measured: --benchmark-disable or --benchmark-skip")
    planned = request.config.stash[POINTS][request.node.callspec.id]
    measured: ScalingPoint = request.config.stash[RUN].point(planned.id)
    if measured.status in ("skipped", "straggler"):
        pytest.skip(measured.reason)
    return measured


@pytest.mark.usefixtures("contender", "ranks")
def test_scaling(
    point: ScalingPoint, benchmark: BenchmarkFixture, request: pytest.FixtureRequest
) -> None:
    """The ranks compute what one process computes; their blocks go into the table."""
    benchmark.extra_info["scaling"] = point.id
    blocks = [seconds for visit in point.samples.visits for seconds in visit]
    reason = f"{point.id}: {point.status}: {point.reason}"
    replay(request, benchmark, blocks if point.status == "ok" else (), reason)
