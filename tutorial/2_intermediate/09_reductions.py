# %% [markdown]
# # What limits a reduction?
#
# A reduction takes many numbers and returns few: a sum, a mean, the place of the largest. It does
# about one operation for each number that it reads, so its speed is seldom decided by arithmetic,
# and its accuracy is decided by the order of its additions. Both libraries offer the same
# reductions under nearly the same names, and a few of those names mean something else.
#
# **What you will know at the end:**
#
# - how NumPy's reductions are spelt in PyTorch, and which of them mean something else
# - why bytes and passes decide how long a large one takes, and calls how long a small one takes
# - why the order of additions decides the error of a float32 sum
# - why a softmax needs a shift, and what happens without one
#
# ## The same words, and three that differ
#
# The chapter {{ chapter("views") }} had the names: `dim` and `keepdim` for `axis` and `keepdims`,
# `amax` for NumPy's `max`. Three reductions of one name differ: `var` and `std` divide by one less
# than the number of elements unless `correction=0` says otherwise; `max` and `min` along a
# dimension return the places as well; and integers have no mean:

# %%
import matplotlib.pyplot as plt
import numpy as np
import torch

rng = np.random.default_rng(0)
x = rng.standard_normal((3, 4))
t = torch.from_numpy(x)
print(x.var(), t.var().item(), t.var(correction=0).item())
values, indices = t.max(1)
print(torch.equal(values, t.amax(1)), torch.equal(indices, t.argmax(1)))
try:
    torch.arange(4).mean()
except RuntimeError as error:
    print(error)

# %% [markdown]
# ## A sum waits for its numbers
#
# One addition for each number read. The workload that was timed says so itself:

# %%
from bench.workloads.sum import WORKLOAD

cost = WORKLOAD.cost(over="all", n=4096)
cost.flops / (cost.elements * np.dtype("float32").itemsize)

# %% [markdown]
# That is its arithmetic intensity ({{ chapter("matmul") }}), in operations a byte. A core can do
# more in the time that a byte takes to arrive from memory. So numbers that do not fit into a cache
# are waited for:
#
# > {{ quote("roof", workload="sum", size="over=all,n=4096", contender="numpy") }}
#
# > {{ quote("roof", workload="sum", size="over=all,n=4096", contender="torch-cpu") }}
#
# The bodies of both libraries are the same `x.sum(axis)`. Their times, from a matrix that fits the
# nearest cache to one that hardly fits any:
#
# {{ figure("time/sum/float32/1") }}
#
# > {{ speedup("sum", "over=all,n=1024") }}
#
# > {{ speedup("sum", "over=all,n=4096") }}
#
# {{ choose(speedup("sum", "over=all,n=4096"),
#    faster="Both read the same bytes once, so what is left to differ is how well each keeps the
#    memory busy, and here PyTorch's loop does that better.",
#    slower="Both read the same bytes once, so what is left to differ is how well each keeps the
#    memory busy, and here NumPy's loop does that better.",
#    tie="Both read the same bytes once, and here they take the same time for it.",
#    otherwise="Both read the same bytes once, so little is left that could differ.") }}
#
# ## A small sum waits for its call
#
# Before a call reads anything, it looks at the types of its arguments, chooses a kernel (here the
# compiled loop for this operation, dtype and device) and allocates its result; PyTorch also asks
# whether the operation has to be recorded for gradients. On few numbers that is nearly all there
# is, as in the workload `dispatch`, which adds one to few numbers or, here, to a single one:
#
# > {{ quote("overhead", contender="numpy") }}
#
# > {{ quote("overhead", contender="torch-cpu") }}
#
# > {{ speedup("dispatch", "n=1") }}
#
# > {{ speedup("sum", "over=all,n=32") }}
#
# Is there a **crossover**, a size at which the faster side changes?
#
# > {{ quote("crossover", workload="sum", curve="all", contender="torch-cpu") }}
#
# ## Several passes, or one
#
# NumPy's softmax is five calls, each a pass over the matrix; PyTorch's is one:
#
# {{ pair("softmax") }}
#
# Each pass reads the matrix, and three of the five write it. A **fused** kernel takes one row, does
# all steps while the row is in the cache, and goes on to the next:

# %%
steps = {"max": (1, 0), "subtract": (1, 1), "exp": (1, 1), "sum": (1, 0), "divide": (1, 1)}
moved = sum(map(sum, steps.values()))
fig, ax = plt.subplots(figsize=(7.5, 2.4))
left = 0
for name, (reads, writes) in steps.items():
    ax.barh("NumPy", reads + writes, left=left, color="C0", alpha=0.5, edgecolor="C0")
    ax.text(left + (reads + writes) / 2, "NumPy", name, ha="center", va="center")
    left += reads + writes
ax.barh("PyTorch", 2, color="C1", alpha=0.5, edgecolor="C1")
ax.text(1, "PyTorch", "softmax", ha="center", va="center")
ax.invert_yaxis()
ax.set(xlabel="matrices read and written")
ax.set_title(f"A softmax in steps moves {moved} matrices, not 2")
plt.show()

# %% [markdown]
# > {{ speedup("softmax", "n=1024") }}
#
# > {{ quote("crossover", workload="softmax", contender="torch-cpu") }}
#
# {{ figure("speedup/softmax/float32") }}
#
# {{ choose(speedup("softmax", "n=1024"),
#    faster="At this size the passes that are saved show in the time.",
#    slower="At this size the passes that are saved do not decide: the loop inside a pass differs
#    too, and so does the exponential.",
#    tie="At this size the passes that are saved do not show: the loop inside a pass differs too,
#    and so does the exponential.",
#    otherwise="What the saved passes are worth cannot be told from this.") }}
# The same five steps written in tensors are five passes again. It is the kernel that is fused, not
# the library; {{ chapter("fusion") }} has a compiler do it.
#
# **Mean and variance** need the mean before the deviations from it. NumPy's body goes over the data
# for the one and again for the other; PyTorch's updates both with every number that it reads, in
# one pass, at the price of more arithmetic for each:
#
# {{ pair("mean_var") }}
#
# > {{ speedup("mean_var", "n=1024") }}
#
# {{ choose(speedup("mean_var", "n=1024"),
#    faster="Here the one pass takes less time.",
#    slower="Here the one pass takes more time: fewer passes pay only where a pass waits for memory,
#    and not for its own arithmetic.",
#    tie="Here it makes no difference.",
#    otherwise="Which way takes less time cannot be told here.") }}
#
# **Others**, each with its own limit: `argmax` carries an index beside the value; in `cumsum` every
# number waits for the one before; `layer_norm` brings each row to mean zero and variance one, which
# takes a mean, a variance and four more steps.
#
# > {{ speedup("argmax", "n=1000000") }}
#
# > {{ speedup("cumsum", "n=1000000") }}
#
# > {{ speedup("layer_norm", "n=1024") }}
#
# ## Along memory, or across it
#
# In a matrix that lies row by row, a row's numbers are neighbours and a column's are not. To sum
# column after column would use one number of each piece of memory that is fetched. So libraries sum
# neighbouring columns together, in strips or, as here, all of them:

# %%
matrix = torch.from_numpy(rng.random((1000, 1000)))
columns = torch.zeros(1000, dtype=matrix.dtype)
for row in matrix:
    columns += row
torch.allclose(columns, matrix.sum(0))

# %% [markdown]
# > {{ speedup("sum", "over=rows,n=1024") }}
#
# > {{ speedup("sum", "over=columns,n=1024") }}
#
# ## The order of additions decides the error
#
# A float32 has 24 binary digits. A sum that has grown large loses the last digits of every small
# number that is added to it. Adding neighbours first, then neighbouring sums, keeps both sides of
# each addition alike in size; that is **pairwise summation**:


# %%
def one_by_one(v):
    return np.cumsum(v)[-1]  # a running sum has to add in order


def pairwise(v):
    while len(v) > 1:
        v = v[0::2] + v[1::2]
    return v[0]


ways = {"one by one": one_by_one, "pairwise": pairwise, "np.sum": np.sum}
ways["torch.sum"] = lambda v: torch.from_numpy(v).sum().item()

# %%
lengths = 2 ** np.arange(8, 21, 2)
errors = {name: [] for name in ways}
for n in lengths:
    draws = rng.random((8, n), dtype="float32")
    exact = draws.sum(1, dtype="float64")
    for name, way in ways.items():
        off = [float(way(v)) / s - 1 for v, s in zip(draws, exact, strict=True)]
        errors[name].append(np.sqrt(np.mean(np.square(off))))

fig, ax = plt.subplots()
for (name, error), style in zip(errors.items(), ("C3-", "C4-", "C0--", "C1:"), strict=True):
    ax.loglog(lengths, error, style, marker="o", label=name)

best = min(errors, key=lambda name: errors[name][-1])
gain = errors["one by one"][-1] / errors[best][-1]
ax.set(xlabel="numbers added", ylabel="relative error (root mean square)")
ax.set_title(f"Added one by one, a float32 sum has {gain:.0f} times the error of {best}")
ax.legend()
plt.show()

# %% [markdown]
# In the worst case the error of adding one by one grows with the number of terms, that of pairwise
# summation with its logarithm. It costs a library little, since it keeps several sums anyway, to
# work on several numbers at once. But NumPy adds in pairs only along an axis whose numbers are
# neighbours in memory. Along another axis, a float32 sum of ones stops growing where one is too
# small to change it:

# %%
ones = np.ones((2**24 + 1000, 2), dtype="float32")
print("NumPy, across memory  ", ones.sum(0).astype(int))
print("NumPy, told to widen  ", ones.sum(0, dtype="float64").astype(int))
print("PyTorch, across memory", torch.from_numpy(ones).sum(0).long().numpy())

# %% [markdown]
# `dtype=torch.float64` widens a sum of PyTorch's in the same way.
#
# ## A common mistake: a softmax without its shift
#
# The formula is exponentials over their sum, and this is the formula. In float32 an exponential
# overflows to infinity before its argument reaches ninety. NumPy warns of that (here it is told to
# raise an error); PyTorch has no such warnings:

# %%
scores = torch.tensor([[1000.0, 1001.0, 1002.0], [1.0, 2.0, 3.0]])
e = torch.exp(scores)
print(e / e.sum(1, keepdim=True))
with np.errstate(over="raise"):
    try:
        np.exp(scores.numpy())
    except FloatingPointError as error:
        print("NumPy:", error)

# %% [markdown]
# One such row turns a loss into `nan`, and every weight that it reaches after that. A softmax does
# not change when a row is shifted, so take the row's largest off first: the largest exponential is
# then one, and what underflows to zero is too small to matter.

# %%
e = torch.exp(scores - scores.amax(1, keepdim=True))
print(e / e.sum(1, keepdim=True))
print(torch.allclose(e / e.sum(1, keepdim=True), torch.softmax(scores, 1)))
print(torch.log(torch.softmax(torch.tensor([0.0, 200.0]), 0)))
print(torch.log_softmax(torch.tensor([0.0, 200.0]), 0))

# %% [markdown]
# The last two lines show its sibling: the logarithm of a softmax, taken in two steps, loses what
# underflowed. `torch.softmax`, `torch.log_softmax` and `torch.logsumexp` shift by themselves: use
# them.
#
# ## Exercises
#
# **1.** `stable_logsumexp(x)` takes a tensor of shape (n, m) and returns one of shape (n,), the
# logarithm of each row's summed exponentials, without `torch.logsumexp` and without overflow.

# %%
from tutorial.exercises import check


def stable_logsumexp(x):
    return torch.log(torch.exp(x).sum(1))  # yours


check(stable_logsumexp)

# %% [markdown]
# **2.** `running_mean_var(numbers)` takes an iterable of floats that can be read only once, and
# returns their mean and their variance (divided by their number), two floats, in one pass and
# without keeping them. Welford's update of the mean `m` and the summed squares `s` by the k-th
# number `x` is `d = x - m`, then `m += d / k`, then `s += d * (x - m)`.


# %%
def running_mean_var(numbers):
    return float(sum(numbers)), 0.0  # yours


check(running_mean_var)

# %% [markdown]
# **3.** Of equal largest elements, `argmax` returns the first in both libraries.
# `last_argmax(x)` takes a tensor of shape (n, m) and returns, for each row, the index of the last
# of them: int64, of shape (n,).


# %%
def last_argmax(x):
    return x.argmax(1)  # yours


check(last_argmax)

# %% [markdown]
# Answers are checked here or by `python -m tutorial check 09`; solutions are in
# `tutorial/solutions/reductions.py`.
#
# ## Where to read on
#
# - {{ family("reductions", "All reductions") }}, measured; {{ chapter("roofline") }} on bytes and
#   operations; {{ chapter("precision") }} on narrower numbers; {{ chapter("fusion") }}.
# - PyTorch documentation: "torch", section "Reduction Ops"; NumPy documentation:
#   [numpy.sum](https://numpy.org/doc/stable/reference/generated/numpy.sum.html), section "Notes".
# - N. Higham, "Accuracy and Stability of Numerical Algorithms", SIAM, 2002, chapter 4.
