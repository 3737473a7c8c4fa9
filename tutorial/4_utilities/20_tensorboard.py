# %% [markdown]
# # How do you watch a training run?
#
# A loop that prints its loss leaves a page of numbers, and nothing to compare the next run with.
# TensorBoard splits that in two: the program appends named numbers to a file while it trains, and a
# server, which may start at any time, draws whatever files it finds. It asks for numbers, not for
# tensors, so it serves a training in NumPy as well.
#
# **What you will know at the end:**
#
# - how to log scalars and histograms, and how to read them back in Python;
# - what lies in an event file, and what happens to one that is damaged;
# - what a logged number costs, and when a CSV file will do;
# - why every run needs a folder of its own.
#
# ## A log beside the loop
#
# A `SummaryWriter` makes a folder and in it an *event file*. `add_scalar(tag, value, step)` appends
# a number: the *tag* names the curve, and what stands before its slash is the heading that the page
# puts it under. Here a small network learns the digits. At each step the loop logs the loss and the
# norm of the gradient, and after each epoch the weights and the *accuracy*, the share of held-out
# images whose class is right:

# %%
import csv
import math
import struct
import tempfile
import time
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.backend.event_processing.event_file_loader import RawEventFileLoader
from tensorboard.compat.proto.event_pb2 import Event
from torch import nn
from torch.nn import functional as F
from torch.utils.tensorboard import SummaryWriter

from bench.workloads.parts import digits

threads_before = torch.get_num_threads()
torch.set_num_threads(1)
images, labels = map(torch.from_numpy, digits.batches(32))
held_out, right = (torch.from_numpy(part[digits.TRAIN :]) for part in digits.load())


def gradient_norm(model):
    return torch.stack([p.grad.norm() for p in model.parameters()]).norm()


def log_epoch(writer, model, step):
    share = (model(held_out).argmax(1) == right).double().mean()
    writer.add_scalar("accuracy/held out", share, step)
    writer.add_histogram("weights/first layer", model[0].weight, step, bins="auto")


# %%
def train(folder, lr, epochs=6):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(64, 32), nn.Tanh(), nn.Linear(32, 10)).double()
    optimizer, losses, seconds = torch.optim.SGD(model.parameters(), lr), [], []
    with SummaryWriter(folder) as writer:
        for _ in range(epochs):
            for xb, yb in zip(images, labels, strict=True):
                began = time.perf_counter()
                loss = F.cross_entropy(model(xb), yb)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                seconds.append(time.perf_counter() - began)
                losses.append(loss.item())
                writer.add_scalar("loss/train", losses[-1], len(losses))
                writer.add_scalar("gradient/norm", gradient_norm(model), len(losses))
            log_epoch(writer, model, len(losses))
    return losses, np.median(seconds)


folder = tempfile.TemporaryDirectory()
logs = Path(folder.name)
losses, step_s = train(logs / "runs" / "lr=0.2", lr=0.2)
print(len(losses), "steps")

# %% [markdown]
# In a terminal, `tensorboard --logdir runs` serves what lies below that folder as a page at
# `http://localhost:6006`, which keeps up with files that grow. The package `tensorboard` is not
# part of PyTorch, and needs no TensorFlow. A thread of the writer puts events on disc, at the
# latest after `flush_secs`, which is two minutes unless you say otherwise. So a program that is
# killed may lose its last events. One that ends does not, thanks to `with` (or `close()`).
#
# ## Read back, and drawn
#
# TensorBoard's reader can be called from Python. `size_guidance` says how many events to keep of
# each tag, where zero stands for all. Without it, the reader keeps ten thousand scalars, drawn at
# random, and a single histogram.


# %%
def read(path):
    return EventAccumulator(str(path), size_guidance={"scalars": 0, "histograms": 0}).Reload()


def curve(reader, tag):
    events = reader.Scalars(tag)
    return [event.step for event in events], [event.value for event in events]


reader = read(logs / "runs" / "lr=0.2")
_, values = curve(reader, "loss/train")
print("the same numbers:", values == losses)
print("the same in float32:", np.array_equal(np.float32(losses), values))

# %% [markdown]
# A scalar is kept as float32. That is enough for a curve, and not for a comparison of bits.

# %%
fig, axes = plt.subplots(1, 3, figsize=(7.5, 2.8), layout="constrained")
units = {"loss/train": "nats", "gradient/norm": "nats per unit of weight"}
for ax, tag in zip(axes, reader.Tags()["scalars"], strict=True):
    steps, values = curve(reader, tag)
    ax.plot(steps, values, color="C1", linewidth=1, marker="" if tag in units else "o")
    ax.set(title=tag, xlabel="step", ylabel=units.get(tag, "share of images"))
    ax.set_ylim(0, 1.1 * max(values))
fig.suptitle("What the event file holds, drawn without the page")
plt.show()

# %% [markdown]
# A histogram is a count for each *bucket*, a range of values. The file keeps the upper end of each
# bucket. The first one is empty, and is there for its end alone, where the second begins.

# %%
events = reader.Histograms("weights/first layer")
fig, ax = plt.subplots()
for event, colour in ((events[0], "C1"), (events[-1], "C3")):
    held = event.histogram_value
    density = np.array(held.bucket[1:]) / np.diff(held.bucket_limit) / held.num
    ax.stairs(density, held.bucket_limit, color=colour, label=f"after step {event.step}")
ax.set_title("The weights of the first layer, after the first epoch and after the last")
ax.set(xlabel="weight", ylabel="density (share of weights per unit)")
ax.legend()
plt.show()

# %% [markdown]
# The writer can draw the network too, by `add_graph`. That is left out here because it goes by way
# of `torch.jit.trace`, which is deprecated; {{ chapter("export") }} shows a graph in another way.
#
# ## What lies in the file
#
# An event file is one record after another. A record is the length of its data (eight bytes, the
# lowest first, which `struct` calls `<Q`), four bytes for a checksum of that length, the data, and
# four bytes for a checksum of the data:

# %%
(path,) = (logs / "runs" / "lr=0.2").iterdir()
content = path.read_bytes()
(length,) = struct.unpack("<Q", content[:8])
first = content[12 : 12 + length]
print("length of the first record:", length)
print("what TensorBoard reads first:", first == next(RawEventFileLoader(str(path)).Load()))

# %% [markdown]
# The data are a *protocol buffer*, `Event`: named fields in a binary form that has readers in many
# languages. The first event tells the version of the format, and every other one holds a value. So
# there should be one, two for each step, and two for each of six epochs:

# %%
events, at = [], 0
while at < len(content):
    (length,) = struct.unpack("<Q", content[at : at + 8])
    events.append(Event.FromString(content[at + 12 : at + 12 + length]))
    at += 8 + 4 + length + 4
print(events[0].file_version, events[1].step, events[1].summary)
print(len(events), "events are", 1 + 2 * len(losses) + 2 * 6)

# %% [markdown]
# A file that is cut off is good up to the cut, which is why the page can read one that grows. The
# reader takes a record whose checksum is wrong for such a cut, and is silent about it too:

# %%
half = len(content) // 2
damaged = content[:half] + bytes([content[half] ^ 1]) + content[half + 1 :]  # one bit
for name, bad in {"cut": content[:half], "damaged": damaged}.items():
    (logs / name).mkdir()
    (logs / name / path.name).write_bytes(bad)
    print(name, len(read(logs / name).Scalars("loss/train")), "of", len(losses), "losses are read")

# %% [markdown]
# ## What it costs
#
# Each call is timed in a loop of many. The thread that writes is in that time too, since its queue
# is short and a fast loop has to wait for it. The last row is the plainest log, a row of a CSV
# file:


# %%
def each_s(call, count):
    began = time.perf_counter()
    for number in range(count):
        call(number)
    return (time.perf_counter() - began) / count


weights = torch.randn(32, 64)
costs = {"the training step": step_s}
with SummaryWriter(logs / "cost") as writer, (logs / "cost.csv").open("w") as file:
    rows = csv.writer(file)
    costs["add_scalar"] = each_s(lambda n: writer.add_scalar("loss", 0.5, n), 1000)
    costs["add_histogram"] = each_s(lambda n: writer.add_histogram("w", weights, n, "auto"), 50)
    costs["a row of CSV"] = each_s(lambda n: rows.writerow(("loss", 0.5, n)), 1000)
for name, seconds in costs.items():
    print(f"{name:19}{seconds * 1e6:7.1f} µs")
share, bearable = costs["add_scalar"] / step_s, 0.02
print(f"A scalar at every step adds {share:.1%} to this one:", end=" ")
print("let it." if share <= bearable else f"log every {math.ceil(share / bearable)} steps.")

# %% [markdown]
# The larger the network, the longer its step, while a scalar costs the same. On a GPU something
# else counts: `item()`, and `add_scalar` of a tensor as well, waits until the device has finished
# ({{ chapter("gpu") }}). So log every so many steps, or keep losses as tensors and log them
# together at the end of an epoch.
#
# For one program and a few numbers, in figures that you draw yourself, a CSV file is enough: any
# program reads it. TensorBoard earns its place with many runs, with someone who watches, or with
# histograms and images. Before you publish an event file, note that its name holds the name of your
# computer.
#
# ## A common mistake: two runs in one folder
#
# Every folder with event files is a **run**, and the page lays the curves of all runs over one
# another. Here a program whose folder is fixed runs again with another learning rate. That adds a
# second file, and the reader takes both for one run, one file after the other:

# %%
rates = {0.05: "C1", 0.8: "C4"}
for lr in rates:
    train(logs / "fixed", lr)
    train(logs / "runs" / f"lr={lr}", lr)
steps, values = curve(read(logs / "fixed"), "loss/train")
print("files:", len(list((logs / "fixed").iterdir())))
print("places where the step goes back:", np.count_nonzero(np.diff(steps) < 0))

fig, (one, each) = plt.subplots(1, 2, figsize=(7.5, 3.2), sharey=True, layout="constrained")
one.plot(steps, values, color="C3", linewidth=1)
one.set(title="One folder for both: one zigzag", xlabel="step", ylabel="loss (nats)")
for lr, colour in rates.items():
    reader = read(logs / "runs" / f"lr={lr}")
    each.plot(*curve(reader, "loss/train"), color=colour, linewidth=1, label=f"lr={lr}")
each.set(title="A folder each: two curves", xlabel="step")
each.legend()
plt.show()
folder.cleanup()
torch.set_num_threads(threads_before)

# %% [markdown]
# The straight line leads from the end of one run back to the start of the other, and nothing tells
# which part is which. So give every run a folder, named by what makes it different. Without an
# argument `SummaryWriter()` makes one of its own, named by date, time and computer.
#
# ## Exercises
#
# **1.** `slider_smoothed(values, weight)` takes a list of floats, and a number that is zero or more
# and less than one. It returns the list that the page draws when its slider for smoothing stands at
# that weight. It keeps a mean `m`, zero at first, by `m = weight * m + (1 - weight) * value`; and
# since a mean that begins at zero is too small, it draws `m / (1 - weight**k)` for the k-th value.

# %%
from tutorial.exercises import check


def slider_smoothed(values, weight):
    return [value * weight for value in values]  # yours


check(slider_smoothed)

# %% [markdown]
# **2.** `steps_to_target(folder, tag, target)` takes a run's folder as a string, a tag, and a
# float. It reads the events and returns the first step, an int, at which the value is
# at least the target, or `None` where there is none. A value that was logged as the target counts.


# %%
def steps_to_target(folder, tag, target):
    return len(f"{folder}/{tag}") * target  # yours


check(steps_to_target)

# %% [markdown]
# **3.** `run_name(settings)` takes a dictionary from names to numbers, strings or booleans, and
# returns a string that can be the name of one folder: no slash in it, a hundred characters at most.
# Equal settings give equal names, in whatever order they stand; others give another.


# %%
def run_name(settings):
    return "-".join(map(str, settings.values()))  # yours


check(run_name)

# %% [markdown]
# Answers are checked here or by `python -m tutorial check 20`; solutions are in
# `tutorial/solutions/tensorboard.py`.
#
# ## Where to read on
#
# - {{ chapter("profiler") }} on where the time of a step goes; {{ chapter("checkpoints") }} on
#   going on after a crash; {{ chapter("reproducibility") }} on what settings leave out.
# - PyTorch documentation:
#   [torch.utils.tensorboard](https://pytorch.org/docs/stable/tensorboard.html), which has
#   `purge_step` for a run that goes on in its old folder, `add_hparams` for a table of settings.
# - RFC 3720, appendix B.4, for the checksum, CRC-32C.
