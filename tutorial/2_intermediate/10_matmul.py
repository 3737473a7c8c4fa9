# %% [markdown]
# # Matrix products: BLAS, threads and batches
#
# `@` · `torch.matmul` · `torch.einsum` · `multi_dot` · `set_num_threads`
#
# {{ opening("timing") }}
#
# A linear layer, a least-squares fit and a rotation of a million points consist mostly of matrix
# products. If PyTorch computed them faster than NumPy, that alone would be a reason to use it. But
# both pass this work on to another library. This chapter shows which one, and what limits its
# speed.
#
# **What you will know at the end:**
#
# - which library does the work behind `@` on each side, and why it decides the comparison
# - how many operations and bytes a product needs, and which of the two it waits for
# - why one large call is faster than a loop over its parts, in NumPy and in PyTorch
# - how to compare fairly: the same dtype, the same cores
#
# ## The same line on both sides
#
# The workload `matmul` multiplies two square matrices of `n` rows. This is the code that was timed:
#
# {{ pair("matmul") }}
#
# These are the times on {{ machine }}, one core against one core, in float32. (A contender whose
# name ends in `bf16` computes in a shorter float: {{ chapter("precision") }}.)
#
# {{ figure("time/matmul/float32/1") }}
#
# > {{ speedup("matmul", "n=16") }}
#
# > {{ speedup("matmul", "n=1024") }}
#
# A small product is so short that its time is mostly the time of the call. A large product spends
# nearly all of its time in a library that belongs to neither NumPy nor PyTorch.
#
# ## Which library does the work
#
# BLAS (Basic Linear Algebra Subprograms) is an interface: a list of functions and what they
# compute. Its matrix product is called `gemm`. OpenBLAS, Intel's MKL and Apple's Accelerate
# implement it. Each package was built with one of them:

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
# A **kernel** is a compiled function for one operation. A BLAS has many versions of `gemm`. It
# detects the processor and picks one. The last line above names the choice of each BLAS that
# reports it: OpenBLAS does, MKL does not. If a BLAS does not know a processor well, it runs a
# kernel made for another processor.
#
# {{ choose(speedup("matmul", "n=1024"),
#     faster="On this machine PyTorch's BLAS is faster at n = 1024. This is a result about two
#     libraries of linear algebra, not about tensors and arrays.",
#     slower="On this machine NumPy's BLAS is faster at n = 1024. This is a result about two
#     libraries of linear algebra, not about arrays and tensors.",
#     tie="On this machine the two BLAS libraries are equally fast at n = 1024. So changing
#     from NumPy to PyTorch gains nothing here.",
#     otherwise="The result file of this machine does not show whose BLAS is faster.") }}
#
# {{ figure("speedup/matmul/float32") }}
#
# ## What a product costs
#
# Each of the `n * n` entries is a sum of `n` products. Together these are `2 * n**3` floating-point
# operations. Three matrices of `n * n` numbers must move between memory and processor. **Arithmetic
# intensity** is the operations divided by the bytes: operations for each byte moved. A matrix times
# a vector also reads a whole matrix, but uses each number only once:

# %%
BYTES = np.dtype(np.float32).itemsize
for n in (16, 256, 4096):
    matrices = 2 * n**3 / (3 * n**2 * BYTES)
    vector = 2 * n**2 / ((n**2 + 2 * n) * BYTES)
    print(f"n={n:<4}  matrix: {matrices:6.1f}  vector: {vector:4.2f}  operations a byte")

# %% [markdown]
# A core can do several operations in the time that memory takes to deliver a byte. The number of
# operations per byte at which both take equally long is the machine's **ridge point**. Work with a
# higher intensity is **compute-bound**: it waits for arithmetic. Work with a lower intensity is
# **memory-bound**: it waits for memory. The cell times two products with equally many operations:
# of two matrices, and of a matrix and a vector. (Most disturbances add time, so each time here is
# the shortest of ten runs. `threadpool_limits` sets NumPy's BLAS to one core. It may not reach
# PyTorch's BLAS, so `torch.set_num_threads` sets that one.)


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
# The vector product uses each number of the matrix once, and has to fetch it for that. No library
# can avoid this. These sentences compare both products with the fastest arithmetic that was
# measured on this machine:
#
# > {{ quote("roof", workload="matmul", contender="torch-cpu") }}
#
# > {{ quote("roof", workload="matvec", contender="torch-cpu") }}
#
# If operations take most of the time, the time should grow with the third power of `n`:
#
# > {{ quote("growth", workload="matmul", contender="torch-cpu") }}
#
# ## What a BLAS does that a loop does not
#
# The intensity above assumes that each number is fetched once. But each number is used `n` times,
# so it has to stay in the cache between its uses. Large matrices do not fit there. **Blocking**
# cuts them into tiles that fit. To multiply two tiles with sides of `s`, a core loads `2 * s**2`
# numbers and does `2 * s**3` operations.

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
# Here is a product in NumPy by rows, and by tiles. For `n = 512` and `s = 64` both make 512 calls
# of `@` and need equally many operations. They differ only in how much each call moves:

# %%
n, s = 512, 64
a, b = rng.standard_normal((2, n, n), dtype=np.float32)


def by_tiles():
    c = np.zeros_like(a)
    places = [slice(i, i + s) for i in range(0, n, s)]
    for i, j, k in product(places, repeat=3):
        c[i, j] += a[i, k] @ b[k, j]
    return c


ways = {  # each with the count of numbers that its calls read and write
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
# A `gemm` blocks for every level of memory at once: for the large and the small caches, and for the
# registers inside the core (Goto and van de Geijn, below). So the rule for both libraries is: **use
# one large call.**
#
# ## Many small products at once
#
# In both libraries `@` treats the last two axes as matrices and the axes before as a batch.
# `einsum` describes the same product with letters:

# %%
stack_a, stack_b = rng.standard_normal((2, 10, 64, 64))
ta, tb = torch.from_numpy(stack_a), torch.from_numpy(stack_b)
print((ta @ tb).shape, np.allclose(ta @ tb, stack_a @ stack_b))
print(torch.allclose(torch.einsum("tij,tjk->tik", ta, tb), ta @ tb))

# %% [markdown]
# {{ pair("matmul_batched") }}
#
# NumPy calls its BLAS once for each matrix. PyTorch passes on the whole batch, and its matrices can
# then be divided among the cores:
#
# > {{ speedup("matmul_batched", "batch=256") }}
#
# {{ quotes("scaling", workload="matmul_batched", size="batch=256") }}
#
# ## Threads, and a GPU
#
# For a single large product, the BLAS itself divides the work among the cores. This is what all
# cores gain:
#
# {{ quotes("scaling", workload="matmul", size="n=2048") }}
#
# A GPU has many arithmetic units and is made for compute-bound work. The line of code stays the
# same. This number leaves out the copies to the GPU and back ({{ chapter("gpu") }}):
#
# > {{ speedup("matmul", "n=2048", contender="torch-cuda") }}
#
# ## What float32 costs
#
# Each entry is a sum of `n` rounded terms. The relative error of one rounding is at most `u`, half
# the machine epsilon. If all terms are positive, the relative error of the sum is at most about
# `n * u`. The cell compares float32 products with float64:

# %%
u = np.finfo(np.float32).eps / 2
for n in (16, 64, 256, 1024):
    a, b = rng.random((2, n, n), dtype=np.float32)
    exact = a.astype(np.float64) @ b.astype(np.float64)
    both = a @ b, (torch.from_numpy(a) @ torch.from_numpy(b)).numpy()
    errors = [np.max(np.abs(c - exact) / exact) for c in both]
    print(f"n={n:<4}  NumPy {errors[0]:.0e}  PyTorch {errors[1]:.0e}  bound {n * u:.0e}")

# %% [markdown]
# Roundings up and down partly cancel, and a blocked sum is a sum of short sums. So the errors stay
# below the bound. Two libraries that block differently can differ in the last digits, and both are
# right. So compare with a tolerance, never with `==`.
#
# ## A common mistake: float64 against float32
#
# NumPy's random numbers are float64 by default, PyTorch's are float32. So the most natural
# benchmark compares two different computations:

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
print(f"the dtype alone makes a factor of {time[in_numpy.dtype] / time[in_float32.dtype]:.2f}")

# %% [markdown]
# The last factor is the first time divided by the second. It comes from the dtype alone and says
# nothing about the libraries. Before you time anything, print both dtypes.
#
# ## Exercises
#
# **1.** `product_intensity(m, k, n, itemsize)` takes the sizes of a product `(m, k) @ (k, n)` and
# the bytes of one number. It returns `(operations, moved, intensity)`: floating-point operations,
# bytes with each matrix moved once, and operations per byte.
#
# **2.** `attention_scores(q, k)` takes tensors of shapes `(batch, heads, i, d)` and
# `(batch, heads, j, d)`. It returns the inner products of their rows, of shape
# `(batch, heads, i, j)`.
#
# **3.** `cheaper_order(m, k, n, p)` is about `a @ b @ c` with shapes `(m, k)`, `(k, n)` and
# `(n, p)`. It returns `("left", operations)` if `(a @ b) @ c` needs fewer operations, and otherwise
# `("right", operations)` with the operations of `a @ (b @ c)`.
#
# Check your answers here or with `python -m tutorial check matmul`. Solutions are in
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
# ## To take along
#
# - The BLAS decides the time of a large product, not NumPy or PyTorch.
# - A product of n by n matrices does 2 n³ operations on 3 n² numbers, so large ones wait for
#   arithmetic.
# - One large call is faster than a loop of small ones.
#
# ## Where to read on
#
# - {{ chapter("convolution") }}: another computation that is a matrix product inside.
# - {{ chapter("roofline") }} compares arithmetic intensity with what a machine can do;
#   {{ chapter("precision") }} uses fewer bits than float32.
# - {{ family("matmul", "All products that were measured") }}, with attention among them.
# - [torch.matmul](https://pytorch.org/docs/stable/generated/torch.matmul.html) in the PyTorch
#   documentation, and `torch.linalg.multi_dot`, which chooses the order of a chain.
# - Goto and van de Geijn, *Anatomy of high-performance matrix multiplication*, ACM Transactions on
#   Mathematical Software (2008). Golub and Van Loan, *Matrix Computations* (2013), chapter 1.
