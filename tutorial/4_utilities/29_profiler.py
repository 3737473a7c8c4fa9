# %% [markdown]
# # The profiler: where the time of a step goes
#
# `torch.profiler.profile` · `key_averages` · `self_cpu_time_total` · traces
#
# {{ opening("training_ladder") }}
#
# A stopwatch says how long a training step takes, but not what takes the time. In NumPy you would
# time line by line. In PyTorch one line may run a dozen operations. Autograd runs many more, which
# no line of your program names. The profiler records every one of them.
#
# **What you will know at the end:**
#
# - how to profile a step, and how to read self time, total time and a trace;
# - what each rung of the training ladder calls, and what it spends its time on;
# - how to profile NumPy, memory and a GPU;
# - what profiling costs, and why you should not profile the first step.
#
# ## Every operation, with its time
#
# We profile the network of {{ chapter("training_ladder") }} in its smallest size, on one thread.
# That chapter has four versions of it, its *rungs*: NumPy by hand, tensors by hand, autograd, and
# `nn` with `optim`. The cell profiles the last rung five times: it makes the model and takes ten
# steps. We keep the fastest of the five profiles, because other programs disturbed it least. (In a
# terminal the profiler may print messages of its own. `KINETO_LOG_LEVEL=9` in the environment turns
# them off.)

# %%
import cProfile
import json
import pstats
import tempfile
import time
from collections import Counter
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import torch
from threadpoolctl import threadpool_limits
from torch import nn
from torch.autograd import DeviceType
from torch.nn import functional as F
from torch.profiler import ProfilerActivity, profile, record_function, schedule

from bench.workloads.parts.ladder import mlp_autograd, mlp_tensors
from bench.workloads.train_mlp import WORKLOAD, mlp_numpy, mlp_torch

threads_before = torch.get_num_threads()
torch.set_num_threads(1)
CPU = [ProfilerActivity.CPU]


def both(**size):
    arrays = WORKLOAD.make(np.random.default_rng(0), **size)
    return arrays, {name: torch.as_tensor(v) for name, v in arrays.items()} | {"lr": arrays["lr"]}


def clock_us(body, inputs):
    began = time.perf_counter()
    body(**inputs)
    return (time.perf_counter() - began) * 1e6


def steps(number, inputs):
    return inputs | {"x": inputs["x"][:number], "y": inputs["y"][:number]}


arrays, tensors = both(hidden=32, batch=32)
mlp_torch(**tensors)  # the first call is another story, told below
runs = []
for _ in range(5):
    with profile(activities=CPU) as prof:
        wall_us = clock_us(mlp_torch, steps(10, tensors))
    runs.append((wall_us, prof))
wall_us, prof = min(runs, key=lambda run: run[0])

# %% [markdown]
# `key_averages()` adds up all events with the same name. `aten` is PyTorch's library of operations.
# A name with `Backward` in it is a node of autograd's graph.
# (`rows.table(sort_by="self_cpu_time_total")` makes a table of all columns, too wide for this page.
# The cell prints four of them.) The **total time** of an operation is the time from its start to
# its end. Its **self time** is the total time without the operations that it called:

# %%
rows = prof.key_averages()
print(f"{'name':44}calls  self µs  total µs")
for row in sorted(rows, key=lambda row: -row.self_cpu_time_total)[:8]:
    times = f"{row.self_cpu_time_total:9.0f}{row.cpu_time_total:10.0f}"
    print(f"{row.key.replace('autograd::engine::', '')[:43]:44}{row.count:5}{times}")

# %% [markdown]
# Total times overlap: `aten::linear` calls `aten::addmm`, whose time is in the totals of both. You
# may add up only self times. Their sum is the time of the outermost operations, which no other
# operation called. The rest of the clock's time passed between operations, in Python and in the
# profiler:

# %%
outermost = sum(event.cpu_time_total for event in prof.events() if event.cpu_parent is None)
self_us = sum(row.self_cpu_time_total for row in rows)
print("self times add up to the outermost operations:", np.isclose(self_us, outermost))
print("total times add up to more:", sum(row.cpu_time_total for row in rows) > outermost)
print(f"of the clock's time within operations: {self_us / wall_us:.0%}")

# %% [markdown]
# ## A step on the time axis
#
# A table does not show the order of events. A **trace** does: it holds each event with its start
# and its end. `record_function` adds your own event, under a name that you choose. In a long
# training a *schedule* selects the steps. Here the first step is not profiled (`wait`). In the
# second the profiler runs, but its data are dropped (`warmup`). The third is recorded (`active`).
# `prof.step()` marks the end of a step:

# %%
x, y = tensors["x"][0], tensors["y"][0]


def prepare(optimizer_class):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(64, 32), nn.Tanh(), nn.Linear(32, 10)).double()
    return model, optimizer_class(model.parameters(), lr=0.01)


def labelled_step(model, optimizer):
    with record_function("forward"):
        loss = F.cross_entropy(model(x), y)
    with record_function("backward"):
        optimizer.zero_grad()
        loss.backward()
    with record_function("update"):
        optimizer.step()


# %%
with tempfile.TemporaryDirectory() as folder:
    path = Path(folder) / "trace.json"
    parts, plan = prepare(torch.optim.SGD), schedule(wait=1, warmup=1, active=1, repeat=1)
    with profile(activities=CPU, schedule=plan) as prof:
        for _ in range(3):
            labelled_step(*parts)
            prof.step()
    prof.export_chrome_trace(str(path))
    trace = json.loads(path.read_text(encoding="utf-8"))
events = [e for e in trace["traceEvents"] if e.get("cat") in {"cpu_op", "user_annotation"}]
events.sort(key=lambda event: (event["ts"], -event["dur"]))
print(len(events), "events; the second:", {key: events[1][key] for key in ("name", "dur")})

# %% [markdown]
# The file is JSON: events with a name, a start `ts` and a duration `dur` in microseconds.
# [ui.perfetto.dev](https://ui.perfetto.dev) draws it: drop the file on that page. The file does not
# leave your browser. (TensorBoard's plugin for traces is deprecated in favour of this page.) Or
# draw the trace yourself. In this figure each bar is an event, and the events that it called are
# below it:

# %%
colours = {"forward": "C3", "backward": "C4", "update": "C5"}
begin, opened, colour = events[0]["ts"], [], "C1"
fig, ax = plt.subplots()
for event in events:
    start, width = event["ts"] - begin, event["dur"]
    opened = [end for end in opened if end > start]  # these are still at work, and called it
    colour = colours.get(event["name"], colour)
    ax.barh(len(opened), width, left=start, color=colour, alpha=0.4, edgecolor=colour)
    if event["name"] in colours:
        ax.text(start + width / 2, len(opened), event["name"], ha="center", va="center")
    opened.append(start + width)
ax.invert_yaxis()
ax.set(xlabel="time since the start of the step (µs)", ylabel="depth of the call")
ax.set_title("One step of the last rung: a bar is an event, and stands below what called it")
plt.show()

# %% [markdown]
# ## What each rung calls
#
# PyTorch's profiler does not see NumPy. Python has its own profiler, **cProfile**, which counts
# calls of functions. But an operator such as `@` is not a call, so its time is added to the
# function that contains it.


# %%
def python_calls(body, inputs):
    profiler = cProfile.Profile()
    profiler.runcall(body, **inputs)
    return pstats.Stats(profiler)


print(f"{'function':42}calls  self µs")
table = sorted(python_calls(mlp_numpy, arrays).stats.items(), key=lambda item: -item[1][2])
for (_, _, name), (_, count, self_s, *_) in table[:5]:
    print(f"{name[:41]:42}{count:5}{self_s * 1e6:9.0f}")

# %% [markdown]
# But an array can report its operations. NumPy's arithmetic, including `@`, consists of *ufuncs*.
# If the class of an argument has a method `__array_ufunc__`, the ufunc calls this method instead of
# computing. The method below computes with plain arrays, and records the name and the time of each
# ufunc:

# %%
seen = []


class Watched(np.ndarray):
    def __array_ufunc__(self, ufunc, method, *given, out=None, **options):
        plain = [np.asarray(each) if isinstance(each, Watched) else each for each in given]
        if out:
            options["out"] = tuple(np.asarray(each) for each in out)
        began = time.perf_counter()
        result = getattr(ufunc, method)(*plain, **options)
        seen.append((f"numpy::{ufunc.__name__}", (time.perf_counter() - began) * 1e6))
        return out[0] if out else np.asarray(result).view(Watched)


def observed(body, inputs):
    """Return the clock's time under observation, and each operation's name and self time (µs)."""
    if body is not mlp_numpy:
        with profile(activities=CPU) as prof:
            wall_us = clock_us(body, inputs)
        return wall_us, [(event.name, event.self_cpu_time_total) for event in prof.events()]
    watched = {k: v.view(Watched) if isinstance(v, np.ndarray) else v for k, v in inputs.items()}
    seen.clear()
    return clock_us(body, watched), list(seen)


# %% [markdown]
# Times change from run to run, but numbers of calls do not. To count the calls of one step, the
# cell subtracts those of two steps from those of three. This removes the calls before the first
# step. The table counts operations (in PyTorch also those inside others), nodes of the graph that
# run, and functions that Python calls.


# %%
def calls(body, inputs):
    names = [name for name, _ in observed(body, inputs)[1]]
    operations = sum(name.startswith(("aten::", "numpy::")) for name in names)
    nodes = sum(name.startswith("autograd::engine") for name in names)
    return np.array([operations, nodes, python_calls(body, inputs).total_calls])


rungs = {"NumPy": mlp_numpy, "tensors": mlp_tensors, "autograd": mlp_autograd, "nn": mlp_torch}
kinds = ["operations", "nodes", "Python calls"]
print(f"{'rung':9}", *kinds, "of one step")
found = {}
for name, body in rungs.items():
    inputs = arrays if body is mlp_numpy else tensors
    calls(body, steps(3, inputs))  # first calls are different
    found[name] = calls(body, steps(3, inputs)) - calls(body, steps(2, inputs))
    print(f"{name:9}", *(f"{n:{len(kind)}}" for n, kind in zip(found[name], kinds, strict=True)))
for place in (0, 2):
    print(f"most {kinds[place]}: {max(found, key=lambda name: found[name][place])}")

# %% [markdown]
# NumPy has fewer operations because a transpose or an index is not a ufunc. PyTorch builds
# operations from smaller ones, among them views. A rung with few operations and many Python calls
# spends time on the code around the operations. A module checks whether functions (*hooks*) were
# attached to it. An optimiser goes through its groups of parameters.
#
# ## Where each rung's time goes
#
# The figure groups the self times. *Python* is the rest of the clock's time. It includes events
# that only wrap Python code, such as the optimiser's. The diamond is the time of a step without a
# profiler. The part of the bar beyond the diamond is **what profiling costs**. The cell prints the
# length of the bar divided by the diamond's time.

# %%
GROUPS = {"matrix products": "C3", "other operations": "C4", "autograd": "C6", "Python": "C5"}


def group(name):
    if name.partition("::")[2] in {"mm", "addmm", "matmul"}:
        return "matrix products"
    return "autograd" if "autograd" in name or "Backward" in name else "other operations"


def shares(body, inputs):
    bare, runs = [], []
    for _ in range(4):  # in turn
        bare += [clock_us(body, inputs) for _ in range(5)]
        runs.append(observed(body, inputs))
    wall_us, operations = min(runs, key=lambda run: run[0])
    parts = Counter()
    for name, self_us in operations:
        if not name.startswith("Optimizer"):
            parts[group(name)] += self_us
    parts["Python"] = wall_us - parts.total()
    return parts, min(bare), wall_us


# %%
fig, axes = plt.subplots(1, 2, layout="constrained")
with threadpool_limits(1, user_api="blas"):  # NumPy's products, too, on one thread
    for ax, (hidden, batch) in zip(axes, ((32, 32), (256, 256)), strict=True):
        inputs = both(hidden=hidden, batch=batch)
        for name, body in rungs.items():
            parts, bare_us, wall_us = shares(body, steps(3, inputs[body is not mlp_numpy]))
            left = 0
            for part, colour in GROUPS.items():
                ax.barh(name, parts[part] / 3e3, left=left, color=colour, label=part)
                left += parts[part] / 3e3
            ax.plot(bare_us / 3e3, name, "D", color=plt.rcParams["text.color"], markersize=5)
            print(f"{hidden:3} units, {name:8} observed: {wall_us / bare_us:.2f} times")
        ax.set_title(f"{hidden} units: the largest part of nn\nis {max(parts, key=parts.get)}")
        ax.set_xlabel("time of a step (ms)")
        ax.invert_yaxis()
handles, names = (each[: len(GROUPS)] for each in axes[0].get_legend_handles_labels())
fig.legend(handles, names, loc="outside lower center", ncols=2)
plt.show()

# %% [markdown]
# Each event costs the profiler about the same time, so a profile of many short operations is slowed
# down most. Read shares from a profile, but take times from a clock.
#
# ## Memory, and a GPU
#
# `profile_memory=True` records how many bytes each operation allocates. In the forward pass `addmm`
# allocates the outputs of the two linear layers, and `tanh` allocates its result:

# %%
model, _ = prepare(torch.optim.SGD)
with profile(activities=CPU, profile_memory=True) as prof:
    loss = F.cross_entropy(model(x), y)
asked = {row.key: row.self_cpu_memory_usage for row in prof.key_averages()}
print("aten::addmm", asked["aten::addmm"], "of", 32 * (32 + 10) * x.element_size())
print("aten::tanh ", asked["aten::tanh"], "of", 32 * 32 * x.element_size())

# %% [markdown]
# On a GPU a call only launches a kernel ({{ chapter("gpu") }}). The profiler records the launch and
# the kernel. Add `ProfilerActivity.CUDA` to the activities, and wait for the device before the
# profile ends:

# %% tags=["gpu"]
if torch.cuda.is_available():
    on_gpu = {k: v.cuda() if isinstance(v, torch.Tensor) else v for k, v in tensors.items()}
    mlp_torch(**on_gpu)
    with profile(activities=[*CPU, ProfilerActivity.CUDA]) as prof:
        mlp_torch(**on_gpu)
        torch.cuda.synchronize()
    kernels = [row for row in prof.key_averages() if row.device_type == DeviceType.CUDA]
    for row in sorted(kernels, key=lambda row: -row.self_device_time_total)[:5]:
        print(f"{row.key[:60]:62}{row.count:4}{row.self_device_time_total:8.0f} µs")

# %% [markdown]
# ## A common mistake: profiling the first step only
#
# The first step does work that no other step does. On a CPU it starts threads and fills caches. On
# a GPU it loads kernels and may try several. With `torch.compile` it compiles. An optimiser such as
# Adam allocates its means of past gradients. Here are four steps, each with its own profile:

# %%
parts, counts = prepare(torch.optim.Adam), []
for _ in range(4):
    with profile(activities=CPU) as prof:
        labelled_step(*parts)
    counts.append(Counter(event.name for event in prof.events()))
print("events of each step:", [count.total() for count in counts])
extra = counts[0] - counts[1]
print(f"only in the first: {extra.total() / counts[0].total():.0%} of its events, such as")
print(*extra.most_common(4), sep="\n")
torch.set_num_threads(threads_before)

# %% [markdown]
# If you optimise what this first profile shows, you work on code that runs once. Skip some steps
# with the `wait` and `warmup` of a schedule, and record several.
#
# ## Exercises
#
# **1.** `self_times(events)` takes the events of one thread, a list of `(name, start, end)` in any
# order. Start and end are numbers. Two events either do not overlap, or one lies within the other.
# No two events have both the same start and the same end. It returns a dictionary from each name to
# the self time of all its events together.

# %%
from tutorial.exercises import check


def self_times(events):
    return {name: end - start for name, start, end in events}  # yours


check(self_times)

# %% [markdown]
# **2.** `idle_gaps(events, start, end)` takes a list of `(start, end)`, the work on a device. The
# work is in any order and may overlap. The arguments `start` and `end` are the ends of a window of
# time. It returns the list of all gaps in that window in which nothing ran, each as `(start, end)`,
# in order of time. No gap has length zero.


# %%
def idle_gaps(events, start, end):
    return [(start, events[0][0]), (events[-1][1], end)]  # yours


check(idle_gaps)

# %% [markdown]
# Check your answers here or with `python -m tutorial check profiler`. Solutions are in
# `tutorial/solutions/profiler.py`.
#
# ## To take along
#
# - Self time is an operation's own, total time includes what it calls.
# - A small step spends most of its time on calls, not on arithmetic.
# - Profile after the first steps, and never time with the profiler on.
#
# ## Where to read on
#
# - {{ chapter("timing") }} on clocks; {{ chapter("fusion") }} on fewer operations;
#   {{ chapter("gpu") }} on launches; {{ family("training", "the ladder, measured") }}.
# - PyTorch documentation: [torch.profiler](https://pytorch.org/docs/stable/profiler.html).
# - Python documentation: [The Python Profilers](https://docs.python.org/3/library/profile.html).
# - B. Gregg, "The Flame Graph", ACM Queue, 2016, on pictures of nested calls.
