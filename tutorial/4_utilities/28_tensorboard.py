# %% [markdown]
# # TensorBoard: watching a training run
#
# `SummaryWriter` · `add_scalar` · `add_histogram` · `add_images` · `add_hparams`
#
# {{ opening("training_ladder") }}
#
# A loop that prints its loss gives a page of numbers, which is hard to compare with the next run's.
# With TensorBoard, your program appends named numbers to a file while it trains. A server draws
# these files. You can start it at any time. TensorBoard needs numbers, not tensors, so it also
# works for training in NumPy.
#
# **What you will know at the end:**
#
# - how to log scalars, histograms, images and settings;
# - what TensorBoard's page shows of them, and how to read them back in Python;
# - what it costs to log a number, and when a CSV file is enough;
# - why every run needs its own folder.
#
# ## A log beside the loop
#
# A `SummaryWriter` makes a folder and an *event file* in it. `add_scalar(tag, value, step)` appends
# a number. The *tag* names the curve, and the page groups curves by the part of the tag before the
# slash. Here a small network learns the digits. At each step the loop logs the loss and the norm of
# the gradient. After each epoch it logs the weights, the *accuracy* and some images. The accuracy
# is the share of held-out images that the network gets right. The images are the first that it gets
# wrong:

# %%
import csv
import math
import tempfile
import time
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
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
    wrong = model(held_out).argmax(1) != right
    writer.add_scalar("accuracy/held out", 1 - wrong.double().mean(), step)
    writer.add_histogram("weights/first layer", model[0].weight, step, bins="auto")
    pictures = held_out[wrong][:8].reshape(-1, 1, 8, 8)  # from 0 to 1, with a grey channel
    writer.add_images("digits/first wrong answers", pictures, step)


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
# At the end, `add_hparams` logs the settings of a run (its *hyperparameters*) beside its result.
# The page makes a table of all runs from them. By default they go into a new folder; `run_name="."`
# is the folder of the run itself:

# %%
with SummaryWriter(logs / "runs" / "lr=0.2") as writer:
    settings, result = {"lr": 0.2, "hidden": 32}, {"result/loss": losses[-1]}
    writer.add_hparams(settings, result, run_name=".")

# %% [markdown]
# ## The page
#
# TensorBoard is a package of its own: `pip install tensorboard`. It does not need TensorFlow. In a
# terminal, `tensorboard --logdir runs` serves everything below the folder `runs` as a page at
# `http://localhost:6006`. The page updates while the files grow. Starting a server and a browser
# would take too long for this chapter, so these pictures are recorded. They show three longer runs
# with two learning rates and two widths, logged in the same way.
#
# **Scalars** has a chart for each tag, with the curves of all runs. The pale lines are the numbers
# that were logged. The strong lines are smoothed. The slider on the left sets how much:
#
# {{ picture("tensorboard-scalars", "TensorBoard's page with charts of accuracy and loss for three runs") }}
#
# **Images** shows what the model still gets wrong. The slider above each row chooses the step:
#
# {{ picture("tensorboard-images", "TensorBoard's page with small images of digits for three runs") }}
#
# **Histograms** has a curve for each epoch, the last in front. Look here for weights that grow
# without end, or do not move at all:
#
# {{ picture("tensorboard-histograms", "TensorBoard's page with histograms of weights for three runs") }}
#
# **HParams** has a row for each run, with its settings and its result. You can sort and filter the
# table:
#
# {{ picture("tensorboard-hparams", "TensorBoard's page with a table of three runs, their settings and accuracy") }}
#
# The writer keeps new events in memory, and a thread writes them to disc every `flush_secs`
# seconds, 120 by default. So a program that is killed may lose its last events. `with` (or
# `close()`) writes the rest at the end.
#
# ## Read back, and drawn
#
# You can call TensorBoard's reader from Python. `size_guidance` says how many events of each kind
# to keep for a tag, and zero means all. Without it, the reader keeps ten thousand scalars, drawn at
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
# A scalar is stored as float32. That is enough for a curve, but not to compare runs bit by bit.

# %%
fig, axes = plt.subplots(1, 3, figsize=(7.5, 2.8), layout="constrained")
units = {"loss/train": "nats", "gradient/norm": "nats per unit of weight"}
for ax, tag in zip(axes, (*units, "accuracy/held out"), strict=True):
    steps, values = curve(reader, tag)
    ax.plot(steps, values, color="C1", linewidth=1, marker="" if tag in units else "o")
    ax.set(title=tag, xlabel="step", ylabel=units.get(tag, "share of images"))
    ax.set_ylim(0, 1.1 * max(values))
fig.suptitle("What the event file holds, drawn without the page")
plt.show()

# %% [markdown]
# A histogram divides the values into ranges, its *buckets*, and counts the values in each. The file
# stores the upper end of each bucket. An empty bucket in front marks the lower end of the first
# real one, so the code skips its count.

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
# (`add_graph` draws the network, but uses the deprecated `torch.jit.trace`. {{ chapter("export") }}
# draws one in another way.)
#
# ## When a program is killed
#
# An event file is a sequence of records, each with its length and checksums. If a file is cut off,
# it is readable up to the cut. This is why the page can read a file that grows. If the checksum of
# a record is wrong, the reader stops there too, and gives no warning:

# %%
path = max((logs / "runs" / "lr=0.2").iterdir(), key=lambda file: file.stat().st_size)
content = path.read_bytes()
half = len(content) // 2
damaged = content[:half] + bytes([content[half] ^ 1]) + content[half + 1 :]  # one bit
for name, bad in {"cut": content[:half], "damaged": damaged}.items():
    (logs / name).mkdir()
    (logs / name / path.name).write_bytes(bad)
    print(name, len(read(logs / name).Scalars("loss/train")), "of", len(losses), "losses are read")

# %% [markdown]
# ## What it costs
#
# The cell times each call in a loop of many calls. A fast loop has to wait for the thread that
# writes, so the writing is included. The last row is the simplest log, a row of a CSV file. The
# last line of output says how often to log, so that logging adds little to a step:


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
every = max(1, math.ceil(share / bearable))
print(f"A scalar adds {share:.1%} to this step. For at most {bearable:.0%}, log 1 step in {every}.")

# %% [markdown]
# A larger network takes longer for a step, but a scalar costs the same. On a GPU, `item()` makes
# the program wait for the device, and so does `add_scalar` with a tensor ({{ chapter("gpu") }}). So
# log only every few steps, or keep losses as tensors and log them together at the end of an epoch.
#
# A CSV file is enough for one program and a few numbers that you draw yourself. Any program can
# read it. TensorBoard is worth it for many runs, for watching them while they train, and for
# histograms and images. The name of an event file contains the name of your computer.
#
# ## A common mistake: two runs in one folder
#
# Every folder with event files is a **run**, and the page draws the curves of all runs over one
# another. Here a program runs with two learning rates, and logs both times into the same folder.
# The reader joins the two files into one run:

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
# The straight line leads back to the start of the second run. Nothing says which part is which. So
# give every run its own folder, with a name that says what makes the run different.
# `SummaryWriter()` without an argument makes a new folder, named by date, time and computer.
#
# ## Exercises
#
# **1.** `slider_smoothed(values, weight)` takes a list of floats, and a number from zero up to but
# not including one. It returns the list that the page draws when its slider for smoothing is at
# that weight. The page keeps a mean `m`, zero at first, with
# `m = weight * m + (1 - weight) * value`. A mean that begins at zero is too small, so for the k-th
# value the page draws `m / (1 - weight**k)`.

# %%
from tutorial.exercises import check


def slider_smoothed(values, weight):
    return [value * weight for value in values]  # yours


check(slider_smoothed)

# %% [markdown]
# **2.** `steps_to_target(folder, tag, target)` takes a run's folder as a string, a tag, and a
# float. It reads the events and returns the first step, an int, at which the value is at least the
# target. If there is none, it returns `None`. A value that was logged equal to the target counts,
# although the file stores it as float32.


# %%
def steps_to_target(folder, tag, target):
    return len(f"{folder}/{tag}") * target  # yours


check(steps_to_target)

# %% [markdown]
# **3.** `run_name(settings)` takes a dictionary from names to numbers, strings or booleans. It
# returns a string that can be the name of one folder: it has no slash and at most a hundred
# characters. Equal settings give equal names, in any order. Different settings give different
# names.


# %%
def run_name(settings):
    return "-".join(map(str, settings.values()))  # yours


check(run_name)

# %% [markdown]
# Check your answers here or with `python -m tutorial check tensorboard`. Solutions are in
# `tutorial/solutions/tensorboard.py`.
#
# ## To take along
#
# - The program appends numbers to a file, and a server draws the files that it finds.
# - Log the loss, the gradient's norm and the accuracy on held-out data.
# - Give every run its own folder.
#
# ## Where to read on
#
# - {{ chapter("profiler") }} on where the time of a step goes; {{ chapter("checkpoints") }} on
#   continuing after a crash; {{ chapter("reproducibility") }} on what to record beside the
#   settings.
# - PyTorch documentation:
#   [torch.utils.tensorboard](https://pytorch.org/docs/stable/tensorboard.html). It has `purge_step`
#   for a run that continues in its old folder.
