# %% [markdown]
# # Checkpoints: trainings that survive interruptions
#
# `torch.save` · `get_rng_state` · `lr_scheduler` · safetensors · `os.replace`
#
# {{ opening("saving") }}
#
# If a computation of a minute breaks, you start it again. A training of days may be stopped by a
# full disc, a time limit or a power failure. Then it must continue from a file. Done well, it ends
# with the same result as a training without interruption. You can check this to the last bit.
#
# **What you will know at the end:**
#
# - what the next step of a training depends on, and so what a checkpoint holds;
# - how to prove that a resumed training is the same, and how to see that it is not;
# - how safetensors stores weights, and why loading such a file cannot run code;
# - how to write a checkpoint so that a crash cannot destroy the last good one.

# %%
import json
import os
import pickle
import struct
import tempfile
import timeit
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import nn
from torch.nn import functional as F

from bench.workloads.parts import digits

threads = torch.get_num_threads()
torch.set_num_threads(1)  # the network is small; set back at the end
folder = tempfile.TemporaryDirectory()  # for the files of this chapter; removed at its end
path = Path(folder.name) / "training.pt"
pixels, labels = (torch.from_numpy(part[: digits.TRAIN]) for part in digits.load())
pixels = pixels.float()

# %% [markdown]
# ## What the next step depends on
#
# The chapter {{ chapter("saving") }} saved the model and the optimiser. That was enough there,
# because the batches came in a fixed order, and nothing was random. Other trainings have more:
# dropout, which draws from PyTorch's global generator; a schedule of the learning rate
# ({{ chapter("training_in_practice") }}), kept by a **scheduler**; and a random order of the
# images, drawn for each epoch. This training has all three.


# %%
class Training:
    def __init__(self, seed):
        torch.manual_seed(seed)
        self.seed, self.steps, self.best = seed, 0, float("inf")
        layers = nn.Linear(64, 32), nn.Tanh(), nn.Dropout(0.3), nn.Linear(32, 10)
        self.model = nn.Sequential(*layers)
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=0.01)
        self.scheduler = torch.optim.lr_scheduler.StepLR(self.optimizer, step_size=25, gamma=0.5)

    def step(self, size=64):
        epoch, place = divmod(self.steps, len(labels) // size)
        order = np.random.default_rng((self.seed, epoch)).permutation(len(labels))  # of an epoch
        rows = order[place * size : (place + 1) * size]
        loss = F.cross_entropy(self.model(pixels[rows]), labels[rows])
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        self.scheduler.step()
        self.steps += 1
        self.best = min(self.best, loss.item())
        return loss.item()

    def state(self):
        parts = {name: getattr(self, name).state_dict() for name in PARTS}
        numbers = {"seed": self.seed, "steps": self.steps, "best": self.best}
        versions = {"torch": str(torch.__version__), "numpy": np.__version__}
        return {**parts, **numbers, "random": torch.get_rng_state(), "versions": versions}

    def resume(self, state):
        for name, part in state.items():
            if name in PARTS:
                getattr(self, name).load_state_dict(part)
            elif name == "random":
                torch.set_rng_state(part)
            else:
                setattr(self, name, part)


PARTS = ("model", "optimizer", "scheduler")

# %% [markdown]
# The state holds the dictionaries of the model, the optimiser and the scheduler, and more:
#
# - `random` is the state of the generator that dropout uses. Other generators have a state too: a
#   NumPy generator has `rng.bit_generator.state`, a `torch.Generator` has `get_state()`, and GPUs
#   have `torch.cuda.get_rng_state_all()`.
# - The order of the images needs no state, because it is a function of seed and epoch. `steps` is
#   the position in the data. (The order of a `DataLoader` comes from its `generator`. Save the
#   generator's state at the beginning of each epoch. To resume, set that state, draw the order
#   again, and skip the items that were already used.)
# - `best` is the lowest loss so far. (A real training would use held-out data.) Without it, the
#   first model after a resume would count as the best one.
# - `versions` help you find out why a result differs.
#
# ## The same to the last bit
#
# One training runs without interruption. A second is interrupted in the middle of an epoch. A third
# begins with other weights and another random state, and continues from the file of the second.
# `torch.load` with its default, `weights_only=True`, can read all of it: tensors, numbers, texts,
# lists and dictionaries.

# %%
STEPS, STOP = 80, 40
through = Training(seed=0)
unbroken = [through.step() for _ in range(STEPS)]

interrupted = Training(seed=0)
before = [interrupted.step() for _ in range(STOP)]
torch.save(interrupted.state(), path)


def go_on(without=()):
    torch.manual_seed(99)  # another day, another random state
    state = torch.load(path, map_location="cpu")  # a random state must be on the CPU
    training = Training(seed=1)
    training.resume({name: part for name, part in state.items() if name not in without})
    return training, [training.step() for _ in range(STEPS - STOP)]


resumed, after = go_on()
print("losses equal:", before + after == unbroken, " best:", resumed.best == through.best)

# %% [markdown]
# Here it is right to compare floats with `==`. On one machine, with the same versions and number of
# threads, the same operations give the same bits. {{ chapter("reproducibility") }} has the
# exceptions. Any difference, however small, means that something is missing. Here one part at a
# time is left out:

# %%
fig, (top, bottom) = plt.subplots(2, 1, sharex=True, figsize=(7.5, 5))
steps = range(1, STEPS + 1)
top.plot(steps, unbroken, color="C1", linewidth=5, label="never interrupted")
top.plot(steps[STOP:], after, color="C4", label="resumed")
top.set(ylabel="loss of the batch (nats)", title=f"A training that was interrupted at step {STOP}")
for missing, style in (("random", "C3-"), ("scheduler", "C5--"), ("steps", "C6:")):
    off = np.abs(np.subtract(go_on([missing])[1], unbroken[STOP:]))
    first = f"from step {STOP + 1 + off.nonzero()[0][0]} on" if off.any() else "nowhere"
    bottom.plot(steps[STOP:], off, style, label=f"without {missing}: {first}")
off = np.abs(np.subtract(after, unbroken[STOP:]))
bottom.plot(steps[STOP:], off, "C4", label=f"with all: at most {off.max():g}")
bottom.set(xlabel="step", ylabel="difference (nats)", title="Where the losses differ")
top.legend()
bottom.legend(loc="upper left")
plt.show()

# %% [markdown]
# None of this raised an error. Without `steps` the epoch starts again, and some images are used
# twice. Without the scheduler the learning rate falls too late. So make this comparison before a
# long run.
#
# ## Weights for others: safetensors
#
# A checkpoint is for yourself. To share only the weights, people often use a safetensors file. The
# package `safetensors` reads and writes it. The format has three parts, so you can read it by hand:
# eight bytes with the length of the header; the header, which is JSON with the dtype, shape and
# place of each tensor; and the numbers as they are in memory.

# %%
weights = through.model.state_dict()
shared = path.with_name("weights.safetensors")
save_file(weights, shared, metadata={"steps": str(through.steps)})

data = shared.read_bytes()
(length,) = struct.unpack("<Q", data[:8])  # unsigned, lowest byte first
header = json.loads(data[8 : 8 + length])
print(header.pop("__metadata__"))
loaded = load_file(shared)
for name, entry in header.items():
    start, end = entry["data_offsets"]  # counted from the end of the header
    numbers = np.frombuffer(data[8 + length :][start:end], dtype="<f4").reshape(entry["shape"])
    same = np.array_equal(numbers, weights[name]), torch.equal(loaded[name], weights[name])
    print(name, entry, same)

# %% [markdown]
# A pickle can name a function, and loading calls it. A safetensors file names no function, so
# loading it runs no code. In return it holds only tensors and texts. The nested dictionaries of an
# optimiser do not fit. And safetensors refuses tensors that share memory. An example is **tied
# weights**, one matrix that two layers use. The file would hold the matrix twice, and loading would
# make two separate tensors. (`nn.Embedding` is a layer that returns row i of its matrix for the
# integer i.)

# %%
tied = nn.Sequential(nn.Embedding(10, 4), nn.Linear(4, 10, bias=False))
tied[1].weight = tied[0].weight
try:
    save_file(tied.state_dict(), path.with_name("tied.safetensors"))
except RuntimeError as error:
    print(" ".join(str(error).split())[:100], "...")

# %% [markdown]
# `safetensors.torch.save_model` writes such a matrix once, and `load_model` ties it again.
#
# The header says where each tensor is, so `safe_open` can read one tensor and leave the others on
# the disc. Here a larger set of weights is written and read in several ways. (The cell adds up all
# numbers, because `load_file` reads the numbers from the disc only when they are used.)

# %%
large = {f"layer {i}": torch.full((512, 1024), float(i)) for i in range(8)}
pickled, safe = path.with_name("large.pt"), path.with_name("large.safetensors")
for name, way in {
    "torch.save": lambda: torch.save(large, pickled),
    "save_file": lambda: save_file(large, safe),
    "torch.load": lambda: sum(t.numpy().sum() for t in torch.load(pickled).values()),
    "load_file": lambda: sum(t.numpy().sum() for t in load_file(safe).values()),
    "safe_open, one tensor": lambda: safe_open(safe, "pt").get_tensor("layer 5").numpy().sum(),
}.items():
    times = timeit.repeat(way, number=1, repeat=3)
    print(f"{name:22} {1000 * min(times):6.1f} ms")
for file in (pickled, safe):
    extra = file.stat().st_size - sum(t.nbytes for t in large.values())
    print(f"{file.name:22} {extra:6} bytes beside the numbers")

# %% [markdown]
# ## A common mistake: writing over the only checkpoint
#
# Opening a file for writing empties it. From then until the last byte is written, neither the old
# checkpoint nor the new one exists. Here writing fails because somebody put a function into the
# state, which cannot be pickled. A full disc or a power failure does the same:


# %%
def attempt(save):
    broken = {**good, "rule": lambda step: 0.99**step}
    try:
        save(broken, path)
    except (pickle.PicklingError, AttributeError) as error:
        print("saving: ", type(error).__name__)
    try:
        print("loading:", "resumed as before", go_on()[1] == unbroken[STOP:])
    except RuntimeError as error:
        print("loading:", str(error).partition(":")[0])


good = torch.load(path)
attempt(torch.save)

# %% [markdown]
# In a long training this would destroy days of work. So write under another name first, make sure
# that the bytes are on the disc (`os.fsync`), and then rename. `Path.replace` puts the new file in
# the place of the old one in one step. So a reader gets either the whole old file or the whole new
# one.


# %%
def save_whole(state, path):
    part = path.with_name(path.name + ".part")  # in the same folder, so on the same disc
    with part.open("wb") as file:
        torch.save(state, file)
        file.flush()
        os.fsync(file.fileno())  # else the new name may reach the disc before the bytes
    part.replace(path)


save_whole(good, path)
attempt(save_whole)

# %% [markdown]
# A training that goes wrong saves its bad state too, so keep the last few files. Leading zeros in
# the names make the order of the names the order of the steps:

# %%
for _ in range(5):
    resumed.step()
    save_whole(resumed.state(), path.with_name(f"step-{resumed.steps:06}.pt"))
    for old in sorted(path.parent.glob("step-*.pt"))[:-3]:
        old.unlink()
print(sorted(each.name for each in path.parent.glob("step-*.pt")))
folder.cleanup()
torch.set_num_threads(threads)

# %% [markdown]
# ## Exercises
#
# **1.** `write_or_leave(path, write)` takes a `Path` and a function. It calls the function with a
# file that is open for writing bytes. If the function returns, its bytes are at `path`. If it
# raises, `path` is as it was, the exception reaches the caller, and no other file is left in the
# folder.
#
# **2.** `checkpoints_to_delete(names, keep, best)` takes a list of names such as `"step-900.pt"`,
# without leading zeros and in any order. `keep` is a number, at least one, and `best` is one of the
# names. Two kinds of files stay: the `keep` files with the most steps, and `best`. It returns the
# names of all others, as a sorted list.
#
# **3.** `read_one_tensor(file, name)` takes a safetensors file that is open for reading bytes, and
# the name of a tensor of dtype F32. It returns the tensor as a NumPy array of float32. It must not
# read the other tensors: go to the first byte of the tensor with `file.seek`.
#
# Check your answers here or with `python -m tutorial check checkpoints`. Solutions are in
# `tutorial/solutions/checkpoints.py`.

# %%
from tutorial.exercises import check


def write_or_leave(path, write):
    with path.open("wb") as file:
        write(file)  # yours


check(write_or_leave)


# %%
def checkpoints_to_delete(names, keep, best):
    return sorted(set(names[:-keep]) - {best})  # yours


check(checkpoints_to_delete)


# %%
def read_one_tensor(file, name):
    return np.frombuffer(file.read(), dtype=np.uint8, count=len(name))  # yours


check(read_one_tensor)

# %% [markdown]
# ## To take along
#
# - A checkpoint holds everything that the next step depends on, random states too.
# - A resumed training can be checked to the last bit.
# - Write to a new name, then replace: never over the only checkpoint.
#
# ## Where to read on
#
# - {{ chapter("reproducibility") }}: what else has to be the same in two equal trainings.
# - {{ chapter("saving") }}: `state_dict`, devices, and files that are programs.
# - PyTorch tutorials: [Saving and Loading
#   Models](https://pytorch.org/tutorials/beginner/saving_loading_models.html); documentation:
#   "Distributed Checkpoint", for models on several devices.
# - safetensors: [the format](https://huggingface.co/docs/safetensors).
