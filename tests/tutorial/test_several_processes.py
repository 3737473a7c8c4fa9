"""Two processes under torchrun train as one does, and the comparison would tell if they did not."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tutorial import ddp_digits

ROOT = Path(ddp_digits.__file__).parent.parent
BOUND = 1e-12  # float64; the order of a sum of some hundred numbers moves the last few digits


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """Return what two processes wrote, warnings being errors in them and in torchrun."""
    path = tmp_path_factory.mktemp("ran") / "out.json"
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    done = subprocess.run(
        [*command, "-m", "tutorial.ddp_digits", str(path)],
        cwd=ROOT,
        env=os.environ | {"PYTHONWARNINGS": "error"},
        timeout=120,
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(path.read_text(encoding="utf-8"))


def apart(ran, size, way):
    return np.abs(np.subtract(ran[size][way]["losses"], ran[size]["one"]["losses"])).max()


@pytest.mark.parametrize("way", ["by_hand", "ddp"])
@pytest.mark.parametrize("size", ddp_digits.SIZES)
def test_two_processes_have_the_losses_of_one(ran, size, way):
    assert apart(ran, size, way) <= BOUND


@pytest.mark.parametrize("size", ddp_digits.SIZES)
def test_gradients_that_are_summed_are_told_from_averaged_ones(ran, size):
    assert ran[size]["summed"]["losses"][0] == pytest.approx(
        ran[size]["one"]["losses"][0], rel=BOUND
    )
    assert apart(ran, size, "summed") > 1e6 * BOUND


@pytest.mark.parametrize("size", ddp_digits.SIZES)
def test_training_learns_and_every_step_is_timed(ran, size):
    for way in ddp_digits.WAYS:
        losses, seconds = ran[size][way]["losses"], ran[size][way]["seconds"]
        assert losses[-1] < losses[0]
        assert len(losses) == len(seconds)
        assert min(seconds) > 0
