"""Traces as the chapter on the profiler writes them: they load, and hold what ran."""

import json
from collections import Counter

import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torch.profiler import ProfilerActivity, profile, record_function, schedule

STEPS = {"forward", "backward", "update"}


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(64, 32), nn.Tanh(), nn.Linear(32, 10))
    optimizer = torch.optim.SGD(model.parameters(), 0.5)
    plan = schedule(wait=1, warmup=1, active=1, repeat=1)
    with profile(activities=[ProfilerActivity.CPU], schedule=plan) as prof:
        for _ in range(3):
            with record_function("forward"):
                loss = F.cross_entropy(model(torch.ones(4, 64)), torch.arange(4))
            with record_function("backward"):
                optimizer.zero_grad()
                loss.backward()
            with record_function("update"):
                optimizer.step()
            prof.step()
    path = tmp_path_factory.mktemp("trace") / "trace.json"
    prof.export_chrome_trace(str(path))
    events = json.loads(path.read_text(encoding="utf-8"))["traceEvents"]
    return [e for e in events if e.get("cat") in {"cpu_op", "user_annotation"}], prof


def test_a_trace_holds_the_operations_of_one_step(recorded):
    names = Counter(event["name"] for event in recorded[0])
    assert {name: names[name] for name in STEPS} == dict.fromkeys(STEPS, 1)
    assert names["aten::linear"] == names["aten::addmm"] == 2
    assert names["aten::tanh"] == names["aten::cross_entropy_loss"] == 1
    assert names["aten::add_"] == 4


def test_every_event_lies_within_its_step(recorded):
    events, _ = recorded
    (step,) = (event for event in events if event["name"].startswith("ProfilerStep"))
    inside = [event for event in events if event is not step]
    assert all(event["ph"] == "X" and event["dur"] >= 0 for event in inside)
    assert min(event["ts"] for event in inside) >= step["ts"]
    assert max(e["ts"] + e["dur"] for e in inside) <= step["ts"] + step["dur"]


def test_self_times_add_up_to_the_outermost_and_total_times_to_more(recorded):
    _, prof = recorded
    outermost = sum(event.cpu_time_total for event in prof.events() if event.cpu_parent is None)
    averages = prof.key_averages()
    assert sum(row.self_cpu_time_total for row in averages) == pytest.approx(outermost)
    assert sum(row.cpu_time_total for row in averages) > outermost
