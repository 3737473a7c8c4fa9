# %% [markdown]
# # Several processes: torch.distributed and torchrun
#
# `torchrun` · `init_process_group` · `all_reduce` · `DistributedDataParallel` ·
# `DistributedSampler`
#
# {{ opening("data", "training_ladder") }}
#
# A NumPy program is one process, on one machine. To use more cores, GPUs or machines, run the same
# program several times at once. Each process gets a part of every batch. The processes share no
# memory, so they exchange messages to agree on each step. This chapter runs two processes for real.
#
# **What you will know at the end:**
#
# - what a process group, a rank and an all-reduce are
# - why the mean gradient of all shares is the gradient of the whole batch, except for the last
#   digits
# - how to write data-parallel training by hand, and what `DistributedDataParallel` adds
# - what it costs in bytes, and when a second process saves time
#
# ## Shares of a batch
#
# The loss of a batch is a mean over its examples, and so is its gradient. Cut the batch into shares
# of equal size, and compute the gradient of each. The mean of these gradients is the gradient of
# the whole batch.

# %%
import numpy as np
import torch

generator = torch.Generator().manual_seed(0)
x = torch.randn(64, 5, dtype=torch.float64, generator=generator)
y = torch.sin(x[:, 0]) - x[:, 1]
w = torch.linspace(-1, 1, 5, dtype=torch.float64, requires_grad=True)


def gradient(rows):
    loss = ((torch.tanh(x[rows] @ w) - y[rows]) ** 2).mean()
    return torch.autograd.grad(loss, w)[0]


whole = gradient(slice(None))
shares = [gradient(slice(rank, None, 2)) for rank in range(2)]  # every second row each
mean = sum(shares) / 2
print("close:", torch.allclose(mean, whole, rtol=1e-12), " equal in every bit:", mean.equal(whole))

# %% [markdown]
# Both ways add the same numbers, but in different orders, and the last digits of a floating-point
# sum depend on the order ({{ chapter("reductions") }}). So the losses of two processes must equal
# those of one process within a bound, but not bit by bit.
#
# ## A group of processes
#
# `torchrun` starts the same program several times. Environment variables tell each process how many
# processes there are, which of them it is, and where to meet. `dist.init_process_group(backend)`
# joins them into a **process group** (`dist` is `torch.distributed`). The **world size** is the
# number of processes. The **rank** of a process is its place in the group, counted from zero. The
# **backend** carries the messages: `gloo` between CPUs, `nccl` between NVIDIA GPUs.
#
# Ranks exchange messages with **collectives**, functions that every rank must call in the same
# order. If one rank does not call one of them, the others wait. `dist.all_reduce(t)` puts the sum
# of `t` over all ranks into `t` in every rank. `dist.barrier()` lets no rank continue before all
# ranks have reached it.
#
# This is the whole program. It trains the network of {{ chapter("training_ladder") }} in float64,
# in four ways. Training is *data-parallel* if each process computes a share of every batch. By hand
# this needs only one extra function, `all_reduce_gradients`.
#
# {{ source("tutorial/ddp_digits.py") }}
#
# `DistributedDataParallel` wraps the model. When it is made, it sends the weights of rank 0 to all
# ranks. During backward it all-reduces the gradients in **buckets** of many tensors. It sends a
# bucket as soon as all gradients in it are ready, while backward continues.
#
# ## Run it
#
# The chapter starts `torchrun` as you would, from the root of the repository. `--standalone` means
# that all processes are on this machine and need no network. The cell prints the number of steps of
# each way:

# %%
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import tutorial

torchrun = [sys.executable, "-m", "torch.distributed.run"]  # what the command `torchrun` is
options = ["--standalone", "--nproc-per-node=2", "-m", "tutorial.ddp_digits"]
root = Path(tutorial.__file__).parent.parent
with tempfile.TemporaryDirectory() as folder:
    path = Path(folder, "out.json")
    done = subprocess.run(  # noqa: S603 - a program of our own
        [*torchrun, *options, str(path)], cwd=root, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(done.stderr[-3000:])
    ran = json.loads(path.read_text(encoding="utf-8"))
{size: {way: len(of["losses"]) for way, of in ways.items()} for size, ways in ran.items()}

# %% [markdown]
# ## The same losses
#
# The cell compares the losses of two processes, step by step, with those of one process that used
# whole batches. A float64 has about sixteen digits. The bound leaves room for the last few digits,
# which the order of the additions changes:

# %%
BOUND = 1e-12


def apart(size, way):
    one, other = (np.array(ran[size][which]["losses"]) for which in ("one", way))
    return np.abs(other - one).max()


for size in ran:
    for way in ("by_hand", "ddp"):
        print(f"{size} {way}: {apart(size, way):.1e}, within {BOUND}: {apart(size, way) <= BOUND}")

# %% [markdown]
# ## What an all-reduce sends
#
# If every rank sent its gradients to rank 0, the number of messages to rank 0 would grow with the
# number of ranks. A **ring** has no such bottleneck. Cut the numbers into as many chunks as there
# are ranks. In each step every rank sends one chunk to its right-hand neighbour. In the first half,
# the neighbour adds the chunk to its own, until each rank holds one chunk that is summed over all
# ranks (**reduce-scatter**). In the second half, the finished chunks go round and replace the old
# ones (**all-gather**). The figure shows four ranks, after some of the six steps. The number in a
# chunk says how many ranks it is the sum of:

# %%
import matplotlib.pyplot as plt
from matplotlib.colors import ListedColormap, to_rgba

n = 4
away = (np.arange(n)[:, None] - np.arange(n)) % n  # how far rank r is behind rank c, to the right


def summed(step):
    reduced = np.where(away <= step, away + 1, 1)
    return np.where((away + 1) % n <= step - (n - 1), n, reduced)


colours = ListedColormap([to_rgba("C1", share / 6) for share in range(n)])
fig, axes = plt.subplots(1, 5, figsize=(7.5, 2.4), sharey=True)
for ax, step in zip(axes, (0, 1, 3, 4, 6), strict=True):
    ax.pcolormesh(summed(step), cmap=colours, vmin=1, vmax=n, edgecolors="C1", linewidth=0.5)
    for rank, chunk in np.ndindex(n, n):
        number = str(summed(step)[rank, chunk])
        ax.text(chunk + 0.5, rank + 0.5, number, ha="center", va="center")
    ax.set(title=f"step {step}", xlabel="chunk", aspect="equal")
    ax.set(xticks=np.arange(n) + 0.5, xticklabels=range(n))
    ax.set(yticks=np.arange(n) + 0.5, yticklabels=range(n))
axes[0].invert_yaxis()
axes[0].set_ylabel("rank")
fig.suptitle("Of how many ranks each chunk is the sum, in a ring of four")
plt.show()

# %% [markdown]
# With n ranks a ring takes n - 1 steps of each kind. In each step a rank sends an n-th of its
# numbers. So every rank sends less than twice the bytes of its gradients, however many ranks there
# are:

# %%
from tutorial.ddp_digits import LR, SIZES, network

with torch.random.fork_rng(devices=[]):
    numbers = {size: [p.nbytes for p in network(SIZES[size][0]).parameters()] for size in SIZES}
for size, parts in numbers.items():
    sent = [round(2 * (n - 1) / n * sum(parts) / 1000) for n in (2, 4, 64)]
    print(f"{size}: {len(parts)} gradients, kB sent by each of 2, 4 and 64 ranks: {sent}")

# %% [markdown]
# ## Does it save time?
#
# The work of a step is divided among the ranks, but the bytes are not. Each message also costs some
# time, whatever its size. Here each process has one thread, and the whole batch is the same in all
# ways. The cell compares the median steps:

# %%
CLEAR = 1.1  # what differs by less is no difference here

for size, (hidden, batch) in SIZES.items():
    took = {way: np.median(of["seconds"]) for way, of in ran[size].items()}
    gain = took["one"] / took["ddp"]
    print(f"{size}: {hidden} hidden units, batches of {batch}")
    print(f"  by hand, a message a gradient: {took['by_hand'] / took['one']:.2f} of one's time")
    print(f"  DistributedDataParallel:       {took['ddp'] / took['one']:.2f} of one's time")
    verdict = "pays" if gain > CLEAR else "costs time" if gain < 1 / CLEAR else "changes little"
    print(f"  a second process {verdict} here")

# %% [markdown]
# Two times tell you what to expect elsewhere: the time of a step of one process, and the time of an
# all-reduce of its gradients. With n processes a step takes about an n-th of the first time. Add to
# this the part of the second time that does not overlap with backward. Larger batches increase only
# the first time.
#
# A run of this project's benchmark measures a similar training at several sizes, with one process
# and with two:
#
# > {{ quote("second-rank") }}
#
# {{ choose(quote("second-rank"),
#     worth="From that size on, the second process saves more time than its messages cost.",
#     mixed="A large size alone does not decide: the bytes of its messages grow with it.",
#     never="On this machine its messages cost at least as much time as it saves.",
#     unsettled="A longer run, or a calmer machine, gives an answer.",
#     otherwise="`torchrun --standalone --nproc-per-node=2 -m bench.scaling` measures it on your
#     machine.") }}
#
# ## Which examples a rank sees
#
# The program cuts each batch with `x[:, rank::world]`. With a `DataLoader` ({{ chapter("data") }}),
# `DistributedSampler` gives each rank its indices. All ranks must take the same number of steps. So
# the sampler repeats examples if their number is not a multiple of the number of ranks:

# %%
from torch.utils.data.distributed import DistributedSampler

samplers = [DistributedSampler(range(7), num_replicas=2, rank=rank) for rank in range(2)]
for rank, sampler in enumerate(samplers):
    print("rank", rank, list(sampler))

# %% [markdown]
# The sampler shuffles. Its seed is a number that all ranks share, plus the epoch, so all ranks
# divide the same order into shares. You have to set the epoch. If you forget it, every epoch has
# the order of the first:

# %%
first = list(samplers[0])
print("the same again:", list(samplers[0]) == first)
samplers[0].set_epoch(1)
print("after set_epoch(1):", list(samplers[0]))

# %% [markdown]
# Without a sampler every rank goes through all examples. If all ranks have the same order, their
# gradients are equal, and together they do the work of one. Here each of two ranks uses the same 32
# of the 64 examples:

# %%
alike = [gradient(slice(0, 32)) for rank in range(2)]
print("as one process on half the data:", torch.equal(sum(alike) / 2, alike[0]))

# %% [markdown]
# ## On GPUs
#
# With one GPU for each process, two things change in the program. It calls
# `dist.init_process_group("nccl")`, and it puts model and data on the GPU whose number is in the
# environment variable `LOCAL_RANK`. NCCL sends directly from GPU to GPU, where the hardware allows
# it. This is a group of one process:

# %% tags=["gpu"]
import torch.distributed as dist

if torch.cuda.is_available():
    device = torch.device("cuda", 0)
    dist.init_process_group("nccl", store=dist.HashStore(), rank=0, world_size=1, device_id=device)
    ones = torch.ones(3, device=device)
    dist.all_reduce(ones)
    print(dist.get_backend(), dist.get_world_size(), ones.tolist())
    dist.destroy_process_group()

# %% [markdown]
# ## A common mistake: gradients that are summed and not averaged
#
# `all_reduce` sums. If you do not divide by the world size, the gradient is too long by that
# factor. In plain gradient descent, this has the same effect as a learning rate that is too large
# by the same factor:

# %%
right_step, wrong_step = LR * mean, LR * sum(shares)
print("a step at twice the learning rate:", torch.allclose(wrong_step, 2 * right_step))

# %%
fig, ax = plt.subplots()
named = {"one": "one process", "ddp": "two, averaged", "summed": "two, summed"}
for (way, name), style in zip(named.items(), ("C1-", "C4:", "C3-"), strict=True):
    width = 4 if way == "ddp" else 1.2
    ax.plot(ran["small"][way]["losses"], style, linewidth=width, label=name)
furthest = apart("small", "summed")
ax.set_title(f"Summed gradients take another path: losses up to {furthest:.2g} apart")
ax.set(xlabel="step (count)", ylabel="loss of the whole batch (no unit)")
ax.legend(loc="upper right")
plt.show()

# %% [markdown]
# There is no error. The loss may even fall faster, until more processes or a larger learning rate
# make it rise. So average the gradients, and check as above: compare a few steps of several
# processes with the same steps of one process, on the same whole batch.
#
# ## Exercises
#
# **1.** `ring_all_reduce(arrays, send)` takes a list of n NumPy arrays of shape (n, k), one for
# each rank. Row c of each array is chunk c. It returns a list of n new arrays, each equal to the
# sum of all given arrays. Numbers go from rank to rank only through `send(source, target, chunk)`,
# which returns what arrives. Each message is one chunk, of shape (k,), to the right-hand neighbour
# `(rank + 1) % n`. Each rank sends `2 * (n - 1)` chunks in all.
#
# **2.** `shard_indices(count, rank, world, epoch)` returns the list of indices that
# `DistributedSampler` gives to a rank. Shuffle with `torch.randperm` and a generator seeded with
# the epoch. Repeat the order from its start until its length is a multiple of `world`. Give each
# rank every `world`-th index. `count` may be smaller than `world`.
#
# **3.** `gradient_of_all(gradients, counts)` takes a list of tensors of the same shape and a list
# of counts, with one entry for each rank. A rank's tensor is the gradient of the mean loss over its
# share, and its count is the number of examples in the share. The function returns the gradient of
# the mean loss over all examples. If a share is empty, its gradient is `nan`.
#
# Check your answers here or with `python -m tutorial check several_processes`. Solutions are in
# `tutorial/solutions/several_processes.py`.

# %%
from tutorial.exercises import check


def ring_all_reduce(arrays, send):
    return [send(0, 0, array) for array in arrays]  # yours


check(ring_all_reduce)


# %%
def shard_indices(count, rank, world, epoch):
    return list(range(count))[rank + epoch :: world]  # yours


check(shard_indices)


# %%
def gradient_of_all(gradients, counts):
    return gradients[0] * counts[0]  # yours


check(gradient_of_all)

# %% [markdown]
# ## To take along
#
# - Each process computes the gradient of its share, and an all-reduce gives the mean to every
#   process.
# - The result is that of one process, except for the last digits.
# - A second process saves time if it saves more computing than the messages cost.
#
# ## Where to read on
#
# - {{ chapter("profiler") }}: where a step spends its time.
# - {{ chapter("reproducibility") }}: what else can change the last digits.
# - PyTorch documentation: [torch.distributed](https://pytorch.org/docs/stable/distributed.html),
#   [Distributed Data Parallel](https://pytorch.org/docs/stable/notes/ddp.html),
#   [torchrun](https://pytorch.org/docs/stable/elastic/run.html).
# - Li and others, *PyTorch Distributed: Experiences on Accelerating Data Parallel Training*,
#   Proceedings of the VLDB Endowment 13 (2020).
# - Patarasuk and Yuan, *Bandwidth Optimal All-reduce Algorithms for Clusters of Workstations*,
#   Journal of Parallel and Distributed Computing 69 (2009).
