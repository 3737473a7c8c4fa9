# %% [markdown]
# # Reproducibility: seeds, sums and deterministic algorithms
#
# `manual_seed` · `torch.Generator` · `use_deterministic_algorithms` · `fork_rng`
#
# {{ opening("training_ladder") }}
#
# With NumPy a seed gives the same numbers again, and often nothing else is needed. PyTorch needs
# more. It has a generator for each device and operations that add in no fixed order. And in
# training a difference in the last bit grows. You can fix some of this. Where you cannot, a result
# is a spread rather than a number.
#
# **What you will know at the end:**
#
# - what a seed fixes, and what it does not
# - why the same sum may have other last bits, with other threads or on another machine
# - what deterministic algorithms are, and what nobody can promise
# - how to compare two runs, what to record about a run, and how to report a result that depends on
#   luck
#
# ## A seed starts a stream
#
# A *generator* turns a seed into a stream of numbers. Each library has its own generator. So one
# seed gives different numbers in NumPy, in PyTorch and in Python's `random`. Within a library it
# gives different numbers for another function or dtype. Two generators with the same seed give the
# same numbers.

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
# The numbers may depend on how many you draw at a time. And two seeds may give the same stream: the
# CPU's generator uses only the lower half of a seed's 64 bits.

# %%
first, longer = (torch.randn(n, generator=seeded(0)) for n in (15, 16))
print("randn(15) begins randn(16):", torch.equal(first, longer[:15]))
print("seeds 1 and 1 + 2**32 give the same:", torch.equal(uniform(1), uniform(1 + 2**32)))

# %% [markdown]
# ## The global state
#
# Functions without a generator draw from a global one. `torch.manual_seed` seeds it on every
# device. One more draw anywhere in the program changes all later numbers. A generator of your own,
# which you pass in, is not affected. But a module draws its first weights from the global
# generator. So make it inside `fork_rng`, which restores the global state afterwards, and seed
# there.


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
# `torch.Generator("cuda")` is the generator of a GPU. With the same seed its numbers differ from
# the CPU's. So if numbers should be the same on all devices, draw them on the CPU and move them.
# The workers of a `DataLoader` have their own states; {{ chapter("data") }} shows how to seed them.
#
# Do not seed several generators with `seed`, `seed + 1`, `seed + 2`: a run with the next seed would
# share two of the three. `np.random.SeedSequence(seed).spawn(n)` mixes the seed with an index and
# returns n children. `child.generate_state(1)[0]` is a number to seed a generator with.
# `SeedSequence` also mixes a list of several numbers.
#
# ## Addition is not associative
#
# Each addition rounds, so the order of additions decides the last bits. Here the same numbers are
# added in many orders:

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
# Nobody shuffles on purpose. But each thread adds up a part, so the number of threads changes the
# order. The number of rows in a product may change it too, because a library chooses its kernel by
# this number:

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
# arrive. So `index_add_`, which adds rows at given places, and the backward pass of many operations
# may give other bits at each call. `torch.use_deterministic_algorithms(True)` uses an ordered
# algorithm where there is one, which is often slower, and raises an error where there is none. It
# also fills new memory with `nan`, on a CPU too, so that you notice if code reads memory before it
# writes it:

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
# There are two more settings for a GPU. cuBLAS, which multiplies matrices there, needs the
# environment variable `CUBLAS_WORKSPACE_CONFIG=:4096:8` from the program's start. With
# `torch.backends.cudnn.benchmark = True`, timings choose the algorithm of a convolution, and
# timings vary. Leave it at `False`, the default.
#
# ## What no seed fixes
#
# PyTorch's note on reproducibility says that completely reproducible results "are not guaranteed
# across PyTorch releases, individual commits, or different platforms", nor between CPU and GPU. The
# cell prints what decides the last bits here, with the functions that this site's benchmark uses to
# describe a machine:

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
# Record this for every run, with its seeds, its data, and the version of its code. Each result file
# of this site holds it ([the machine](../../machine.html)), and {{ chapter("comparing_machines") }}
# reads one.
#
# ## What training does to the last bit
#
# Here are two trainings that are the same on paper. The second one reverses the items of each
# batch, so the mean of their gradients is taken in another order.

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
# The weights differ, although both trainings are about equally good. So compare trainings bit by
# bit only if all that the last section lists is the same. Otherwise compare their results. Compare
# single operations with a tolerance. `np.allclose` asks for a small error relative to each entry.
# If the terms of an entry nearly cancel, its error is larger. So this site allows an error relative
# to the largest entry. The allowed error grows with the square root of `reduction`, the number of
# roundings for an entry. The factor `LAMBDA`, 10, makes a false alarm very improbable.
# (`lower` and `roundings` are for contenders of lower precision.)
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
# A seed chooses the first weights and the order of the batches. Neither belongs to the method. So
# you need several seeds to know what the method reaches:

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
# Someone tries a new method with eight seeds, and compares its best result with one run of the old
# method. Here the new method is the same as the old one:

# %%
better = scores.max() - scores
print(f"best of eight against one of them: better by {better.mean():.3f} on average")
print(f"it beats {np.mean(better > 0):.0%} of single runs, and nothing was improved")
torch.set_num_threads(threads_before)

# %% [markdown]
# A seed is not a setting to tune. Give both methods the same number of seeds, chosen before, and
# report both spreads. Choose settings on data that are not the test set.
#
# ## Exercises
#
# **1.** `spawn_generators(seed, count)` takes two ints. It returns a list of `count` generators of
# PyTorch, on the CPU. They depend only on `seed`, and their streams differ from each other and from
# those of other seeds. The global states must not change. (`np.random.SeedSequence` helps.)
#
# **2.** `sums_agree(got, wanted, terms)` takes two floats and the float32 tensor of shape (n,)
# whose sum they should be. It returns a bool: whether they differ by at most
# `10 * sqrt(n) * 2**-24` times the sum of the absolute values of the terms. `nan` agrees with
# nothing.
#
# **3.** `epoch_order(n, seed, epoch)` takes three ints. It returns a tensor of shape (n,), int64, a
# shuffled `range(n)` that depends only on these three. So a run that resumes in epoch five need not
# draw the orders of the epochs before. The global state must not change.
#
# Check your answers here or with `python -m tutorial check reproducibility`. Solutions are in
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
# ## To take along
#
# - A seed fixes what is drawn, not how sums are rounded.
# - A difference in the last bit grows during training.
# - Report a spread over seeds, not the best of them.
#
# ## Where to read on
#
# - {{ chapter("reductions") }}: the error of a sum. {{ chapter("checkpoints") }}: generators are
#   part of what to save. {{ chapter("comparing_machines") }}: the same question for times.
# - PyTorch documentation: [Reproducibility](https://pytorch.org/docs/stable/notes/randomness.html);
#   NumPy documentation: [Parallel random number
#   generation](https://numpy.org/doc/stable/reference/random/parallel.html).
# - X. Bouthillier et al., "Accounting for variance in machine learning benchmarks", MLSys, 2021.
