"""A real run of torchrun with two ranks: one is killed, the run goes on, and is resumed."""

import json
import signal
import subprocess
import time

from bench.results.schema import ResultFile
from tests.scaling_faults import torchrun
from tests.signals import ROOT

FAULT = "its process was killed, as a system does that is out of memory"


def started(folder, *arguments):
    """Start two ranks, of which rank 1 is killed once."""
    usual = ["kill", "1", "--marker", str(folder / "marker"), "--results", str(folder)]
    usual += ["--machine", "box", "--device", "cpu", "--oversubscribe", "--budget", "600"]
    usual += ["--only", "bytes=4096", *arguments]
    return subprocess.Popen(torchrun(2, "tests.scaling_faulty", usual), cwd=ROOT)


def content(folder):
    """Return the result file that is there; None if there is none yet."""
    files = [*folder.glob("box/*.json")]
    return json.loads(files[0].read_text(encoding="utf-8")) if files else None


def test_a_killed_rank_costs_its_point_and_an_interrupted_run_is_resumed(tmp_path):
    run = started(tmp_path)
    while run.poll() is None:
        known = content(tmp_path)
        if known and known["scaling"].get("restarts") and known["scaling"].get("visits"):
            break
        time.sleep(0.2)
    run.send_signal(signal.SIGTERM)
    run.wait()
    before = content(tmp_path)["scaling"]
    assert not before.get("complete")

    assert started(tmp_path, "--resume").wait() == 0
    after = ResultFile.model_validate(content(tmp_path)).scaling
    assert after.complete
    assert after.visits >= before["visits"]
    sharing, communicating = after.points
    assert (sharing.contender, sharing.status) == ("numpy", "ok")
    assert (communicating.status, communicating.reason) == ("oom", f"rank 1: {FAULT}")
    assert len(after.faults) == 1
