# %% [markdown]
# # Reductions: sum, mean, variance, softmax
#
# `sum` · `amax` · `var` · `median` · `argmax` · `torch.softmax` · `logsumexp`
#
# {{ opening("matmul") }}
#
# A reduction takes many numbers and returns few: a sum, a mean, the position of the largest. It
# does about one operation for each number that it reads. So arithmetic seldom decides its speed.
# The order of the additions decides its accuracy. Both libraries have the same reductions under
# nearly the same names. A few of these names mean something else.
#
# **What you will know at the end:**
#
# - the names of NumPy's reductions in PyTorch, and which of them mean something else
# - what decides the time of a large reduction, and of a small one
# - why the order of additions decides the error of a float32 sum
# - why a softmax needs a shift, and what happens without it
#
# ## The same words, and four differences
#
# {{ chapter("views") }} listed the names: `dim` and `keepdim` for `axis` and `keepdims`, `amax` for
# NumPy's `max`. Four things differ under the same name:
#
# - `var` and `std` divide by the number of elements minus one, unless you set `correction=0`.
# - `median` of an even number of elements returns the lower of the two in the middle. NumPy returns
#   their mean.
# - `max` and `min` along a dimension also return the positions.
# - `mean` takes no integers.

# %%
import timeit

import matplotlib.pyplot as plt
import numpy as np
import torch

rng = np.random.default_rng(0)
x = rng.standard_normal((3, 4))
t = torch.from_numpy(x)
print(x.var(), t.var().item(), t.var(correction=0).item())
four = torch.tensor([1.0, 2.0, 3.0, 4.0])
print(np.median(four), four.median().item(), four.quantile(0.5).item())
values, indices = t.max(1)
print(torch.equal(values, t.amax(1)), torch.equal(indices, t.argmax(1)))
try:
    torch.arange(4).mean()
except RuntimeError as error:
    print(error)

# %% [markdown]
# ## A large sum waits for memory
#
# A sum does one addition for each number that it reads. The timed workload states this cost. The
# cell divides its operations by its bytes:

# %%
from bench.workloads.sum import WORKLOAD

cost = WORKLOAD.cost(over="all", n=4096)
cost.flops / (cost.elements * np.dtype("float32").itemsize)

# %% [markdown]
# This is the arithmetic intensity ({{ chapter("matmul") }}), in operations per byte. A core can do
# more operations in the time that memory takes to deliver a byte. So if the numbers do not fit into
# a cache, the sum waits for memory:
#
# > {{ quote("roof", workload="sum", size="over=all,n=4096", contender="numpy") }}
#
# > {{ quote("roof", workload="sum", size="over=all,n=4096", contender="torch-cpu") }}
#
# Both libraries run `x.sum(axis)`. These are the times, from a matrix that fits the nearest cache
# to one that hardly fits any. The titles count the sizes at which PyTorch is faster:
#
# {{ figure("time/sum/float32/1") }}
#
# > {{ speedup("sum", "over=all,n=1024") }}
#
# > {{ speedup("sum", "over=all,n=4096") }}
#
# {{ choose(speedup("sum", "over=all,n=4096"),
#     faster="Both read the same bytes once, and here PyTorch's loop gets through them faster.",
#     slower="Both read the same bytes once, and here NumPy's loop gets through them faster.",
#     tie="Both read the same bytes once, and here they take the same time for it.",
#     otherwise="Both read the same bytes once, and these numbers show no difference.") }}
#
# ## A small sum is mostly its call
#
# Before a call reads anything, it checks the types of its arguments, chooses a kernel (here the
# compiled loop for this operation, dtype and device) and allocates its result. PyTorch also checks
# whether it has to record the operation for gradients. On few numbers this is nearly all of the
# time. These are the shortest calls that were measured:
#
# > {{ quote("overhead", contender="numpy") }}
#
# > {{ quote("overhead", contender="torch-cpu") }}
#
# The workload `dispatch` adds one to a few numbers, here to a single one. Below it is the smallest
# sum:
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
# NumPy's softmax is five calls, each a pass over the matrix. PyTorch's softmax is one call:
#
# {{ pair("softmax") }}
#
# Each pass reads the matrix, and three of the five passes write it. A **fused** kernel takes one
# row, does all steps while the row is in the cache, and goes on to the next row:

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
#     faster="At this size the single pass is faster. The loops inside a pass differ too, and so do
#     the exponentials, so the passes need not be the whole reason.",
#     slower="At this size the saved passes do not decide. The loops inside a pass differ too, and
#     so do the exponentials.",
#     tie="At this size the saved passes do not show. The loops inside a pass differ too, and so do
#     the exponentials.",
#     otherwise="This result does not show how much time the saved passes save.") }}
# If you write the same five steps with tensors, they are five passes again: only a single kernel is
# fused. In {{ chapter("fusion") }} a compiler does the fusing.
#
# **Mean and variance.** The variance needs the mean first, because it sums the deviations from it.
# NumPy's code reads the data once for the mean and once more for the variance. PyTorch's code
# updates both with every number that it reads. That is one pass, with more arithmetic for each
# number:
#
# {{ pair("mean_var") }}
#
# > {{ speedup("mean_var", "n=1024") }}
#
# {{ choose(speedup("mean_var", "n=1024"),
#     faster="Here the one pass takes less time.",
#     slower="Here the one pass takes more time. Fewer passes help only if the passes wait for memory.
#     They do not help if the passes wait for arithmetic.",
#     tie="Here it makes no difference.",
#     otherwise="This result does not show which way takes less time.") }}
#
# **Others** have limits of their own. In `cumsum` every number waits for the one before it.
# `layer_norm` shifts and scales each row to mean zero and variance one, which takes a mean, a
# variance and four more steps. `argmax` keeps an index beside the value:
#
# > {{ speedup("cumsum", "n=1000000") }}
#
# > {{ speedup("layer_norm", "n=1024") }}
#
# > {{ speedup("argmax", "n=1000000") }}
#
# How much does the index cost? That depends on how the loop is written. The cell divides the time
# of `argmax` by that of the largest value alone, on one core:

# %%
many = torch.from_numpy(rng.random(1_000_000, dtype="float32"))
largest = {"NumPy": (many.numpy().argmax, many.numpy().max), "PyTorch": (many.argmax, many.amax)}
cores = torch.get_num_threads()  # put back below
torch.set_num_threads(1)
for library, calls in largest.items():
    index_s, value_s = (min(timeit.repeat(call, number=2, repeat=9)) for call in calls)
    print(f"{library:8} the index takes {index_s / value_s:.1f} times as long as the value")
torch.set_num_threads(cores)

# %% [markdown]
# ## Along memory, or across it
#
# If a matrix is stored row by row, the numbers of a row are neighbours in memory and those of a
# column are not. Summing one column after the other would use only one number of each cache line.
# So libraries sum neighbouring columns together, in strips or, as here, all at once:

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
# A float32 has 24 binary digits. When a sum has grown large, each small number that is added loses
# its last digits. **Pairwise summation** adds neighbours first, and then neighbouring sums. So both
# sides of each addition have a similar size:


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
# In the worst case, the error of adding `n` terms one by one grows like `n`, and that of pairwise
# summation only like `log(n)`. Adding in pairs costs little, because a library keeps several sums
# anyway: a core can add several numbers at once. But NumPy adds in pairs only along an axis whose
# numbers are neighbours in memory. Along another axis it adds one by one. Then a float32 sum of
# ones stops growing at `2**24`, where adding one no longer changes it:

# %%
ones = np.ones((2**24 + 1000, 2), dtype="float32")
print("NumPy, across memory  ", ones.sum(0).astype(int))
print("NumPy, in float64     ", ones.sum(0, dtype="float64").astype(int))
print("PyTorch, across memory", torch.from_numpy(ones).sum(0).long().numpy())

# %% [markdown]
# In PyTorch, `dtype=torch.float64` widens a sum in the same way.
#
# ## A common mistake: a softmax without its shift
#
# This cell computes the formula directly: exponentials divided by their sum. In float32 an
# exponential overflows to infinity before its argument reaches ninety. NumPy warns of this (the
# cell turns the warning into an error). PyTorch has no such warnings:

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
# One such row makes the loss `nan`. Then the gradient is `nan`, and the next step makes the weights
# `nan`. A softmax does not change if you subtract one number from all elements of a row. So
# subtract the row's largest number first. The largest exponential is then one, and what underflows
# to zero is too small to matter.

# %%
e = torch.exp(scores - scores.amax(1, keepdim=True))
print(e / e.sum(1, keepdim=True))
print(torch.allclose(e / e.sum(1, keepdim=True), torch.softmax(scores, 1)))
print(torch.log(torch.softmax(torch.tensor([0.0, 200.0]), 0)))
print(torch.log_softmax(torch.tensor([0.0, 200.0]), 0))

# %% [markdown]
# The last two lines show the logarithm of a softmax. In two steps, the small probability underflows
# to zero, and its logarithm is minus infinity. `log_softmax` keeps it. `torch.softmax`,
# `torch.log_softmax` and `torch.logsumexp` do the shift themselves: use them.
#
# ## Exercises
#
# **1.** `stable_logsumexp(x)` takes a tensor of shape (n, m). It returns a tensor of shape (n,):
# the logarithm of the sum of exponentials of each row, without `torch.logsumexp` and without
# overflow.

# %%
from tutorial.exercises import check


def stable_logsumexp(x):
    return torch.log(torch.exp(x).sum(1))  # yours


check(stable_logsumexp)

# %% [markdown]
# **2.** `running_mean_var(numbers)` takes an iterable of floats that can be read only once. It
# returns their mean and their variance (the mean squared deviation) as two floats, in one pass and
# without keeping the numbers. Welford's method keeps the mean `m` and the summed squares `s`. For
# the k-th number `x` it computes `d = x - m`, then `m += d / k`, then `s += d * (x - m)`.


# %%
def running_mean_var(numbers):
    return float(sum(numbers)), 0.0  # yours


check(running_mean_var)

# %% [markdown]
# **3.** If several elements share the largest value, `argmax` returns the first in both libraries.
# `last_argmax(x)` takes a tensor of shape (n, m). It returns, for each row, the index of the last
# of them: int64, of shape (n,).


# %%
def last_argmax(x):
    return x.argmax(1)  # yours


check(last_argmax)

# %% [markdown]
# Check your answers here or with `python -m tutorial check reductions`. Solutions are in
# `tutorial/solutions/reductions.py`.
#
# ## To take along
#
# - A large reduction waits for memory, a small one for its call.
# - A fused kernel makes one pass over the data. Separate steps make one pass each.
# - Shift a softmax by its largest number, or call `torch.softmax`, which does.
#
# ## Where to read on
#
# - {{ family("reductions", "All reductions") }} that were measured.
# - {{ chapter("roofline") }} on bytes and operations; {{ chapter("precision") }} on narrower
#   numbers; {{ chapter("fusion") }}.
# - PyTorch documentation: "torch", section "Reduction Ops"; NumPy documentation:
#   [numpy.sum](https://numpy.org/doc/stable/reference/generated/numpy.sum.html), section "Notes".
# - N. Higham, "Accuracy and Stability of Numerical Algorithms", SIAM, 2002, chapter 4.
