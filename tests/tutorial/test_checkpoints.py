"""A training goes on from a checkpoint in another process, the same to the last bit."""

import json
import subprocess
import sys

import pytest

PROGRAM = """
import json, sys
import numpy as np, torch
from torch import nn

PARTS = "model", "optimizer", "scheduler"


def train(stop, state=None, without=""):
    torch.manual_seed(0)
    x, y = torch.randn(60, 8), torch.randint(3, (60,))
    model = nn.Sequential(nn.Linear(8, 16), nn.BatchNorm1d(16), nn.Dropout(0.5), nn.Linear(16, 3))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=7, gamma=0.5)
    parts = dict(zip(PARTS, (model, optimizer, scheduler)))
    rng, step = np.random.default_rng(0), 0
    if state:
        step = state["step"]
        torch.manual_seed(99)
        for name in set(PARTS) - {without}:
            parts[name].load_state_dict(state[name])
        if without != "random":
            torch.set_rng_state(state["random"])
        if without != "order":
            rng.bit_generator.state = state["order"]
    losses = []
    while step < stop:
        rows = rng.permutation(60)[:20]
        loss = nn.functional.cross_entropy(model(x[rows]), y[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        scheduler.step()
        step += 1
        losses.append(loss.item().hex())
    state = {name: part.state_dict() for name, part in parts.items()}
    others = {"random": torch.get_rng_state(), "order": rng.bit_generator.state, "step": step}
    return losses, state | others


if sys.argv[1] == "begin":
    _, state = train(10)
    torch.save(state, "state.pt")
    print(json.dumps(train(25)[0]))
else:
    print(json.dumps([train(25, torch.load("state.pt"), each)[0] for each in sys.argv[2:]]))
"""
LEFT_OUT = ["", "optimizer", "scheduler", "random", "order"]


@pytest.fixture(scope="module")
def losses(tmp_path_factory):
    """Return the losses of a training without a break, and of those that went on after ten steps.

    These are by what they lacked.
    """
    folder = tmp_path_factory.mktemp("training")
    (folder / "train.py").write_text(PROGRAM)

    def told(*arguments):
        command = [sys.executable, "-W", "error", "train.py", *arguments]
        ran = subprocess.run(command, check=True, cwd=folder, stdout=subprocess.PIPE, text=True)
        return json.loads(ran.stdout)

    return told("begin"), dict(zip(LEFT_OUT, told("resume", *LEFT_OUT), strict=True))


def test_a_resumed_training_has_the_same_losses_to_the_last_bit(losses):
    unbroken, resumed = losses
    assert resumed[""] == unbroken[10:]


@pytest.mark.parametrize("missing", LEFT_OUT[1:])
def test_what_is_left_out_shows(losses, missing):
    unbroken, resumed = losses
    assert resumed[missing] != unbroken[10:]
