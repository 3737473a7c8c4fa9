# %% [markdown]
# # Linear algebra: solve, least squares, SVD
#
# `torch.linalg.solve` · `lstsq` · `qr` · `svd` · `eigh` · `cholesky` · `cond` · `pinv`
#
# {{ opening("matmul", "autograd") }}
#
# `torch.linalg` has the names of `numpy.linalg`, and on a CPU both call LAPACK, a library of linear
# algebra that is built on BLAS. So most programs need only `torch` in place of `np`. Three things
# differ: the default precision, a rule about shapes, and the gradients that PyTorch gives through a
# solution.
#
# **What you will know at the end:**
#
# - which functions have the same name, and where a shape means something else
# - why to solve and not to invert, and how many digits a solution has
# - three ways to fit by least squares, and which one loses twice as many digits
# - how to solve thousands of small systems at once
# - when a gradient goes through a decomposition, and when it is `nan`
#
# ## The same names

# %%
import timeit

import matplotlib.pyplot as plt
import numpy as np
import torch
from sklearn.datasets import load_digits

rng = np.random.default_rng(0)
a, b = rng.standard_normal((4, 4)), rng.standard_normal(4)
ta, tb = torch.from_numpy(a), torch.from_numpy(b)
symmetric = a @ a.T
for name, arguments in {
    "solve": (a, b),
    "inv": (a,),
    "det": (a,),
    "eigvalsh": (symmetric,),
    "cholesky": (symmetric,),
    "cond": (a,),
    "matrix_rank": (a,),
    "pinv": (a,),
    "svd": (a,),
    "qr": (a,),
}.items():
    numpy = getattr(np.linalg, name)(*arguments)
    other = getattr(torch.linalg, name)(*map(torch.from_numpy, arguments))
    pairs = zip(numpy, other, strict=True) if isinstance(numpy, tuple) else [(numpy, other)]
    print(f"{name:12}", all(np.allclose(one, two) for one, two in pairs))

# %% [markdown]
# `svd`, `eigh` and `qr` are unique only up to signs (of columns). Here both libraries chose the
# same signs, and you should not rely on it.
#
# One shape has two meanings. A right-hand side of shape (2, 3) for two matrices of shape (3, 3) is,
# in PyTorch, a batch of two vectors. NumPy (since version 2) reads it as one matrix, whose shape
# does not fit:

# %%
matrices, vectors = rng.standard_normal((2, 3, 3)), rng.standard_normal((2, 3))
print(torch.linalg.solve(torch.from_numpy(matrices), torch.from_numpy(vectors)).shape)
try:
    np.linalg.solve(matrices, vectors)
except ValueError as error:
    print("NumPy:", str(error)[:60], "...")
np.linalg.solve(matrices, vectors[..., None])[..., 0].shape  # right in both libraries

# %% [markdown]
# ## Solve, and count the digits
#
# To find `x` with `A x = b`, call `solve`. `inv(A) @ b` does three times the work and is usually
# less precise. How precise can a solution be? The **condition number** of `A` says how many times
# larger the relative error of `x` can be than that of `b`. A number has about 16 digits in float64
# and 7 in float32, and a condition number of a million takes away six of them.
#
# The Hilbert matrix, with entries `1 / (i + j + 1)`, is a famous example of a large condition
# number. Here the right-hand side belongs to a known solution, all ones:


# %%
def hilbert(n, dtype):
    index = torch.arange(n, dtype=torch.float64)
    return (1 / (index[:, None] + index + 1)).to(dtype)


print(" n  condition   error in float64   error in float32")
for n in (2, 4, 6, 8):
    errors = []
    for dtype in (torch.float64, torch.float32):
        h = hilbert(n, dtype)
        x = torch.linalg.solve(h, h.sum(1))
        errors.append((x.double() - 1).abs().max().item())
    print(
        f"{n:2} {torch.linalg.cond(hilbert(n, torch.float64)):10.0e} {errors[0]:18.0e} {errors[1]:18.0e}"
    )

# %% [markdown]
# PyTorch makes float32 by default. So for linear algebra choose float64, unless you know that the
# condition number is small.
#
# ## Least squares in three ways
#
# A fit has more equations than unknowns, so no `x` satisfies all. **Least squares** minimises the sum
# of the squared errors `|A x - b|²`. There are three ways to it:
#
# - the **normal equations**, `AᵀA x = Aᵀb`: fast, but the condition number of `AᵀA` is the square
#   of that of `A`, so twice as many digits are lost;
# - the **QR decomposition**, `A = Q R` with orthogonal columns in `Q`: `R x = Qᵀb`;
# - the **singular value decomposition** (SVD), which also works if columns depend on each other.
#
# `lstsq` is the function to call. On a CPU it uses a QR decomposition that reorders the columns,
# and its argument `driver` selects another method. For each degree, this cell takes points of a
# polynomial whose coefficients are all one. Then it fits the coefficients to the points:


# %%
def normal_equations(a, b):
    return torch.linalg.solve(a.T @ a, a.T @ b)


def by_qr(a, b):
    q, r = torch.linalg.qr(a)
    return torch.linalg.solve_triangular(r, (q.T @ b)[:, None], upper=True)[:, 0]


def by_svd(a, b):
    u, s, vh = torch.linalg.svd(a, full_matrices=False)
    return vh.T @ ((u.T @ b) / s)


def by_lstsq(a, b):
    return torch.linalg.lstsq(a, b[:, None]).solution[:, 0]


ways = {"normal equations": normal_equations, "QR": by_qr, "SVD": by_svd, "lstsq": by_lstsq}
degrees = range(2, 14)
t = torch.linspace(0, 1, 200, dtype=torch.float64)
errors = {name: [] for name in ways}
for degree in degrees:
    powers = t[:, None] ** torch.arange(degree + 1)
    for name, way in ways.items():
        fitted = way(powers, powers.sum(1))  # of the polynomial whose coefficients are ones
        errors[name].append((fitted - 1).abs().max().item())

fig, ax = plt.subplots()
for (name, error), style in zip(errors.items(), ("C3-", "C0-", "C1--", "C4:"), strict=True):
    ax.semilogy(degrees, error, style, marker="o", markersize=4, label=name)
ax.set_title("The normal equations lose twice as many digits as QR or the SVD")
ax.set(xlabel="degree of the polynomial", ylabel="largest error of a coefficient")
ax.legend()
plt.show()

# %% [markdown]
# The condition number grows with the degree, and the errors grow with it.
#
# ## Many small problems in one call
#
# The functions of `torch.linalg` and `numpy.linalg` take a stack of matrices: the last two axes are
# the matrix, the axes before are the batch. One call for a thousand small matrices saves a thousand
# calls. This cell solves a thousand systems of size four, in a loop and at once, in each library:


# %%
def shortest_s(call):
    return min(timeit.repeat(call, number=1, repeat=4))


many, sides = rng.standard_normal((1000, 4, 4)), rng.standard_normal((1000, 4, 1))
stacks = {"NumPy": (np.linalg.solve, many, sides)}
stacks["PyTorch"] = (torch.linalg.solve, *map(torch.from_numpy, (many, sides)))
cores = torch.get_num_threads()  # put back below
torch.set_num_threads(1)
for library, (solve, m, r) in stacks.items():
    pairs = list(zip(m, r, strict=True))
    loop_s = shortest_s(lambda solve=solve, pairs=pairs: [solve(*pair) for pair in pairs])
    once_s = shortest_s(lambda solve=solve, m=m, r=r: solve(m, r))
    print(f"{library:8} the loop takes {loop_s / once_s:.0f} times as long as one call")
torch.set_num_threads(cores)

# %% [markdown]
# ## The SVD finds what a matrix is mostly made of
#
# `A = U diag(s) Vᵀ`, with the **singular values** `s` in falling order. If you keep the first `r`
# of them, you get the matrix of rank `r` that is nearest to `A` (Eckart and Young, 1936). Here each
# row of `A` is an image of a digit, minus the mean image:

# %%
pixels = torch.from_numpy(load_digits().data / 16)
mean = pixels.mean(0)
u, s, vh = torch.linalg.svd(pixels - mean, full_matrices=False)
ranks = (2, 8, 20, 64)
fig, axes = plt.subplots(1, len(ranks), figsize=(7.5, 2.3))
for ax, rank in zip(axes, ranks, strict=True):
    near = mean + (u[:, :rank] * s[:rank]) @ vh[:rank]
    kept = (s[:rank] ** 2).sum() / (s**2).sum()
    ax.pcolormesh(near[3].reshape(8, 8).flip(0), cmap="Blues", vmin=0, vmax=1)
    ax.set(title=f"rank {rank}: {kept:.0%}", aspect="equal", xticks=[], yticks=[])
fig.suptitle("One image from the first singular vectors, and the share of all variance they keep")
plt.show()

# %% [markdown]
# ## Gradients go through a solution
#
# Autograd differentiates `solve`, `lstsq`, `cholesky`, `eigh` and `svd`. So a loss may contain a
# fit. Take `x = solve(A, b)`, and let `g` be the gradient of a loss with respect to `x`. By hand,
# the gradient with respect to `b` is `solve(A.T, g)`. Here `g` is `2 * x`:

# %%
rhs = tb.clone().requires_grad_()
loss = (torch.linalg.solve(ta, rhs) ** 2).sum()
loss.backward()
x = np.linalg.solve(a, b)
print(np.allclose(rhs.grad, np.linalg.solve(a.T, 2 * x)))

# %% [markdown]
# Singular vectors are not unique if two singular values are equal. Then the gradient through `U` or
# `Vᵀ` divides by zero. The gradient through the singular values alone needs no such division:

# %%
eye = torch.eye(3, dtype=torch.float64, requires_grad=True)
u, _, _ = torch.linalg.svd(eye)
(through_vectors,) = torch.autograd.grad(u.sum(), eye)
(through_values,) = torch.autograd.grad(torch.linalg.svdvals(eye).sum(), eye)
print(through_vectors.isnan().any().item(), through_values.isnan().any().item())

# %% [markdown]
# If a matrix is singular, both libraries raise an error. On a GPU this check makes the program wait
# for the GPU ({{ chapter("gpu") }}). `solve_ex`, `inv_ex` and `cholesky_ex` do not raise. They also
# return a number, which is zero for success:

# %%
result, info = torch.linalg.solve_ex(torch.zeros(2, 2), torch.ones(2))
for library, zeros in ((np, np.zeros((2, 2))), (torch, torch.zeros(2, 2))):
    try:
        library.linalg.solve(zeros, zeros[0])
    except (np.linalg.LinAlgError, torch.linalg.LinAlgError) as error:
        print(f"{type(error).__name__}: {error}")
print("solve_ex:", info.item())

# %% [markdown]
# ## A common mistake: normal equations in float32
#
# Someone translates `np.linalg.solve(A.T @ A, A.T @ b)` to tensors, and the tensors are float32. In
# float64 the fit was fine. In float32 the squared condition number takes away all seven digits, so
# the coefficients are noise. Often PyTorch raises no error:

# %%
powers = t[:, None] ** torch.arange(7)
wanted = torch.ones(7)
for dtype in (torch.float64, torch.float32):
    a7 = powers.to(dtype)
    for name in ("normal equations", "lstsq"):
        off = (ways[name](a7, a7.sum(1)).double() - 1).abs().max()
        print(f"{dtype!s:14} {name:17} largest error {off:.0e}")

# %% [markdown]
# Call `lstsq`, in float64. If you must stay in float32, scale the columns, or add a small penalty
# on the coefficients (the first exercise). The penalty bounds the condition number.
#
# ## Exercises
#
# **1.** `ridge(x, y, penalty)` takes float64 tensors of shapes (n, p) and (n,) and a positive number.
# It returns the `w` of shape (p,) that minimises `|x w - y|² + penalty |w|²`. Do not invert a matrix.
#
# **2.** `low_rank(a, rank)` takes a matrix of shape (n, m). It returns the nearest matrix of at
# most that rank, of the same shape.
#
# **3.** `whiten(x)` takes a float64 tensor of shape (n, p) with n > p. It subtracts the mean of
# each column and returns a tensor of shape (n, p) whose columns have variance one and covariance
# zero: `z.T @ z / n` is the identity. There are many such tensors. Any is right if it is the
# centred `x` times a matrix.
#
# Check your answers here or with `python -m tutorial check linear_algebra`. Solutions are in
# `tutorial/solutions/linear_algebra.py`.

# %%
from tutorial.exercises import check


def ridge(x, y, penalty):
    return x.T @ y / penalty  # yours


check(ridge)


# %%
def low_rank(a, rank):
    return a[:rank]  # yours


check(low_rank)


# %%
def whiten(x):
    return x - x.mean(0)  # yours


check(whiten)

# %% [markdown]
# ## To take along
#
# - `torch.linalg` has NumPy's names. Its tensors are float32 unless you say otherwise.
# - Solve, do not invert, and do not square the matrix of a fit: call `lstsq`.
# - The last two axes are the matrix. All axes before are a batch, and one call does the whole
#   batch.
#
# ## Where to read on
#
# - {{ chapter("precision") }}: what float32 and shorter numbers can hold.
# - {{ chapter("autograd_in_depth") }}: gradients of gradients, which contain such solutions.
# - PyTorch documentation: [torch.linalg](https://pytorch.org/docs/stable/linalg.html). NumPy
#   documentation: [numpy.linalg](https://numpy.org/doc/stable/reference/routines.linalg.html).
# - Trefethen and Bau, *Numerical Linear Algebra* (1997), lectures 11, 12 and 18. Higham, *Accuracy
#   and Stability of Numerical Algorithms* (2002), chapter 20.
