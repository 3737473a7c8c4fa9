# %% [markdown]
# # What does a tensor hold?
#
# A tensor is described by its shape, its dtype and its device. The first two you know from NumPy,
# but PyTorch has other defaults for dtypes and other rules for mixing them. So a line that looks
# the same can give fewer digits, raise an error or take longer, and most first surprises with
# PyTorch are of this kind.
#
# **What you will know at the end:**
#
# - how to make tensors, and which dtype they get
# - what float32 costs in digits, and what it gains in memory and time
# - which dtype comes out where two meet, in NumPy and in PyTorch
# - how float64 slips in from NumPy, and where to stop it
#
# ## Shape, dtype, device

# %%
import timeit

import matplotlib.pyplot as plt
import numpy as np
import torch

x = np.zeros((2, 3))
t = torch.zeros(2, 3)
print(t.shape, t.dtype, t.device)
print(t.shape == x.shape, t.ndim == x.ndim, len(t) == len(x))

# %% [markdown]
# The shape is a tuple, and `ndim` and `len` mean what you think. One name does not: `size` is a
# number in NumPy and a method that returns the shape in PyTorch. The number of elements is `numel`:

# %%
print(x.size, t.size(), t.numel())

# %% [markdown]
# The device is where the numbers are; in this chapter they are all on the CPU.
#
# ## Making tensors
#
# `torch.tensor` copies numbers out of lists, Python's numbers or arrays. Beside it stand the usual
# functions. Random numbers come from a generator, as from `np.random.default_rng`, but the same
# seed does not give the same numbers in both libraries:

# %%
print(torch.tensor([[1, 2], [3, 4]]))
print(torch.full((3,), 0.5), torch.arange(0, 10, 4), torch.zeros_like(t).shape)
print(torch.rand(2, generator=torch.Generator().manual_seed(0)), np.random.default_rng(0).random(2))

# %% [markdown]
# ## The default dtypes
#
# Numbers of Python, and the dtypes that each library gives them:

# %%
for value in (True, 1, 1.0, 1j):
    print(f"{value!r:4}  {np.array(value).dtype!s:10}  {torch.tensor(value).dtype}")

# %% [markdown]
# Python's own numbers with a decimal point are float64, and NumPy keeps them so. PyTorch takes half
# the width, float32, because a network has many numbers and needs few digits of each. Numbers that
# come from NumPy keep their dtype, and you can always ask for one:

# %%
print(torch.tensor(np.float64(1.0)).dtype, torch.ones(2, dtype=torch.float64).dtype)
torch.get_default_dtype()

# %% [markdown]
# (`torch.set_default_dtype` changes the default for all code in the process, other people's too.)
#
# ## What float32 costs
#
# It costs digits. Computers count the seconds since the beginning of 1970. A float64 holds a second
# of 2023 exactly, but a tensor of the default dtype turns it into another second:

# %%
second = 1_700_000_001.0
print(torch.tensor(second).item() == second)
print(torch.tensor(second, dtype=torch.float64).item() == second)
print(f"{torch.tensor(second).item():.0f}")

# %% [markdown]
# A float keeps a fixed number of leading digits, whatever its size. `torch.finfo` says how many:
# its `eps`, the **machine epsilon**, is the gap between one and the next larger number. For larger
# numbers the gap is wider:

# %%
for dtype in (torch.float32, torch.float64):
    digits = -np.log10(torch.finfo(dtype).eps)
    print(f"{dtype}: {torch.finfo(dtype).bits // 8} bytes, {digits:.1f} digits")

fig, ax = plt.subplots()
for dtype, colour in ((torch.float32, "C3"), (torch.float64, "C4")):
    numbers = torch.logspace(-3, 12, 1500, dtype=dtype)
    gaps = torch.nextafter(numbers, torch.tensor(torch.inf, dtype=dtype)) - numbers
    ax.loglog(numbers, gaps, color=colour, label=str(dtype).removeprefix("torch."))
ax.axvline(second, color="C5", linestyle=":", label="the second above")
ax.set(xlabel="number", ylabel="distance to the next number")
ax.set_title("The larger a number, the wider the gap to its neighbour")
ax.legend()
plt.show()

# %% [markdown]
# Where the gap is wider than one, whole numbers are lost, and a counter stands still:

# %%
count = torch.tensor(2.0**24)
print(count, count + 1)

# %% [markdown]
# ## What float32 gains
#
# Half the memory, to begin with. And where arithmetic or memory is what takes the time, twice as
# many numbers may get through at a time. Is it so here? The shortest of several tries, on one core:


# %%
def best_s(call, number):
    return min(timeit.repeat(call, number=number, repeat=5)) / number


cores = torch.get_num_threads()  # put back below
torch.set_num_threads(1)
wide = torch.rand(400, 400, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
narrow = wide.float()
print(f"bytes: {wide.nbytes:,} and {narrow.nbytes:,}")
gain = best_s(lambda: wide @ wide, 5) / best_s(lambda: narrow @ narrow, 5)
print(f"a product of matrices in float32 takes {1 / gain:.2f} of the time in float64")

# %% [markdown]
# The same comparison from the result file of this page, if float64 was measured for it:
#
# > {{ quote("dtype", workload="matmul", size="n=1024", contender="torch-cpu") }}
#
# {{ choose(quote("dtype", workload="matmul", size="n=1024", contender="torch-cpu"),
#     faster="Here the processor does more operations at a time on narrow numbers.",
#     slower="So narrow numbers are no gain by themselves; measure.",
#     tie="So narrow numbers are no gain by themselves; measure.",
#     otherwise="The benchmark measures float64 too if it is run with `--full`.") }}
#
# ## When dtypes meet
#
# This adds two arrays, then two tensors, of the same two dtypes:

# %%
pairs = ("float32", "float64"), ("uint8", "int8"), ("int32", "float32"), ("int64", "float32")
for one, other in pairs:
    in_numpy = (np.ones(2, one) + np.ones(2, other)).dtype
    tensors = [torch.ones(2, dtype=getattr(torch, name)) for name in (one, other)]
    print(f"{one:7} + {other:7}  {in_numpy!s:7}  {sum(tensors).dtype}")

# %% [markdown]
# To find a common dtype is called **promotion**. NumPy looks for one that can hold what both can;
# for int32 and float32 that is float64. PyTorch orders the kinds (bool, integer, float, complex),
# takes the higher kind, and within it as much width as the operands of that kind need.
#
# A single number does not widen others of its kind. In NumPy this is true of Python's numbers; in
# PyTorch it is true of tensors without dimensions as well:

# %%
print((np.ones(2, np.float32) + 1.0).dtype, (torch.ones(2) + 1.0).dtype)
print((np.ones(2, np.float32) + np.float64(1)).dtype)
print((torch.ones(2) + torch.tensor(1.0, dtype=torch.float64)).dtype)

# %% [markdown]
# Products of matrices do not promote at all in PyTorch, here a float32 and a float64:

# %%
try:
    narrow @ wide
except RuntimeError as error:
    print(error)

# %% [markdown]
# Integers have surprises of their own. They wrap around at the ends of their range even where NumPy
# refuses a number that does not fit; a division gives the default dtype; and for a mean you have to
# name a floating dtype:

# %%
pixels = torch.tensor([250, 4], dtype=torch.uint8)
print(pixels + 300, (pixels / 2).dtype, pixels.mean(dtype=torch.float32))
for attempt in (lambda: pixels.numpy() + 300, pixels.mean):
    try:
        attempt()
    except (OverflowError, RuntimeError) as error:
        print(f"{type(error).__name__}: {error}")

# %% [markdown]
# ## One number
#
# The sum of an array is a scalar, the sum of a tensor is a tensor without dimensions. `item` gives
# Python's number, which is a float64. So it shows digits that the float32 never held:

# %%
tenth = 0.1
t = torch.tensor([tenth])
print(t.sum(), t.sum().shape, t.item())
print(t.item() == tenth, (t == tenth).item())

# %% [markdown]
# The second comparison is true because there the Python number is rounded to float32 first.
#
# ## A common mistake: float64 by accident from NumPy
#
# Data come from NumPy, the weights of a model from PyTorch:

# %%
rng = np.random.default_rng(0)
features = torch.from_numpy(rng.standard_normal((2000, 64)))
weights = torch.randn(64, 64, generator=torch.Generator().manual_seed(0))
try:
    features @ weights
except RuntimeError as error:
    print(error)

# %% [markdown]
# That was the good case. The bad one is an operation that promotes: no error, and from there on
# everything is float64. The usual cure for the error, `double`, does the same to the whole model:

# %%
shifted = features + torch.zeros(64)
print(shifted.dtype, (features @ weights.double()).dtype)


def layer(inputs, matrix):
    return torch.tanh(inputs @ matrix)


narrow, wide_weights = features.float(), weights.double()
ratio = best_s(lambda: layer(features, wide_weights), 2) / best_s(lambda: layer(narrow, weights), 2)
torch.set_num_threads(cores)
print(f"bytes: {features.nbytes:,} in place of {narrow.nbytes:,}")
print(f"time: {ratio:.1f} times that in float32")

# %% [markdown]
# Instead, convert once, where data enter. Keep float64 for where digits are the point.

# %%
features = torch.as_tensor(rng.standard_normal((2000, 64)), dtype=torch.float32)
(features @ weights).dtype

# %% [markdown]
# ## Exercises
#
# **1.** `as_float32(x)` takes a NumPy array of any shape and of a floating, integer or bool dtype,
# and returns a float32 tensor of the same shape and values.
#
# **2.** `mean_of_counts(counts)` takes an int64 tensor of shape (n,) and returns its mean as a
# Python number, with all the digits of float64.
#
# Answers are checked here or by `python -m tutorial check 02`; solutions are in
# `tutorial/solutions/tensors.py`.

# %%
from tutorial.exercises import check


def as_float32(x):
    return torch.from_numpy(x)  # yours


check(as_float32)


# %%
def mean_of_counts(counts):
    return counts[0].item()  # yours


check(mean_of_counts)


# %% [markdown]
# ## Where to read on
#
# - {{ chapter("numpy_bridge") }}
# - Dtypes narrower than float32: {{ chapter("precision") }}
# - PyTorch documentation: [Tensor Attributes](https://pytorch.org/docs/stable/tensor_attributes.html),
#   with the rules of promotion
# - NumPy documentation: [Data type promotion in
#   NumPy](https://numpy.org/doc/stable/reference/arrays.promotion.html)
# - Goldberg, *What Every Computer Scientist Should Know About Floating-Point Arithmetic* (1991)
