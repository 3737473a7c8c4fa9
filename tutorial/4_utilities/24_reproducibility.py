# %% [markdown]
# # Can this number be had again?
#
# With NumPy a seed gives the same numbers again, and there the matter often ends. PyTorch has more
# to it: a generator for each device, operations that add in no fixed order, and training, in which
# a difference in a last bit grows. Some of it can be fixed. Where it cannot, a result is a spread
# rather than a number.
#
# **What you will know at the end:**
#
# - what a seed fixes, and what it does not
# - why the same sum may have other last bits, with other threads or on another machine
# - what deterministic algorithms are, and what cannot be promised
# - how to compare two runs, what to write down of a run, and how to report one that depends on luck
#
# ## A seed starts a stream
#
# A *generator* turns a seed into a stream of numbers. Each library has its own, so one seed gives
# different numbers in NumPy, in PyTorch, and in Python's `random`, and within a library different
# ones in another function or dtype. Two generators of one seed are not two sources: they give the
# same stream twice.

# %%
from collections import Counter

import matplotlib.pyplot as plt
import numpy as np
import torch
from sklearn.datasets import load_digits
from torch import nn

threads_before = torch.get_num_threads()  # put back below
torch.set_num_threads(1)


def seeded(seed):
    return torch.Generator().manual_seed(seed)


def uniform(seed, dtype=torch.float32):
    return torch.rand(2, generator=seeded(seed), dtype=dtype)


print("NumPy      ", np.random.default_rng(0).random(2), np.random.default_rng(0).permutation(6))
print("PyTorch    ", uniform(0).numpy(), torch.randperm(6, generator=seeded(0)).numpy())
print("in float64 ", uniform(0, torch.float64).numpy())
print("twice equal", torch.equal(uniform(0), uniform(0)))

# %% [markdown]
# A stream may look different when it is asked for in other portions. And not all seeds differ: the
# CPU's generator uses only the lower half of a seed's bits.

# %%
first, longer = (torch.randn(n, generator=seeded(0)) for n in (15, 16))
print("randn(15) begins randn(16):", torch.equal(first, longer[:15]))
print("seeds 1 and 1 + 2**32 give the same:", torch.equal(uniform(1), uniform(1 + 2**32)))

# %% [markdown]
# ## The state that everybody draws from
#
# Without a generator, functions draw from a global one, which `torch.manual_seed` seeds on every
# device. One more draw anywhere in the program changes all that it gives from then on. A generator
# that you pass in is yours alone. Modules take none when they draw their first weights. For them
# there is `fork_rng`: seed the global state inside of it, and it puts the old state back
# afterwards.


# %%
def weights(extra):
    generator = torch.Generator().manual_seed(0)
    torch.manual_seed(0)
    torch.rand(extra)  # somebody else draws
    return torch.rand(3), torch.rand(3, generator=generator)


with torch.random.fork_rng(devices=[]):  # of the CPU alone
    (shared, own), (shared_later, own_later) = weights(0), weights(1)
print("global the same:", torch.equal(shared, shared_later))
print("own the same:   ", torch.equal(own, own_later))

# %% [markdown]
# `torch.Generator("cuda")` is a GPU's, whose numbers are not the CPU's of that seed. So what should
# be the same on all devices is drawn on the CPU and moved. The workers of a `DataLoader` have
# states of their own; {{ chapter("data") }} seeds them.
#
# ## Addition is not associative
#
# Each addition rounds, so the order of additions decides the last bits. Here the same numbers are
# summed in many orders:

# %%
x = torch.rand(100_000, generator=seeded(0))
print("(0.1 + 0.2) + 0.3 == 0.1 + (0.2 + 0.3):", (0.1 + 0.2) + 0.3 == 0.1 + (0.2 + 0.3))
sums = [x[torch.randperm(len(x), generator=seeded(seed))].sum().item() for seed in range(200)]
exact = x.double().sum().item()
found = Counter(sums)

fig, ax = plt.subplots()
spacing = np.spacing(np.float32(exact))
ax.bar([(value - exact) / spacing for value in found], list(found.values()), width=0.1, color="C1")
ax.set_title(f"One float32 sum, {len(sums)} orders, {len(found)} results")
ax.set_xlabel("distance from the float64 sum (spacings of float32 numbers)")
ax.set_ylabel("orders (count)")
plt.show()

# %% [markdown]
# Nobody shuffles on purpose. But each thread adds up a part, so the number of threads decides the
# order. So may the number of rows in a product, since a library picks its kernel by it:

# %%
torch.set_num_threads(2)
parted = x.sum().item()
torch.set_num_threads(1)
a, b = torch.randn(256, 256, generator=seeded(0)), torch.randn(256, 256, generator=seeded(1))
for name, same in {
    "one thread and two": parted == x.sum().item(),
    "a row alone and among others": torch.equal((a @ b)[:1], a[:1] @ b),
    "one after the other": torch.equal(a @ b, a @ b),
}.items():
    print(f"{name:30}{'the same bits' if same else 'other bits'} on this machine")

# %% [markdown]
# ## Operations that add in any order
#
# On a GPU thousands of threads may add to the same place, in the order in which they happen to
# come. So `index_add_`, which adds rows at given places, and the backward pass of many operations
# may give other bits at each call. `torch.use_deterministic_algorithms(True)` takes an ordered
# algorithm where there is one, often slower, and raises an error where there is none. It also fills
# new memory with `nan`, on a CPU too, so that whoever reads it before it is written notices:

# %%
torch.use_deterministic_algorithms(mode=True)
print(torch.are_deterministic_algorithms_enabled(), torch.empty(3))
torch.use_deterministic_algorithms(mode=False)

# %% tags=["gpu"]
if torch.cuda.is_available():
    places = torch.zeros(100_000, dtype=torch.long, device="cuda")
    for ordered in (False, True):
        torch.use_deterministic_algorithms(mode=ordered)
        results = {
            torch.zeros(1, device="cuda").index_add_(0, places, x.cuda()).item() for _ in range(20)
        }
        print(f"deterministic {ordered}: {len(results)} results in 20 calls")
    torch.use_deterministic_algorithms(mode=False)

# %% [markdown]
# Two more settings for a GPU: cuBLAS, which multiplies matrices there, wants the environment
# variable `CUBLAS_WORKSPACE_CONFIG=:4096:8` from the program's start; and
# `torch.backends.cudnn.benchmark = True` picks the algorithm of a convolution by timing, and so by
# chance: leave it off.
#
# ## What no seed covers
#
# PyTorch's note on reproducibility says that completely reproducible results "are not guaranteed
# across PyTorch releases, individual commits, or different platforms", nor between CPU and GPU.
# This is what decides the last bits here, as the benchmark of this site asks the libraries for it:

# %%
from bench.machine import facts

blas = facts.blas()
facts = {
    "versions": {name: facts.versions()[name] for name in ("python", "numpy", "torch")},
    "NumPy multiplies by": [(each["internal_api"], each["version"]) for each in blas["numpy"]],
    "PyTorch multiplies by": tuple(blas["torch"].values()),
    "PyTorch's kernels are for": torch.backends.cpu.get_cpu_capability(),
    "PyTorch's threads": torch.get_num_threads(),
}
for name, value in facts.items():
    print(f"{name:26}{value}")

# %% [markdown]
# Write this down for every run, with its seeds, its data, and the version of its code. Each result
# file of this site holds it ([the machine](../../machine.html)), and
# {{ chapter("comparing_machines") }} reads one.
#
# ## What training makes of the last bit
#
# Here are two trainings that are the same on paper. In the second one, the items of each batch
# stand in reverse, so that the mean of their gradients is taken in another order.

# %%
pixels, labels = load_digits(return_X_y=True)
pixels, labels = torch.from_numpy(pixels / 16).float(), torch.from_numpy(labels)
training, testing = torch.randperm(len(labels), generator=seeded(0)).split([1200, 597])


def fit(seed, epochs, *, reverse=False):
    """Return the share of test digits that are right, and all weights after each step."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = nn.Sequential(nn.Linear(64, 16), nn.ReLU(), nn.Linear(16, 10))
    optimiser, order = torch.optim.SGD(model.parameters(), lr=0.5), seeded(seed)
    path = []
    for _ in range(epochs):
        for rows in training[torch.randperm(len(training), generator=order)].split(32):
            batch = rows.flip(0) if reverse else rows
            optimiser.zero_grad()
            nn.functional.cross_entropy(model(pixels[batch]), labels[batch]).backward()
            optimiser.step()
            path.append(nn.utils.parameters_to_vector(model.parameters()).detach())
    with torch.no_grad():
        right = model(pixels[testing]).argmax(1) == labels[testing]
    return right.float().mean().item(), torch.stack(path)


# %%
(score, path), (_, repeated), (turned, other) = [
    fit(0, 12, reverse=reverse) for reverse in (False, False, True)
]
apart = (path - other).abs().amax(1)
print("run again, bit by bit the same:", torch.equal(path, repeated))
print(f"right: {score:.4f} and, in reverse, {turned:.4f}")

fig, ax = plt.subplots()
ax.semilogy(apart.clamp_min(1e-10), color="C1")  # zero has no place on this axis
ax.set_title(f"Largest difference of a weight: {apart[0]:.0e} at first, {apart[-1]:.0e} at the end")
ax.yaxis.set_major_formatter("{x:g}")
ax.set(xlabel="step of training (count)", ylabel="difference (no unit)")
plt.show()

# %% [markdown]
# So compare trainings bit by bit only where all of the above is the same, and else by what they
# reach. Compare single operations with a tolerance, but not with any tolerance. `np.allclose` asks
# for a small error relative to each entry, which an entry whose terms cancel cannot have. This
# site's tolerance is relative to the largest entry and follows from rounding: it grows with the
# root of the number of roundings (`reduction`) that an entry went through.
#
# {{ function("bench/timing/verify.py", "tolerance") }}

# %%
from bench.machine.precision import UNIT_ROUNDOFF
from bench.timing.verify import LAMBDA

wide = a.double() @ b.double()
bound = LAMBDA * np.sqrt(len(a)) * UNIT_ROUNDOFF["float32"]
for name, got in {"float32": a @ b, "a term lost": a[:, :-1] @ b[:-1]}.items():
    error = (got - wide).abs().max() / wide.abs().max()
    print(f"{name:12} np.allclose {np.allclose(got, wide)!s:6} within bound {bool(error <= bound)}")

# %% [markdown]
# ## A result is a spread
#
# A seed chooses the first weights and the order of the batches. Neither belongs to the method, so
# what the method reaches is known from several seeds:

# %%
scores = np.array([fit(seed, 4)[0] for seed in range(8)])
mean, spread = scores.mean(), scores.std(ddof=1)
fig, ax = plt.subplots(figsize=(7.5, 2.4))
label = "mean, standard deviation"
ax.errorbar(mean, -0.5, xerr=spread, fmt="D", color="C3", capsize=5, label=label)
ax.plot(scores, np.zeros(len(scores)), "o", color="C1", alpha=0.6, label="one seed")
ax.set(yticks=[], ylim=(-1, 1), xlabel="test digits that are right (share)")
ax.set_title(f"One model, eight seeds: from {scores.min():.3f} to {scores.max():.3f}")
ax.legend(ncols=2)
plt.show()
chance = np.sqrt(mean * (1 - mean) / len(testing))
print(f"mean {mean:.3f}, standard deviation over {len(scores)} seeds {spread:.3f}")
print(f"standard deviation by the choice of {len(testing)} test digits alone {chance:.3f}")

# %% [markdown]
# ## A common mistake: reporting the best seed
#
# A new method is tried with eight seeds, and its best result is reported against one run of the old
# method. Here the new method is the old one:

# %%
better = scores.max() - scores
print(f"best of eight against one of them: better by {better.mean():.3f} in the mean")
print(f"it beats {np.mean(better > 0):.0%} of single runs, and nothing was improved")
torch.set_num_threads(threads_before)

# %% [markdown]
# A seed is not a setting to be tuned. Give both methods the same number of seeds, chosen before,
# and report both spreads; choose settings on data that are not the test set.
#
# ## Exercises
#
# **1.** `spawn_generators(seed, count)` takes two ints and returns a list of `count` generators of
# PyTorch, on the CPU. They depend on `seed` alone, and their streams differ from each other and
# from those of other seeds. The global states stay as they were. (`np.random.SeedSequence` helps.)
#
# **2.** `sums_agree(got, wanted, terms)` takes two floats and the float32 tensor of shape (n,)
# whose sum they should be. It returns whether they differ by at most `10 * sqrt(n) * 2**-24` times
# the summed magnitudes of the terms, a bool; not a number agrees with nothing.
#
# **3.** `epoch_order(n, seed, epoch)` takes three ints and returns a tensor of shape (n,), int64,
# a shuffled `range(n)` that depends on these three alone: a run that goes on in a later epoch needs
# not draw the earlier ones. The global state stays as it was.
#
# Answers are checked here or by `python -m tutorial check 24`; solutions are in
# `tutorial/solutions/reproducibility.py`.

# %%
from tutorial.exercises import check


def spawn_generators(seed, count):
    return [seeded(seed) for _ in range(count)]  # yours


check(spawn_generators)


# %%
def sums_agree(got, wanted, terms):
    return got == wanted and len(terms) > 0  # yours


check(sums_agree)


# %%
def epoch_order(n, seed, epoch):
    return torch.arange(n) * seed * epoch  # yours


check(epoch_order)

# %% [markdown]
# ## Where to read on
#
# - {{ chapter("reductions") }}: the error of a sum. {{ chapter("checkpoints") }}: generators are
#   part of what to save. {{ chapter("comparing_machines") }}: the same, for times.
# - PyTorch documentation: [Reproducibility](https://pytorch.org/docs/stable/notes/randomness.html);
#   NumPy documentation: [Parallel random number
#   generation](https://numpy.org/doc/stable/reference/random/parallel.html).
# - X. Bouthillier et al., "Accounting for variance in machine learning benchmarks", MLSys, 2021.
