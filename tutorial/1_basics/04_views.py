# %% [markdown]
# # Which operations share memory, and which copy?
#
# In NumPy a slice is a window on the same numbers and `x[[0, 2]]` is not. Tensors follow the same
# plan in the same words, so most of what you know holds. This chapter shows the plan, and names the
# places where the two libraries part: there, a program that looks right may compute something else.
#
# **What you will know at the end:**
#
# - how shape, strides and offset make a view out of memory that is already there;
# - which indexing shares memory and which copies, in both libraries;
# - what `view`, `reshape`, `contiguous`, `transpose` and `permute` do, and what NumPy calls it;
# - how broadcasting works, and where `dim` is more than another name for `axis`.
#
# ## One block of memory, many ways to walk it
#
# An array is a block of memory and a rule for finding element `[i, j]` in it: start at an
# **offset**, add `i` steps of one length and `j` steps of another. The lengths of these steps are
# the **strides**. NumPy counts them in bytes, PyTorch in elements. A transpose moves nothing: it
# swaps the strides (`data_ptr()` is the address of the first element).

# %%
import numpy as np
import torch

x = np.arange(6).reshape(2, 3)
t = torch.arange(6).reshape(2, 3)
print("NumPy  ", x.strides, x.T.strides, "bytes, of", x.itemsize, "an element")
print("PyTorch", t.stride(), t.T.stride(), "elements")
print("one address:", t.data_ptr() == t.T.data_ptr())

# %% [markdown]
# In the picture a row of the matrix is a line, with a dot at each place in memory where one of its
# elements lies. Element `[i, j]` lies at `i * stride[0] + j * stride[1]`:

# %%
import matplotlib.pyplot as plt

fig, axes = plt.subplots(2, 1, sharex=True, layout="constrained")
for ax, name, matrix in zip(axes, ["t", "t.T"], [t, t.T], strict=True):
    down, along = matrix.stride()
    for i in range(len(matrix)):
        places = [i * down + j * along for j in range(matrix.shape[1])]
        ax.plot(places, [i] * len(places), "o-", color=("C3", "C4", "C7")[i])
    ax.set_title(f"{name}: shape {tuple(matrix.shape)}, strides {matrix.stride()}")
    ax.set(ylabel="row", yticks=range(len(matrix)), ylim=(len(matrix) - 0.5, -0.5))
axes[1].set_xlabel("position in memory (elements)")
plt.show()

# %% [markdown]
# ## Views and copies
#
# A **view** is an array in the memory of another one; a **copy** has memory of its own. If one
# offset and one stride for each axis can describe the result, nothing needs to move, and the result
# is a view. `np.shares_memory` tells which it is, for tensors by their `numpy()`:

# %%
x, t = np.arange(12).reshape(3, 4), torch.arange(12).reshape(3, 4)
operations = {
    "x[:, 1::2]": lambda x: x[:, 1::2],
    "x[:, None]": lambda x: x[:, None],
    "x.reshape(4, 3)": lambda x: x.reshape(4, 3),
    "x.T.reshape(12)": lambda x: x.T.reshape(12),
    "x[[0, 2]]": lambda x: x[[0, 2]],
    "x[x > 0]": lambda x: x[x > 0],
}
for name, do in operations.items():
    ours, theirs = np.shares_memory(x, do(x)), np.shares_memory(t.numpy(), do(t).numpy())
    print(f"{name:16} shares memory in NumPy: {ours!s:5}  in PyTorch: {theirs}")

# %% [markdown]
# The answers agree. **Basic indexing** (integers, slices, `None`) gives a view. **Advanced
# indexing** (a list, an array of integers, a boolean mask) gives a copy, since no stride describes
# an arbitrary choice. To the left of `=` either writes into the array itself. But the first index
# of a chain of two is read like any other, and here gives a copy:

# %%
t[[0, 2]] = -1
t[[0, 2]][0] = 99  # writes into a copy, which is then dropped
t

# %% [markdown]
# Here the libraries part for the first time. A stride may be negative in NumPy and may not in
# PyTorch. A slice that runs backwards is refused there; `flip` gives its numbers, as a copy:

# %%
try:
    t[::-1]
except ValueError as error:
    print(error)
print(x[::-1].strides, np.shares_memory(x, x[::-1]))
np.shares_memory(t.numpy(), t.flip(0).numpy())

# %% [markdown]
# ## Reshape, view, contiguous, permute
#
# An array that is walked in the order in which it lies in memory is **contiguous**. `reshape`
# returns a view where strides allow it and a copy where they do not, and does not say which.
# PyTorch has a strict form, `view`, that refuses to copy. `contiguous()`, NumPy's
# `np.ascontiguousarray`, copies only where it must:

# %%
try:
    t.T.view(12)
except RuntimeError as error:
    print(str(error)[:52], "...")
print(t.is_contiguous(), t.T.is_contiguous(), x.flags.c_contiguous, x.T.flags.c_contiguous)
torch.equal(t.T.contiguous().view(12), t.T.reshape(12))

# %% [markdown]
# `transpose` is one name for two things. NumPy's takes all axes in their new order, which PyTorch
# calls `permute`. PyTorch's takes two axes and swaps them, which NumPy calls `swapaxes`. For a
# stack of matrices write `mT`, which swaps the last two axes in both:

# %%
x, t = np.zeros((2, 3, 4)), torch.zeros(2, 3, 4)
print(x.transpose(2, 0, 1).shape, tuple(t.permute(2, 0, 1).shape))
print(x.swapaxes(0, 2).shape, tuple(t.transpose(0, 2).shape))
print(x.mT.shape, tuple(t.mT.shape))

# %% [markdown]
# ## Does the walk cost anything?
#
# A processor has a **cache**, a small and fast memory beside the core, and fetches into it not
# single numbers but **cache lines** of neighbouring bytes. A walk with a large stride uses little
# of each line. Here both libraries sum equally many numbers each time, on one thread:

# %%
from timeit import repeat

count, strides = 2**16, [1, 2, 4, 8, 16, 32]
memory = np.random.default_rng(0).random(count * strides[-1])
threads = torch.get_num_threads()
torch.set_num_threads(1)
times_ns = {"NumPy": [], "PyTorch": []}
for stride in strides:
    view = memory[: count * stride : stride]
    for name, each in [("NumPy", view), ("PyTorch", torch.from_numpy(view))]:
        times_ns[name].append(min(repeat(each.sum, number=5, repeat=9)) / 5 / count * 1e9)
torch.set_num_threads(threads)

# %%
fig, ax = plt.subplots()
for (name, times), colour in zip(times_ns.items(), ["C0", "C1"], strict=True):
    ax.plot([str(stride) for stride in strides], times, "o-", color=colour, label=name)
ax.set_title(f"The time to sum {count} numbers that lie further and further apart")
ax.set(xlabel="stride (elements of 8 bytes)", ylabel="time a number (ns)", ylim=(0, None))
ax.legend()
plt.show()
for name, times in times_ns.items():
    print(f"{name:8} with the largest stride takes {times[-1] / times[0]:.1f} times as long")

# %% [markdown]
# A view costs nothing to make, but whatever reads it may pay for its strides. What is read many
# times may deserve a contiguous copy. Sums along the rows of a matrix, and across them, on
# {{ machine }}:
#
# > {{ speedup("sum", "over=rows,n=4096") }}
#
# > {{ speedup("sum", "over=columns,n=4096") }}
#
# ## Broadcasting is a stride of zero
#
# Both libraries have one rule: line the shapes up at the right, put ones in front of the shorter,
# and stretch each axis of length one. To stretch is to walk with stride zero: the next row is the
# same row. NumPy's `broadcast_to` gives the stretched view, as does `expand` in PyTorch. One number
# in memory is then an element of each row, so NumPy makes the view read-only. PyTorch refuses to
# change all of the view at once, but lets you change a single element, and with it both rows:

# %%
x, t = np.broadcast_to(np.arange(3.0), (2, 3)), torch.arange(3.0).expand(2, 3)
print(x.strides, t.stride(), x.flags.writeable)
try:
    t += 1
except RuntimeError as error:
    print(str(error)[:95], "...")
t[0, 0] = 7
t

# %% [markdown]
# ## Other names, and what they hide
#
# | NumPy | PyTorch | what differs |
# |:---|:---|:---|
# | `axis`, `keepdims` | `dim`, `keepdim` | the name; PyTorch takes NumPy's too |
# | `x.max(axis=1)` | `t.amax(dim=1)` | `t.max(dim=1)` returns values and indices |
# | `x.std(ddof=0)` | `t.std(correction=1)` | the default: divide by n, or by n - 1 |
# | `x.view(dtype)` | `t.view(dtype)` | given a shape, `t.view` is a strict `reshape` |
# | `np.add(x, 1, out=x)` | `t.add_(1)` | a name that ends in `_` changes the tensor itself |

# %%
x = np.array([[1.0, 2.0, 6.0], [4.0, 0.0, 5.0]])
t = torch.from_numpy(x.copy())
print(torch.equal(t.sum(dim=1, keepdim=True), t.sum(axis=1, keepdims=True)))
values, indices = t.max(dim=1)
print(x.max(axis=1), t.amax(dim=1), values, indices, sep="\n")
print(f"{x.std():.4f} {t.std():.4f}, by one rule {x.std(ddof=1):.4f} {t.std(correction=1):.4f}")
print(np.array_equal(x.view(np.int64), t.view(torch.int64)))

# %% [markdown]
# Methods with an underscore work **in place**: they write into the tensor and return it, and every
# view of it sees that. `t += 1` is `t.add_(1)`, as in NumPy; `t = t + 1` makes a new tensor.

# %%
row = t[0]
print(t.mul_(10) is t)
row

# %% [markdown]
# ## A common mistake: a column minus a vector in a loss
#
# A model returns its predictions as a column, shape (n, 1); the targets are a vector, shape (n,).
# Their difference is meant to have n elements. By the rule above it has n rows of n, each target
# against each prediction, and the mean of its squares is a number like any other:

# %%
rng = np.random.default_rng(0)
x = torch.from_numpy(rng.standard_normal((50, 1)))
y = 2 * x.squeeze(1) + 0.1 * torch.from_numpy(rng.standard_normal(50))
print(tuple(y.shape), tuple(x.shape), tuple((y - x).shape))
losses = {
    "(n,) - (n, 1)": lambda slope: ((y - slope * x) ** 2).mean().item(),
    "(n,) - (n,)": lambda slope: ((y - slope * x.squeeze(1)) ** 2).mean().item(),
}

# %% [markdown]
# No error is raised, but the model learns something else. The data lie about a line of slope 2, and
# the mistaken loss has its minimum elsewhere:

# %%
slopes = np.linspace(-1, 3, 81)
fig, ax = plt.subplots()
for (name, loss), colour in zip(losses.items(), ["C3", "C1"], strict=True):
    values = [loss(slope) for slope in slopes]
    best = slopes[np.argmin(values)]
    ax.plot(slopes, values, color=colour, label=f"{name}, minimum at {best:.2f}")
    ax.plot(best, min(values), "o", color=colour)
ax.set_title("Two losses of one model on data of slope 2")
ax.set(xlabel="slope of the model (no unit)", ylabel="mean squared error (no unit)")
ax.legend()
plt.show()

# %% [markdown]
# Each target was held against every prediction, so which belongs to which is lost. Remove the axis
# by its number (a bare `squeeze()` would also drop the first axis where n is one), and compare the
# shapes before you subtract. `torch.nn.functional.mse_loss` warns where they differ:

# %%
import warnings

for prediction in (2 * x, 2 * x.squeeze(1)):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        loss = torch.nn.functional.mse_loss(prediction, y)
    print(tuple(prediction.shape), f"loss {loss:.2f}, warnings: {len(caught)}")

# %% [markdown]
# ## Exercises
#
# **1.** `standardise_columns(x)` takes a tensor of shape (n, p) and returns one of that shape, each
# column with mean 0 and with standard deviation 1 as NumPy's `std` counts it. `x` stays as it was.
#
# **2.** `sliding_windows(x, width)` takes a tensor of shape (n,) and returns the view of shape
# (n - width + 1, width) whose row `i` is `x[i : i + width]`. Use `x.as_strided(shape, strides)`,
# copy nothing, and do not take `x` to be contiguous.
#
# **3.** `squared_distances(x, y)` takes tensors of shapes (n, d) and (m, d) and returns one of
# shape (n, m): the squared distance of each row of `x` from each row of `y`, without a loop.
#
# Answers are checked here or by `python -m tutorial check 04`; solutions are in
# `tutorial/solutions/views.py`.

# %%
from tutorial.exercises import check


def standardise_columns(x):
    return x  # yours


check(standardise_columns)


# %%
def sliding_windows(x, width):
    return x[:width]  # yours


check(sliding_windows)


# %%
def squared_distances(x, y):
    return x - y[: len(x)]  # yours


check(squared_distances)

# %% [markdown]
# ## Where to read on
#
# - {{ chapter("autograd") }} on what may be changed in place when gradients are wanted, and
#   {{ chapter("reductions") }} on what `dim` costs.
# - PyTorch documentation: [Tensor Views](https://pytorch.org/docs/stable/tensor_view.html), a list
#   of the operations that give views, and
#   [Broadcasting semantics](https://pytorch.org/docs/stable/notes/broadcasting.html).
# - NumPy documentation:
#   [Copies and views](https://numpy.org/doc/stable/user/basics.copies.html).
