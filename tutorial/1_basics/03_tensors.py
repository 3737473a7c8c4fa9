# %% [markdown]
# # Tensors: shape, dtype and device
#
# `torch.tensor` · `dtype` · `torch.finfo` · `set_default_dtype` · `item` · `float` · `double`
#
# {{ opening("what_is_pytorch") }}
#
# A tensor has a shape, a dtype and a device. You know the first two from NumPy. But PyTorch has
# other default dtypes and other rules for mixing dtypes. So the same line can give fewer digits,
# raise an error or take longer. Most first surprises with PyTorch are of this kind.
#
# **What you will know at the end:**
#
# - how to make tensors, and which dtype they get
# - how many digits float32 costs, and how much memory and time it saves
# - which dtype an operation on two dtypes returns, in NumPy and in PyTorch
# - how float64 gets in from NumPy by accident, and how to prevent that
#
# ## Shape, dtype, device
#
# This cell makes an array and a tensor of zeros, and compares them:

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
# The shape is a tuple, and `ndim` and `len` work as in NumPy. One name differs: `size` is a number
# in NumPy, but in PyTorch it is a method that returns the shape. The number of elements is `numel`:

# %%
print(x.size, t.size(), t.numel())

# %% [markdown]
# The device is the place where the numbers are stored. In this chapter it is always the CPU.
#
# ## Making tensors
#
# `torch.tensor` copies numbers out of lists, Python numbers or arrays. NumPy's usual functions for
# making arrays exist too. Random numbers come from a generator, as with `np.random.default_rng`,
# but the same seed gives different numbers in the two libraries:

# %%
print(torch.tensor([[1, 2], [3, 4]]))
print(torch.full((3,), 0.5), torch.arange(0, 10, 4), torch.zeros_like(t).shape)
print(torch.rand(2, generator=torch.Generator().manual_seed(0)), np.random.default_rng(0).random(2))

# %% [markdown]
# ## The default dtypes
#
# This cell prints the dtype that each library gives to a Python number:

# %%
for value in (True, 1, 1.0, 1j):
    print(f"{value!r:4}  {np.array(value).dtype!s:10}  {torch.tensor(value).dtype}")

# %% [markdown]
# A Python number with a decimal point is a float64, and NumPy keeps that dtype. PyTorch uses half
# the width, float32, because a network has many numbers and needs few digits of each. Numbers that
# come from NumPy keep their dtype, and you can always ask for a dtype:

# %%
print(torch.tensor(np.float64(1.0)).dtype, torch.ones(2, dtype=torch.float64).dtype)
torch.get_default_dtype()

# %% [markdown]
# (`torch.set_default_dtype` changes the default for all code in the process, also for code that is
# not yours.)
#
# ## What float32 costs
#
# It costs digits. Computers count time in seconds since the beginning of 1970. The number below is
# a second of 2023. A float64 holds it exactly, but a float32 rounds it to another second:

# %%
second = 1_700_000_001.0
print(torch.tensor(second).item() == second)
print(torch.tensor(second, dtype=torch.float64).item() == second)
print(f"{torch.tensor(second).item():.0f}")

# %% [markdown]
# A float keeps a fixed number of leading digits, whatever its size. The `eps` of `torch.finfo`, the
# **machine epsilon**, is the gap between one and the next larger number. Its logarithm gives the
# number of digits. For larger numbers the gap is wider:

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
# Where the gap is wider than one, some whole numbers cannot be stored, and a counter stops
# counting:

# %%
count = torch.tensor(2.0**24)
print(count, count + 1)

# %% [markdown]
# ## What float32 gains
#
# It needs half the memory. And where arithmetic or memory takes most of the time, twice as many
# numbers may be processed in the same time. `float()` converts to float32. The cell takes the
# shortest of several times, on one core:


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
# The result file of this page has the same comparison if float64 was measured too:
#
# > {{ quote("dtype", workload="matmul", size="n=1024", contender="torch-cpu") }}
#
# {{ choose(quote("dtype", workload="matmul", size="n=1024", contender="torch-cpu"),
#     faster="Here the processor does more operations at a time on float32 numbers.",
#     slower="So float32 is not always faster. Measure your own case.",
#     tie="So float32 is not always faster. Measure your own case.",
#     otherwise="Run the benchmark with `--full` to measure float64 too.") }}
#
# ## When dtypes meet
#
# This cell adds two arrays of different dtypes, then two tensors of the same dtypes:

# %%
pairs = ("float32", "float64"), ("uint8", "int8"), ("int32", "float32"), ("int64", "float32")
for one, other in pairs:
    in_numpy = (np.ones(2, one) + np.ones(2, other)).dtype
    tensors = [torch.ones(2, dtype=getattr(torch, name)) for name in (one, other)]
    print(f"{one:7} + {other:7}  {in_numpy!s:7}  {sum(tensors).dtype}")

# %% [markdown]
# Finding a common dtype is called **promotion**. In the first two rows both libraries agree. The
# last two rows mix integers and floats, and there the libraries differ. NumPy looks for a dtype
# that can hold the values of both. For int32 and float32 this is float64. PyTorch orders the kinds:
# bool, integer, float, complex. It takes the higher kind of the two, with the width of the operand
# of this kind.
#
# A single number does not widen an array of the same kind. In NumPy this rule holds for Python
# numbers. In PyTorch it also holds for tensors without dimensions:

# %%
print((np.ones(2, np.float32) + 1.0).dtype, (torch.ones(2) + 1.0).dtype)
print((np.ones(2, np.float32) + np.float64(1)).dtype)
print((torch.ones(2) + torch.tensor(1.0, dtype=torch.float64)).dtype)

# %% [markdown]
# In PyTorch a matrix product does not promote at all. The message calls float32 `float`, and
# float64 `double`:

# %%
try:
    narrow @ wide
except RuntimeError as error:
    print(error)

# %% [markdown]
# A uint8 (`Byte` in a message) holds numbers up to 255. If a Python number does not fit, NumPy
# raises an error, but PyTorch's result wraps around. A division of integers gives the default
# dtype. And for a mean you have to name a floating dtype:

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
# The sum of an array is a scalar, but the sum of a tensor is a tensor without dimensions. `item`
# returns a Python number, which is a float64. So it shows digits that the float32 never held:

# %%
tenth = 0.1
t = torch.tensor([tenth])
print(t.sum(), t.sum().shape, t.item())
print(t.item() == tenth, (t == tenth).item())

# %% [markdown]
# The second comparison is true because PyTorch rounds the Python number to float32 first.
#
# ## A common mistake: float64 by accident from NumPy
#
# In this cell the data comes from NumPy, and the weights of a model come from PyTorch:

# %%
rng = np.random.default_rng(0)
features = torch.from_numpy(rng.standard_normal((2000, 64)))
weights = torch.randn(64, 64, generator=torch.Generator().manual_seed(0))
try:
    features @ weights
except RuntimeError as error:
    print(error)

# %% [markdown]
# This error is the good case. The bad case is an operation that promotes: it raises no error, and
# everything after it is float64. The usual fix for the error is `double()`, which converts to
# float64. It makes the whole model float64:

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
# Instead, convert the data once, where it enters the program. Keep float64 where you need the
# digits.

# %%
features = torch.as_tensor(rng.standard_normal((2000, 64)), dtype=torch.float32)
(features @ weights).dtype

# %% [markdown]
# ## Exercises
#
# **1.** `as_float32(x)` takes a NumPy array of any shape, with a floating, integer or bool dtype.
# It returns a float32 tensor of the same shape and values.
#
# **2.** `mean_of_counts(counts)` takes an int64 tensor of shape (n,). It returns the mean as a
# Python number, with all the digits of float64.
#
# Check your answers here or with `python -m tutorial check tensors`. Solutions are in
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
# ## To take along
#
# - New tensors of floats are float32. Tensors from arrays keep the dtype of the array.
# - float32 has about seven digits, half the bytes of float64, and often half the time.
# - One stray float64 array makes all results after it float64. Convert data where it enters.
#
# ## Where to read on
#
# - {{ chapter("numpy_bridge") }}
# - Dtypes narrower than float32: {{ chapter("precision") }}
# - PyTorch documentation: [Tensor Attributes](https://pytorch.org/docs/stable/tensor_attributes.html),
#   with the rules of promotion
# - NumPy documentation: [Data type promotion in
#   NumPy](https://numpy.org/doc/stable/reference/arrays.promotion.html)
# - Goldberg, *What Every Computer Scientist Should Know About Floating-Point Arithmetic* (1991)
