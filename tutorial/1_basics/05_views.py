# %% [markdown]
# # Views and copies: indexing, reshape, broadcasting
#
# `view` · `reshape` · `stride` · `contiguous` · `transpose` · `permute` · `squeeze` · `dim`
#
# {{ opening("numpy_bridge") }}
#
# In NumPy a slice is a view of the same numbers, and `x[[0, 2]]` is a copy. PyTorch follows mostly
# the same rules with the same words, so most of what you know still holds. This chapter shows the
# rules and the places where the two libraries differ. At those places a program can look right and
# compute something else.
#
# **What you will know at the end:**
#
# - how shape, strides and offset turn existing memory into a view;
# - which kinds of indexing share memory and which copy, in both libraries;
# - what `view`, `reshape`, `contiguous`, `transpose` and `permute` do, and their names in NumPy;
# - how broadcasting works, and where `dim` is more than another name for `axis`.
#
# ## One block of memory, many ways to read it
#
# An array is a block of memory and a rule for finding element `[i, j]` in it: start at an
# **offset**, go `i` steps of one length and `j` steps of another. The lengths of these steps are
# the **strides**. NumPy counts them in bytes, PyTorch in elements. A transpose moves nothing: it
# swaps the strides. (`data_ptr()` is the address of the first element.)

# %%
import numpy as np
import torch

x = np.arange(6).reshape(2, 3)
t = torch.arange(6).reshape(2, 3)
print("NumPy  ", x.strides, x.T.strides, "bytes, of", x.itemsize, "an element")
print("PyTorch", t.stride(), t.T.stride(), "elements")
print("one address:", t.data_ptr() == t.T.data_ptr())

# %% [markdown]
# In the picture each line is a row of the matrix. Each dot is the place of one element in memory.
# Element `[i, j]` is at `i * stride[0] + j * stride[1]`:

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
# A **view** is an array that uses the memory of another array. A **copy** has its own memory. If
# one offset and one stride for each axis can describe the result, an operation can return a view
# and move nothing. `np.shares_memory` says whether two arrays use the same memory. The cell passes
# it the `numpy()` of each tensor:

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
# indexing** (a list, an array of integers, a boolean mask) gives a copy, because no stride
# describes an arbitrary choice. To the left of `=`, both kinds write into the array itself. But in
# a chain of two indices only the last one writes. The first one reads, and here it returns a copy:

# %%
t[[0, 2]] = -1
t[[0, 2]][0] = 99  # writes into a copy, which is then dropped
t

# %% [markdown]
# Here is the first difference between the libraries. A stride may be negative in NumPy, but not in
# PyTorch. PyTorch refuses a slice that runs backwards. `flip` gives the same numbers as a copy:

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
# An array is **contiguous** if its elements lie in memory without gaps, in the order of its
# indices. `reshape` returns a view where the strides allow it, and otherwise a copy. It does not
# say which. PyTorch also has `view`, which never copies: where it cannot return a view, it raises
# an error. `contiguous()` is NumPy's `np.ascontiguousarray`, which copies only where it must:

# %%
try:
    t.T.view(12)
except RuntimeError as error:
    print(str(error)[:52], "...")
print(t.is_contiguous(), t.T.is_contiguous(), x.flags.c_contiguous, x.T.flags.c_contiguous)
torch.equal(t.T.contiguous().view(12), t.T.reshape(12))

# %% [markdown]
# `transpose` means two different things. NumPy's `transpose` takes all axes in their new order.
# PyTorch calls this `permute`. PyTorch's `transpose` takes two axes and swaps them. NumPy calls
# this `swapaxes`. For a stack of matrices use `mT`, which swaps the last two axes in both
# libraries:

# %%
x, t = np.zeros((2, 3, 4)), torch.zeros(2, 3, 4)
print(x.transpose(2, 0, 1).shape, tuple(t.permute(2, 0, 1).shape))
print(x.swapaxes(0, 2).shape, tuple(t.transpose(0, 2).shape))
print(x.mT.shape, tuple(t.mT.shape))

# %% [markdown]
# ## Do strides cost time?
#
# A processor has a **cache**, a small and fast memory beside the core. It fetches whole **cache
# lines** into the cache, each a block of neighbouring bytes. Reading with a large stride uses
# little of each line. Here both libraries sum the same number of elements at each stride, on one
# thread:

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
# Making a view costs nothing, but the code that reads it may pay for its strides. If you read an
# array many times, a contiguous copy may be worth it. Which library is faster may depend on the
# strides too. These are the sums of the rows of a matrix (stride 1), then of its columns (stride
# n), on
# {{ machine }}:
#
# > {{ speedup("sum", "over=rows,n=4096") }}
#
# > {{ speedup("sum", "over=columns,n=4096") }}
#
# ## Broadcasting is a stride of zero
#
# Both libraries have the same rule. Align the shapes at their right ends, put ones in front of the
# shorter shape, and stretch each axis of length one. A stretched axis has stride zero: the next row
# is the same row again. NumPy's `broadcast_to` and PyTorch's `expand` return the stretched view. In
# such a view one number in memory is an element of every row, so NumPy makes the view read-only.
# PyTorch refuses to change the whole view at once. But it lets you change a single element, and
# this changes both rows:

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
# ## Other names, and other meanings
#
# A few names that you know differ in PyTorch:
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
# view of the tensor changes too. `t += 1` is `t.add_(1)`, as in NumPy. `t = t + 1` makes a new
# tensor.

# %%
row = t[0]
print(t.mul_(10) is t)
row

# %% [markdown]
# ## A common mistake: a column minus a vector in a loss
#
# A model returns its predictions as a column, shape (n, 1). The targets are a vector, shape (n,).
# Their difference should have n elements. By the rule above it has n rows and n columns: each
# target minus each prediction. The mean of its squares is still a single number, so it looks right:

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
# PyTorch raises no error, but the model learns something else. The data lies around a line of slope
# 2, and the wrong loss has its minimum elsewhere:

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
# The wrong loss compares each target with every prediction instead of its own. So remove the second
# axis with `squeeze(1)`. A bare `squeeze()` would also remove the first axis if n is one. And
# compare the shapes before you subtract. `torch.nn.functional.mse_loss` warns if they differ:

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
# **1.** `standardise_columns(x)` takes a tensor of shape (n, p). It returns a tensor of the same
# shape in which each column has mean 0 and standard deviation 1, as NumPy's `std` defines it. `x`
# must not change.
#
# **2.** `sliding_windows(x, width)` takes a tensor of shape (n,). It returns the view of shape (n -
# width + 1, width) whose row `i` is `x[i : i + width]`. `x.as_strided(shape, strides)` makes a view
# of `x` with any shape and strides. Copy nothing, and do not assume that `x` is contiguous.
#
# **3.** `squared_distances(x, y)` takes tensors of shapes (n, d) and (m, d). It returns a tensor of
# shape (n, m): the squared distance of each row of `x` from each row of `y`, without a loop.
#
# Check your answers here or with `python -m tutorial check views`. Solutions are in
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
# ## To take along
#
# - A view is a shape, strides and an offset over memory that is already there.
# - Slices are views, index arrays and masks are copies, in both libraries.
# - A column minus a vector broadcasts to a matrix, without an error: check shapes in a loss.
#
# ## Where to read on
#
# - {{ chapter("autograd") }} explains what you may change in place when you need gradients.
# - {{ chapter("reductions") }} shows what the choice of `dim` costs.
# - PyTorch documentation: [Tensor Views](https://pytorch.org/docs/stable/tensor_view.html), a list
#   of the operations that give views, and [Broadcasting
#   semantics](https://pytorch.org/docs/stable/notes/broadcasting.html).
# - NumPy documentation: [Copies and views](https://numpy.org/doc/stable/user/basics.copies.html).
