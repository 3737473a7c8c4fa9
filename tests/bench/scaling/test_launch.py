"""What a run of pytest asks of torchrun, and what it says of points that are not measured."""

import subprocess
import sys

import psutil

from bench.scaling.launch import Launch, _joined, absent, share_s
from bench.scaling.point import Group, points, rank_counts
from tests.signals import ROOT


def test_scaling_gets_a_tenth_or_nothing_if_that_is_too_short():
    assert share_s(180) == 18
    assert share_s(99) == 0


def test_a_point_that_the_group_cannot_measure_says_so_before_any_other_reason():
    alone = Group(1, 1, 1)
    launch = Launch(alone, tuple(points(alone, rank_counts(alone, full=False), full=False)))
    reasons = {point["ranks"]: point["reason"] for point in absent([launch], "too late")["points"]}
    assert reasons == {1: "too late", 2: "this machine has one core; 2 ranks would share it"}


def test_what_two_groups_measured_becomes_one_part():
    skipped = {"world": 1, "points": []}
    cores = {"world": 2, "restarts": 1, "faults": ["a"], "visits": 2, "spent_s": 4.0}
    gpus = {"world": 4, "restarts": 2, "faults": ["b"], "visits": 3, "spent_s": 5.0}
    joined = _joined([skipped, cores, gpus | {"copy_bytes_s": 1e9, "nodes": [{"ranks": 4}]}])
    assert joined == {
        "world": 4,
        "restarts": 3,
        "faults": ["a", "b"],
        "visits": 3,
        "spent_s": 9.0,
        "copy_bytes_s": 1e9,
        "nodes": [{"ranks": 4}],
    }


RUN = """
import sys
from bench.scaling.launch import _running
waits = "import os, time; print(os.getpid(), flush=True); time.sleep(60)"
with _running(["-c", waits], sys.stdout, ".") as process:
    process.wait()
"""


def test_torchrun_ends_with_a_run_that_is_killed():
    with subprocess.Popen([sys.executable, "-c", RUN], stdout=subprocess.PIPE, cwd=ROOT) as run:
        torchrun = psutil.Process(int(run.stdout.readline()))
        run.kill()
    torchrun.wait(timeout=20)
