# %% [markdown]
# # Between NumPy and PyTorch: shared memory and copies
#
# `from_numpy` · `numpy` · `as_tensor` · `asarray` · `from_dlpack` · `detach` · `cpu`
#
# {{ opening("tensors") }}
#
# Data comes from NumPy and results go back to NumPy, so every program crosses this border. Most
# crossings copy nothing: the array and the tensor are two names for the same memory. If you write
# through one name, the other name shows the change. Some crossings copy, and some raise an error.
# You should know which do, because a copy takes time, and shared memory can change when you do not
# expect it.
#
# **What you will know at the end:**
#
# - which calls share memory and which copy, and how to find out
# - which arrays cannot be shared, and what to do then
# - what NumPy's functions do with tensors
# - how long a copy takes, and when you need one
#
# ## One memory, two names
#
# This cell makes a tensor from an array, then changes one number through each of the two:

# %%
import timeit
import warnings

import matplotlib.pyplot as plt
import numpy as np
import torch

x = np.arange(4.0)
t = torch.from_numpy(x)
t[0] = 42
x[1] = -1
print(x, t)

# %% [markdown]
# Both objects can return the address of their memory, and the address is the same. `numpy()`, which
# goes the other way, makes no copy either. The memory exists as long as one of its names exists:

# %%
print(t.data_ptr() == x.ctypes.data, np.shares_memory(x, t.numpy()))
del x
t

# %% [markdown]
# ## Which calls share, and which copy
#
# There are more ways to cross. One of them is **DLPack**, a protocol with which array libraries
# lend memory to each other, on the CPU or on a GPU. Other array libraries, such as CuPy and JAX,
# support it too. The cell tests each way: it writes a number at one end and looks for it at the
# other end.

# %%
to_tensor = {
    "torch.from_numpy(x)": torch.from_numpy,
    "torch.as_tensor(x)": torch.as_tensor,
    "torch.asarray(x)": torch.asarray,
    "torch.from_dlpack(x)": torch.from_dlpack,
    "torch.as_tensor(x, dtype=torch.float32)": lambda x: torch.as_tensor(x, dtype=torch.float32),
    "torch.tensor(x)": torch.tensor,
}
to_array = {
    "t.numpy()": lambda t: t.numpy(),
    "np.asarray(t)": np.asarray,
    "np.from_dlpack(t)": np.from_dlpack,
    "t.numpy(force=True)": lambda t: t.numpy(force=True),
    "t.clone().numpy()": lambda t: t.clone().numpy(),
}
for start, ways in ((np.zeros(3), to_tensor), (torch.zeros(3), to_array)):
    for name, way in ways.items():
        there = way(start)
        there[0] += 1
        print(f"{name:40} {'shares' if start[0] == there[0] else 'copies'}")
        start[0] = 0

# %% [markdown]
# So `torch.tensor` and `clone` always copy. The others copy only if they must, for instance to
# change the dtype. `as_tensor` and `asarray` also take lists, but `from_numpy` takes only arrays.
#
# ## What a copy costs
#
# Sharing makes a small object that points at the memory. Copying reads and writes every number:


# %%
def crossing_s(way, numbers):
    calls = max(1, min(200, 10**6 // len(numbers)))
    return min(timeit.repeat(lambda: way(numbers), number=calls, repeat=5)) / calls


sizes = [10**power for power in range(1, 8)]
arrays = [np.ones(n, dtype=np.float32) for n in sizes]
ways = torch.from_numpy, torch.tensor
seconds = {way: [crossing_s(way, array) for array in arrays] for way in ways}

fig, ax = plt.subplots()
ax.loglog(sizes, seconds[torch.from_numpy], "o-", color="C3", label="torch.from_numpy, shares")
ax.loglog(sizes, seconds[torch.tensor], "o-", color="C4", label="torch.tensor, copies")
ax.set(xlabel="float32 numbers", ylabel="time (s)")
ax.set_title("Sharing does not touch the numbers, a copy reads them all")
ax.legend()
plt.show()
for way, measured in seconds.items():
    growth = measured[-1] / measured[0]
    print(f"{way.__name__:10} takes {growth:,.1f} times as long for the largest")

# %% [markdown]
# The workload `host_to_device` copies from the CPU's memory to a device. If the device is the CPU,
# the copy stays in the same memory. Here it is in both libraries, measured with more care on one
# core:
#
# > {{ speedup("host_to_device", "n=3000000") }}
#
# ## What cannot be shared
#
# A tensor cannot have negative strides, the steps backwards through memory that a reversed array
# takes. Its numbers have the byte order of the machine. Some dtypes have no counterpart in the
# other library: text and dates in NumPy, and `bfloat16` in PyTorch, a float of half the width of
# float32. These crossings raise an error:

# %%
numbers = np.arange(4.0)
refused = {
    "reversed": lambda: torch.from_numpy(numbers[::-1]),
    "big-endian": lambda: torch.from_numpy(numbers.astype(">f8")),
    "text": lambda: torch.from_numpy(np.array(["a", "b"])),
    "dates": lambda: torch.from_numpy(np.array(["2024-02-29"], dtype="datetime64[D]")),
    "bfloat16": lambda: torch.ones(3, dtype=torch.bfloat16).numpy(),
}
for name, crossing in refused.items():
    try:
        crossing()
    except (TypeError, ValueError) as error:
        print(f"{name:11} {type(error).__name__}: {str(error)[:72]}...")

# %% [markdown]
# Change the array or the tensor before the crossing. `copy()` makes a reversed array a plain one.
# `astype` changes the dtype, and with it the byte order. `t.float()` changes the dtype of a tensor.
# (Do not give a reversed array to `from_dlpack`. Some versions of PyTorch then end the whole
# process, [issue 188023](https://github.com/pytorch/pytorch/issues/188023).)
#
# A tensor cannot be read-only. PyTorch accepts a read-only array with a warning. Writing to that
# tensor is **undefined behaviour**: nobody promises what happens then. PyTorch gives this warning
# once in a process. Here we ask for it every time:

# %%
numbers.flags.writeable = False
always = torch.is_warn_always_enabled()  # put back below
torch.set_warn_always(True)
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    torch.from_numpy(numbers)
torch.set_warn_always(always)
print(str(caught[0].message).partition(" You may")[0])

# %% [markdown]
# Arrays from `np.broadcast_to` and files mapped with `mmap_mode="r"` are read-only. Copy them.
#
# Gradients do not cross the border, because NumPy does not record its operations. So `numpy()`
# raises an error for a tensor that requires gradients. Call `detach()` first, or use `force=True`,
# which also detaches:

# %%
w = torch.ones(3, requires_grad=True)
try:
    w.numpy()
except RuntimeError as error:
    print(error)
np.shares_memory(w.detach().numpy(), w.numpy(force=True))

# %% [markdown]
# `force=True` stands for `t.detach().cpu().resolve_conj().resolve_neg().numpy()`. The two calls in
# the middle carry out complex conjugates and signs that PyTorch has delayed. In spite of its name,
# `force=True` shares memory where it can, as the cell shows.
#
# ## NumPy's functions on tensors
#
# Tensors have the method `__array__`, and `np.asarray` uses it to turn a tensor into an array. So a
# function that begins with `np.asarray` accepts tensors and returns arrays. Other functions call a
# method of the tensor, or need something that only an array has. Their results depend on the
# versions of the libraries. With those of this page:

# %%
t = torch.tensor([3.0, 1.0, 2.0])
print(np.sort(t), np.median(t))
calls = {
    "mean(t)": lambda: np.mean(t),
    "sin(t)": lambda: np.sin(t),
    "x + t": lambda: np.ones(3) + t,
}
with warnings.catch_warnings():
    warnings.simplefilter("error")
    for name, call in calls.items():
        try:
            call()
        except (TypeError, DeprecationWarning) as error:
            print(f"{name:8} {type(error).__name__}: {error}"[:78])

# %% [markdown]
# So convert with a call that everybody sees: `np.sin(t.numpy())`. Or stay in PyTorch: `t.sin()`.
#
# ## To a GPU and back
#
# A GPU has its own memory, so `cuda()` and `cpu()` copy. `numpy()` makes no such copy and raises an
# error:

# %% tags=["gpu"]
if torch.cuda.is_available():
    on_gpu = t.cuda()
    on_gpu[0] = 0
    print(t[0].item(), np.shares_memory(t.numpy(), on_gpu.cpu().numpy()))
    try:
        on_gpu.numpy()
    except TypeError as error:
        print(error)

# %% [markdown]
# This is the time of such a copy, compared with a copy that stays in the CPU's memory:
#
# > {{ speedup("host_to_device", "n=3000000", contender="torch-cuda") }}
#
# ## A common mistake: keeping tensors of a buffer that is written again
#
# A program reads one batch of data after another into the same array, which is good practice in
# NumPy. It keeps each batch as a tensor:

# %%
buffer = np.empty(3, dtype=np.float32)
kept = []
for step in range(3):
    buffer[:] = step  # as a camera or a file would
    kept.append(torch.from_numpy(buffer))
torch.stack(kept)

# %% [markdown]
# Three batches went in, and the last one came out three times, without an error. A model trained on
# them learns from the last batch alone. The same can happen in the other direction. Here a tensor
# is changed in place although the array is still needed:

# %%
readings = np.array([2.0, 4.0, 9.0])
centred = torch.from_numpy(readings)
centred -= centred.mean()
readings.mean()

# %% [markdown]
# The mean of the readings was five. So before you write to one side, copy what is still needed of
# the other, for example with `torch.tensor`. Share what you only read:

# %%
kept = []
for step in range(3):
    buffer[:] = step
    kept.append(torch.tensor(buffer))
torch.stack(kept)[:, 0]

# %% [markdown]
# ## Exercises
#
# **1.** `snapshot_of(t)` takes a tensor on the CPU, which may require gradients. It returns an
# array of the same values, and no later change of `t` changes that array.
#
# **2.** `tensor_of_any_array(x)` takes a float64 array of any strides and byte order, read-only or
# not. It returns a writable tensor of the same shape and values. Writing to the tensor must not
# change `x`.
#
# Check your answers here or with `python -m tutorial check numpy_bridge`. Solutions are in
# `tutorial/solutions/numpy_bridge.py`.

# %%
from tutorial.exercises import check


def snapshot_of(t):
    return t.numpy()  # yours


check(snapshot_of)


# %%
def tensor_of_any_array(x):
    return torch.from_numpy(x)  # yours


check(tensor_of_any_array)

# %% [markdown]
# ## To take along
#
# - `from_numpy`, `as_tensor` and `numpy` share memory. `torch.tensor` copies.
# - A change through one name shows through the other.
# - If an array will be filled again, keep a copy of it, not a tensor that shares its memory.
#
# ## Where to read on
#
# - {{ chapter("views") }}
# - Accelerators: {{ chapter("gpu") }}
# - PyTorch documentation:
#   [torch.from_numpy](https://pytorch.org/docs/stable/generated/torch.from_numpy.html),
#   [torch.Tensor.numpy](https://pytorch.org/docs/stable/generated/torch.Tensor.numpy.html),
#   [torch.asarray](https://pytorch.org/docs/stable/generated/torch.asarray.html)
# - NumPy documentation: [Interoperability with
#   NumPy](https://numpy.org/doc/stable/user/basics.interoperability.html), with DLPack
