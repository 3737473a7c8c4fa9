# %% [markdown]
# # Data: Dataset, DataLoader, samplers and workers
#
# `Dataset` · `DataLoader` · `collate_fn` · `BatchSampler` · `num_workers` · `pin_memory` ·
# `worker_init_fn`
#
# {{ opening("whole_program") }}
#
# With NumPy, you get a batch by indexing an array with an array. PyTorch divides this work among
# parts that you can exchange: what the items are, in which order they come, how they become a
# batch, and which process loads them. This helps if each item is in a file. If all data are in
# memory, an index may be faster.
#
# **What you will know at the end:**
#
# - how to write a `Dataset`, and what a `DataLoader` does with it;
# - how to repeat a shuffle exactly, and how to batch sequences of unequal length;
# - when worker processes save time, and why a program that starts them needs a guard;
# - which random numbers every worker repeats.

# %%
import json
import math
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import torch
from sklearn.datasets import load_digits
from torch.utils.data import BatchSampler, DataLoader, Dataset, RandomSampler, TensorDataset

from tutorial import data_sets

# %% [markdown]
# ## A dataset has a length and an index
#
# A **map-style** dataset has a length, `len(data)`, and returns one item for each index, `data[i]`.
# Here the items are handwritten digits, as pairs of pixels and label:


# %%
class Digits(Dataset):
    def __init__(self):
        pixels, labels = load_digits(return_X_y=True)
        self.pixels, self.labels = torch.from_numpy(pixels / 16).float(), torch.from_numpy(labels)

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, index):
        return self.pixels[index], self.labels[index]


digits = Digits()
print(len(digits), digits[0][0].shape, digits[0][1])

# %% [markdown]
# Put the work for one item into `__getitem__`. A dataset of a million photographs keeps their file
# names, and opens a file only when its item is needed.
#
# ## A loader makes batches
#
# A `DataLoader` is an iterable of batches. It asks the dataset for the items of a batch one by one.
# Then it **collates** them: it makes one batch of the list of items. The default,
# `default_collate`, stacks the values of all items along a new first axis, also inside tuples and
# dictionaries:

# %%
x, y = next(iter(DataLoader(digits, batch_size=64)))
print(x.shape, y.shape, torch.equal(x, torch.stack([digits[i][0] for i in range(64)])))
items = [{"pixels": np.zeros(2), "label": 7}, {"pixels": np.ones(2), "label": 1}]
torch.utils.data.default_collate(items)

# %% [markdown]
# The last batch holds the items that are left, so it can be smaller. `drop_last=True` leaves it
# out, for code that needs batches of one size:

# %%
for drop_last in (False, True):
    loader = DataLoader(digits, batch_size=500, drop_last=drop_last)
    print(f"drop_last={drop_last}: {[len(y) for _, y in loader]}")

# %% [markdown]
# ## The order can be repeated
#
# `shuffle=True` draws a new order each time that you iterate over the loader, that is, for each
# **epoch**. By default it uses the global random state, which depends on everything that was drawn
# before. It can also use its own generator. If you seed that generator, the whole run can be
# repeated.


# %%
def first_labels(**order):
    return next(iter(DataLoader(digits, batch_size=8, **order)))[1].tolist()


generator = torch.Generator().manual_seed(0)
print("epoch 1", first_labels(shuffle=True, generator=generator))
print("epoch 2", first_labels(shuffle=True, generator=generator))
print("again  ", first_labels(shuffle=True, generator=generator.manual_seed(0)))

# %% [markdown]
# The order comes from a **sampler**, an iterable of indices. `shuffle=True` is short for a
# `RandomSampler`. A list works too. Here is a list of the rows of one digit:

# %%
digit = 7
rows = torch.nonzero(digits.labels == digit).flatten().tolist()
first_labels(sampler=rows)

# %% [markdown]
# ## Items of unequal length need their own collate function
#
# Sentences and recordings differ in length, and tensors of different shapes cannot be stacked. (A
# list can be a dataset: it has a length and an index.)

# %%
sequences = [torch.arange(1.0, 1 + length) for length in (3, 5, 2)]
try:
    next(iter(DataLoader(sequences, batch_size=3)))
except RuntimeError as error:
    print(error)

# %% [markdown]
# A `collate_fn` takes the list of items and returns the batch. This one fills each item with zeros
# to the length of the longest. It also returns the lengths, because a zero may be data or filling:


# %%
def padded(items):
    filled = torch.nn.utils.rnn.pad_sequence(items, batch_first=True)
    return filled, torch.tensor([len(item) for item in items])


next(iter(DataLoader(sequences, batch_size=3, collate_fn=padded)))

# %% [markdown]
# ## In memory, an index may be enough
#
# One call for each item and one stack for each batch take time. Here are three ways to get shuffled
# batches of the same digits:
#
# - `by_index` indexes arrays, as in NumPy.
# - `by_item` uses the loader.
# - `by_batch` uses a loader whose sampler returns the indices of a whole batch, so the loader calls
#   the dataset once for each batch. `batch_size=None` turns collating off.

# %%
pixels, labels = digits.pixels.numpy(), digits.labels.numpy()
tensors = TensorDataset(digits.pixels, digits.labels)  # its item i is row i of each


def by_index(size):
    order = np.random.default_rng(0).permutation(len(labels))
    for start in range(0, len(order), size):
        rows = order[start : start + size]
        yield pixels[rows], labels[rows]


def by_item(size):
    return DataLoader(digits, batch_size=size, shuffle=True)


def by_batch(size):
    sampler = BatchSampler(RandomSampler(tensors), size, drop_last=False)
    return DataLoader(tensors, sampler=sampler, batch_size=None)


# %%
def items_per_s(batches, size):
    times = []
    for _ in range(3):
        start = time.perf_counter()
        seen = sum(len(y) for _, y in batches(size))
        times.append(time.perf_counter() - start)
    return seen / min(times)


sizes, ways = (8, 32, 128, 512), (by_index, by_item, by_batch)
rates = {way.__name__: [items_per_s(way, size) for size in sizes] for way in ways}
fastest = max(rates, key=lambda way: rates[way][-1])

# %%
fig, ax = plt.subplots()
for (way, rate), colour in zip(rates.items(), ("C0", "C1", "C3"), strict=True):
    ax.loglog(sizes, rate, "o-", color=colour, label=way)
ax.set_xticks(sizes, sizes)
ax.set_xticks([], minor=True)
ax.set(xlabel="batch size (items)", ylabel="items per second")
ax.set_title(f"Digits in memory, batches of {sizes[-1]}: {fastest} is the fastest way")
ax.legend()
plt.show()

# %% [markdown]
# This matters if a training step is so short that loading takes a large part of its time.
#
# ## Workers load while you train
#
# With `num_workers=2` the loader starts two processes, the **workers**. Each worker has a copy of
# the dataset and makes whole batches. The workers take turns, and the batches come back in order,
# through shared memory. Each worker prepares up to `prefetch_factor` batches in advance: two by
# default.
#
# There are three ways to start a process. `fork` copies the running process. This is not safe if
# that process has threads, and PyTorch starts threads. `spawn` starts a new Python, which **imports
# your program's file** to find its classes. `forkserver` also imports the file. It forks a clean
# process without threads. The default depends on the system and the version, so name one:
# `multiprocessing_context="spawn"`.
#
# So code at the top level of your file runs in each new process too. If this code starts processes,
# each of them would start more. Python refuses this:

# %%
WORK = "multiprocessing.get_context('spawn').Process(target=print, args=('a worker',)).start()"
for guard in ("", "if __name__ == '__main__': "):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "program.py"
        path.write_text(f"import multiprocessing\n{guard}{WORK}\n")
        ran = subprocess.run(  # noqa: S603 - the file above
            [sys.executable, path], check=False, capture_output=True, text=True
        )
    refused = " ".join(ran.stderr.partition("RuntimeError: ")[2].split())
    print(f"{guard or 'no guard'}\n    {ran.stdout.strip() or refused[:94]}")

# %% [markdown]
# In a worker, `__name__` is not `"__main__"`, so a worker does not run the code behind the guard.
# This chapter is a script without a guard, so the code for the workers is in its own file. In
# `Waiting` each item takes some time, as if it were read from a disc. `Noise` is for the common
# mistake below:
#
# {{ source("tutorial/data_sets.py") }}

# %%
program = [sys.executable, data_sets.__file__]
ran = subprocess.run(program, check=True, capture_output=True)  # noqa: S603 - that file
told = json.loads(ran.stdout)

fig, axes = plt.subplots(2, 1, sharex=True, figsize=(7.5, 4.2))
for ax, (workers, spans) in zip(axes, told["slow"].items(), strict=True):
    start = min(begin for _, begin, _ in spans)
    for who, begin, end in sorted(spans, key=lambda span: span[0] != "training"):
        colour = "C1" if who == "training" else "C3"
        edge = plt.rcParams["axes.edgecolor"]
        ax.barh(who, end - begin, left=begin - start, color=colour, edgecolor=edge)
    ax.set_title(f"Slow items, num_workers={workers}: a bar is a batch loaded, or a step")
axes[1].set_xlabel("time since the first item was begun (s)")
plt.show()

# %% [markdown]
# The program has to wait for slow items, but not for fast ones. For both kinds the cell prints the
# time of an epoch, from the first item to the last step, without workers (`alone`) and with them.
# It also prints after how many epochs the workers have saved as much time as their start took:

# %%
for kind in ("slow", "fast"):
    alone, shared = (
        max(end for *_, end in spans) - min(begin for _, begin, _ in spans)
        for spans in told[kind].values()
    )
    gains = alone - shared > 0.1 * alone
    after = f"{math.ceil(told['start-up'] / (alone - shared))} epochs" if gains else "never"
    print(f"{kind}: {alone:.2f} s alone, {shared:.2f} s with workers; start made up for: {after}")

# %% [markdown]
# This counts one start, as with `persistent_workers=True`. Otherwise each epoch starts new workers.
#
# ## On the way to a GPU
#
# A GPU can read by itself only from **pinned memory**, which the operating system may not move.
# Other data are first copied into pinned memory, and the program waits for this copy. With
# `pin_memory=True` the loader makes the copy: in another thread if there are workers, and otherwise
# in the loop. With `non_blocking=True` the program continues while a pinned batch is transferred:

# %% tags=["gpu"]
if torch.cuda.is_available():
    x, y = next(iter(DataLoader(digits, batch_size=512, pin_memory=True)))
    there = x.to("cuda", non_blocking=True)
    print(x.is_pinned(), there.device, torch.equal(there.cpu(), x))

# %% [markdown]
# These sentences compare a transfer to the GPU with NumPy's copy in the CPU's memory. The first
# transfer is from ordinary memory, the second from pinned memory:
#
# > {{ speedup("host_to_device", "n=3000000", contender="torch-cuda") }}
#
# > {{ speedup("host_to_device", "n=3000000", contender="torch-cuda-pinned") }}
#
# Pinning is a copy too. It helps only if another thread makes it while you train, so with
# `num_workers=0` it gains nothing. The page of {{ family("transfer", "all transfers") }} has other
# sizes.
#
# ## A common mistake: a generator that every worker copies
#
# Programs often change items at random while they load them, for example with noise. A dataset may
# keep a NumPy generator for this. With one process that works. But each worker gets a copy of the
# generator in the same state, and in the next epoch the new workers get the same copy again.
# `Noise` above draws from four sources:

# %%
epoch, following = told["noise"]
for source in epoch[0]:
    drawn, again = ([item[source] for item in items] for items in (epoch, following))
    unlike = len(set(drawn))
    print(f"{source:20} {unlike} of {len(drawn)} differ; next epoch the same: {drawn == again}")

# %% [markdown]
# In each worker and epoch the loader seeds the global states of PyTorch, of `random` and of
# `numpy.random` anew. It does not seed a generator that you keep. So draw with `torch.rand` in
# `__getitem__`, or give the copy in each worker its own generator, as `reseed` above does. The
# loader calls `worker_init_fn` in each worker at its start, and `get_worker_info().seed` is the
# seed of that worker. All these seeds come from the loader's own `generator`, so you can repeat
# them.
#
# ## Exercises
#
# **1.** `next_value_windows(series, width)` takes a tensor of shape (n,). It returns a `Dataset`
# whose item `i` is a tuple: `series[i : i + width]`, and the value that follows it, of shape ().
# There is an item for every window that has a next value.
#
# **2.** `collate_with_mask(items)` takes a list of pairs: a float tensor of shape (length,), whose
# length differs from item to item, and a label. It returns a tuple of three: the sequences, filled
# up with zeros, of shape (batch, longest); a mask of that shape and dtype bool, true where there is
# data; the labels, of shape (batch,) and dtype int64.
#
# **3.** `stratified_split(labels, share, seed)` takes labels of shape (n,). It returns a tuple of
# two tensors of indices, in any order: first for training, then for testing. For each class with
# `count` items, draw `round(share * count)` of them at random for testing. The split must depend
# only on `labels`, `share` and `seed`, and the global random state must not change.
#
# Check your answers here or with `python -m tutorial check data`. Solutions are in
# `tutorial/solutions/data.py`.

# %%
from tutorial.exercises import check


def next_value_windows(series, width):
    return TensorDataset(series[:width])  # yours


check(next_value_windows)


# %%
def collate_with_mask(items):
    return padded([sequence for sequence, _ in items])  # yours


check(collate_with_mask)


# %%
def stratified_split(labels, share, seed):
    return torch.arange(seed, len(labels)), torch.arange(round(share * len(labels)))  # yours


check(stratified_split)

# %% [markdown]
# ## To take along
#
# - A dataset has a length and an index. A loader makes batches of it.
# - Workers are worth their start for slow items. For data in memory, index whole batches.
# - A generator that you keep in a dataset is copied into every worker.
#
# ## Where to read on
#
# - {{ chapter("training_ladder") }}: the loop that uses the batches.
# - {{ chapter("gpu") }}: work that overlaps. {{ chapter("several_processes") }}: training in
#   several processes.
# - PyTorch documentation: [torch.utils.data](https://pytorch.org/docs/stable/data.html), sections
#   "Multi-process data loading" and "Randomness in multi-process data loading".
# - Python documentation: [multiprocessing](https://docs.python.org/3/library/multiprocessing.html),
#   sections "Contexts and start methods" and "Programming guidelines".
