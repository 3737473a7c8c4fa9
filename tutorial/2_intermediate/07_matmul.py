# %% [markdown]
# # Is PyTorch faster at multiplying matrices?
#
# A dense layer, a least-squares fit, a rotation of a million points: each is a matrix product. If
# changing the library made it faster, that alone would be a reason to change. The answer is
# decided by neither library, and this chapter shows what decides it.
#
# **What you will know at the end:**
#
# - which library multiplies behind `@` on each side, and why that settles the comparison
# - what a product costs in operations and in bytes, and which of the two it waits for
# - why one large call beats a loop over its parts, in NumPy and in PyTorch alike
# - how to compare fairly: the same dtype, the same cores
#
# ## The same line on both sides
#
# The workload `matmul` multiplies two square matrices of `n` rows. Both bodies, from the file that
# was timed:
#
# {{ pair("matmul") }}
#
# Measured on {{ machine }}, one core against one core, in float32:
#
# {{ figure("time/matmul/float32/1") }}
#
# > {{ speedup("matmul", "n=16") }}
#
# > {{ speedup("matmul", "n=1024") }}
#
# A small product is over so soon that what is timed is mostly the call. In a large one nearly all
# of the time is spent inside a library that neither NumPy nor PyTorch wrote.
#
# ## Who does the work
#
# BLAS (Basic Linear Algebra Subprograms) is an interface: a list of functions and what they
# compute; its matrix product is called `gemm`. OpenBLAS, Intel's MKL and Apple's Accelerate
# implement it, and each package was built with one of them:

# %%
import re
import timeit
from itertools import product

import matplotlib.pyplot as plt
import numpy as np
import torch
from threadpoolctl import threadpool_info, threadpool_limits

built_with = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
print("NumPy:  ", built_with["name"], built_with["version"])
print("PyTorch:", *re.findall(r"BLAS_INFO=(\w+)", torch.__config__.show()))
kernels = {pool.get("architecture") for pool in threadpool_info()} - {None}
print("kernels written for:", *kernels)

# %% [markdown]
# A **kernel** is a compiled function for one operation. A BLAS holds many versions of `gemm`, asks
# the processor what it is, and picks one (some libraries tell which, as above). Where it does not
# know a processor well, it runs a kernel made for another.
#
# {{ choose(speedup("matmul", "n=1024"),
#    faster="On this machine it is PyTorch's BLAS whose kernel suits the processor better. That is a
#    result about two libraries of linear algebra, not about tensors against arrays.",
#    slower="On this machine it is NumPy's BLAS whose kernel suits the processor better. That is a
#    result about two libraries of linear algebra, not about arrays against tensors.",
#    tie="On this machine the two libraries have kernels that are equally good, and changing from
#    one to the other gains nothing here.",
#    otherwise="The result file of this machine does not settle whose kernel suits the processor
#    better.") }}
#
# {{ figure("speedup/matmul/float32") }}
#
# ## What a product costs
#
# Each of the `n * n` entries is a sum of `n` products: `2 * n**3` floating-point operations in
# all. Three matrices of `n * n` numbers must cross between memory and processor. **Arithmetic
# intensity** is the first divided by the second: operations for each byte moved. A matrix times a
# vector reads a whole matrix too, but uses each number once:

# %%
BYTES = np.dtype(np.float32).itemsize
for n in (16, 256, 4096):
    matrices = 2 * n**3 / (3 * n**2 * BYTES)
    vector = 2 * n**2 / ((n**2 + 2 * n) * BYTES)
    print(f"n={n:<4}  matrix: {matrices:6.1f}  vector: {vector:4.2f}  operations a byte")

# %% [markdown]
# A core can do several operations in the time that memory takes to deliver a byte. The number of
# them is the machine's **ridge point**. Work with a higher intensity is **compute-bound**: it waits
# for arithmetic. Work with a lower one is **memory-bound**. To see the difference, take a product
# of two matrices and one of a matrix and a vector that need equally many operations. (Most
# disturbances add time, so the times here are the least of ten runs. To use one core,
# `threadpool_limits` tells NumPy's BLAS, and `torch.set_num_threads` PyTorch, whose BLAS the other
# may not reach.)


# %%
def least_time(call):
    return min(timeit.repeat(call, number=1, repeat=10))


threads = torch.get_num_threads()  # put back at the end
torch.set_num_threads(1)
rng = np.random.default_rng(0)
a, b = rng.standard_normal((2, 256, 256), dtype=np.float32)
m, v = rng.standard_normal((4096, 4096), dtype=np.float32), np.ones(4096, np.float32)
print("operations:", 2 * 256**3, 2 * 4096**2)
with threadpool_limits(limits=1):
    matrices, vector = least_time(lambda: a @ b), least_time(lambda: m @ v)
print(f"matrix @ vector takes {vector / matrices:.1f} times as long as matrix @ matrix")

# %% [markdown]
# A number that is used once must be fetched for that one use, whatever the library. The result file
# holds both products against the most that this machine was seen to do:
#
# > {{ quote("roof", workload="matmul", contender="torch-cpu") }}
#
# > {{ quote("roof", workload="matvec", contender="torch-cpu") }}
#
# And where operations are what takes the time, it should grow as the third power of `n`:
#
# > {{ quote("growth", workload="matmul", contender="torch-cpu") }}
#
# ## What a BLAS does that a loop does not
#
# That intensity supposes that each number is fetched once. It is used `n` times, so between its
# uses it has to stay in the cache, and large matrices do not fit there. **Blocking** cuts them into
# tiles that do: two tiles with sides of `s` bring in `2 * s**2` numbers, and `2 * s**3` operations
# are done with them.

# %%
needed = {"a": [(1, k) for k in range(4)], "b": [(k, 2) for k in range(4)], "c": [(1, 2)]}
fig, axes = plt.subplots(1, 3, figsize=(7.5, 3.1), layout="constrained")
for ax, (name, tiles) in zip(axes, needed.items(), strict=True):
    for k, (row, column) in enumerate(tiles):
        ax.add_patch(plt.Rectangle((column, row), 1, 1, color="C3", alpha=0.4))
        ax.text(column + 0.5, row + 0.5, k if len(tiles) > 1 else "sum", ha="center", va="center")
    ax.set(xlim=(0, 4), ylim=(4, 0), aspect="equal", title=name, xlabel="column / s")
    ax.set(xticks=range(5), yticks=range(5), ylabel="row / s")
    ax.grid(visible=True)
fig.suptitle("A tile of c is a sum of products of tiles, one pair at a time")
plt.show()

# %% [markdown]
# Here is a product in NumPy row by row, and tile by tile. For `n = 512` and `s = 64` both make 512
# calls of `@` and need equally many operations, so what differs is how much each call moves:

# %%
n, s = 512, 64
a, b = rng.standard_normal((2, n, n), dtype=np.float32)


def by_tiles():
    c = np.zeros_like(a)
    places = [slice(i, i + s) for i in range(0, n, s)]
    for i, j, k in product(places, repeat=3):
        c[i, j] += a[i, k] @ b[k, j]
    return c


ways = {  # and how many numbers the calls of each read and write
    "rows": (lambda: np.stack([row @ b for row in a]), n * (n + n**2 + n)),
    "tiles": (by_tiles, n * 4 * s**2),
    "one call": (lambda: a @ b, 3 * n**2),
}
with threadpool_limits(limits=1):
    for name, (way, moved) in ways.items():
        time, right = least_time(way), np.allclose(way(), a @ b, atol=1e-3)
        intensity = 2 * n**3 / (moved * BYTES)
        print(f"{name:8}  {intensity:4.1f} operations a byte  {time * 1e3:5.2f} ms  {right=}")

# %% [markdown]
# A `gemm` blocks for every level of memory at once: for the caches, large and small, and for the
# few numbers that the core itself holds (Goto and van de Geijn, below). Hence the rule that holds
# in either library: **say it in one large call.**
#
# ## Many small products at once
#
# On both sides `@` takes the last two axes as matrices and those before as a batch, and `einsum`
# says the same in letters:

# %%
stack_a, stack_b = rng.standard_normal((2, 10, 64, 64))
ta, tb = torch.from_numpy(stack_a), torch.from_numpy(stack_b)
print((ta @ tb).shape, np.allclose(ta @ tb, stack_a @ stack_b))
print(torch.allclose(torch.einsum("tij,tjk->tik", ta, tb), ta @ tb))

# %% [markdown]
# {{ pair("matmul_batched") }}
#
# NumPy calls its BLAS once for each matrix. PyTorch hands over the batch as a whole, which can then
# be shared among the cores:
#
# > {{ speedup("matmul_batched", "batch=256") }}
#
# {{ quotes("scaling", workload="matmul_batched", size="batch=256") }}
#
# ## Threads, and a GPU
#
# A single large product is shared among cores by the BLAS itself. What all cores are worth:
#
# {{ quotes("scaling", workload="matmul", size="n=2048") }}
#
# Compute-bound work is also what a GPU, with its many arithmetic units, is made for. The line of
# code stays the same; {{ chapter("gpu") }} tells what this number leaves out:
#
# > {{ speedup("matmul", "n=2048", contender="torch-cuda") }}
#
# ## What float32 costs
#
# Each entry is a sum of `n` rounded terms. If all are positive, its relative error can reach about
# `n * u`, where `u`, half the gap between one and the next number, bounds a single rounding. The
# same products held against float64:

# %%
u = np.finfo(np.float32).eps / 2
for n in (16, 64, 256, 1024):
    a, b = rng.random((2, n, n), dtype=np.float32)
    exact = a.astype(np.float64) @ b.astype(np.float64)
    both = a @ b, (torch.from_numpy(a) @ torch.from_numpy(b)).numpy()
    errors = [np.max(np.abs(c - exact) / exact) for c in both]
    print(f"n={n:<4}  NumPy {errors[0]:.0e}  PyTorch {errors[1]:.0e}  bound {n * u:.0e}")

# %% [markdown]
# Roundings up and down partly cancel, and a blocked sum is a sum of short sums; both keep the error
# below the bound. Two libraries that block differently may differ in the last digits and both be
# right: compare with a tolerance, never with `==`.
#
# ## A common mistake: float64 against float32
#
# NumPy's random numbers are float64 unless told otherwise, PyTorch's are float32. So the most
# natural benchmark of all compares two different computations:

# %%
in_numpy = rng.random((256, 256))
in_torch = torch.rand(256, 256, generator=torch.Generator().manual_seed(0))
print(in_numpy.dtype, "against", in_torch.dtype)
in_float32 = in_numpy.astype(np.float32)
with threadpool_limits(limits=1):
    time = {each.dtype: least_time(lambda x=each: x @ x) for each in (in_numpy, in_float32)}
    time_torch = least_time(lambda: in_torch @ in_torch)
torch.set_num_threads(threads)
for dtype, time_numpy in time.items():
    print(f"NumPy in {dtype} takes {time_numpy / time_torch:.2f} times what float32 tensors take")
print(f"of which the dtype makes {time[in_numpy.dtype] / time[in_float32.dtype]:.2f}")

# %% [markdown]
# The first line divided by the second is what the dtype alone does, and neither library is to be
# praised for it. Before you time anything, print both dtypes.
#
# ## Exercises
#
# **1.** `product_intensity(m, k, n, itemsize)` takes the sizes of a product `(m, k) @ (k, n)` and
# the bytes of one number. It returns `(operations, moved, intensity)`: floating-point operations,
# bytes with each matrix moved once, and operations a byte.
#
# **2.** `attention_scores(q, k)` takes tensors of shapes `(batch, heads, i, d)` and
# `(batch, heads, j, d)` and returns the inner products of their rows, `(batch, heads, i, j)`.
#
# **3.** `cheaper_order(m, k, n, p)` is about `a @ b @ c` with shapes `(m, k)`, `(k, n)` and
# `(n, p)`. It returns `("left", operations)` where `(a @ b) @ c` needs fewer operations, else
# `("right", operations)`, those of `a @ (b @ c)`.
#
# Answers are checked here or by `python -m tutorial check 07`; solutions are in
# `tutorial/solutions/matmul.py`.

# %%
from tutorial.exercises import check


def product_intensity(m, k, n, itemsize):
    return m * k * n, itemsize, 0.0  # yours


check(product_intensity)


# %%
def attention_scores(q, k):
    return q, k  # yours


check(attention_scores)


# %%
def cheaper_order(m, k, n, p):
    return "left", m * k * n * p  # yours


check(cheaper_order)

# %% [markdown]
# ## Where to read on
#
# - {{ chapter("convolution") }}: another computation that is a matrix product inside.
# - {{ chapter("roofline") }} draws arithmetic intensity against what a machine can do;
#   {{ chapter("precision") }} goes below float32.
# - {{ family("matmul", "All products that were measured") }}, attention among them.
# - [torch.matmul](https://pytorch.org/docs/stable/generated/torch.matmul.html) in the PyTorch
#   documentation, and `torch.linalg.multi_dot`, which chooses the order of a chain.
# - Goto and van de Geijn, *Anatomy of high-performance matrix multiplication*, ACM Transactions on
#   Mathematical Software (2008). Golub and Van Loan, *Matrix Computations* (2013), chapter 1.
