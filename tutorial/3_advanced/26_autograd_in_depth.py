# %% [markdown]
# # Autograd in depth: own functions, second derivatives, memory
#
# `torch.autograd.Function` · `torch.func.grad` · `vjp` · `jvp` · `vmap` · `checkpoint` ·
# `gradcheck`
#
# {{ opening("autograd", "dynamic_graph") }}
#
# In NumPy every derivative is a separate formula: the gradient, the gradient of the gradient, the
# gradient of each single example. Autograd derives all of them from one program. It also accepts
# your own formula where you know a better one. Autograd costs memory and time, and you can count
# both.
#
# **What you will know at the end:**
#
# - how to give autograd your own derivative, and how to test it
# - how to differentiate a gradient, and how to use a matrix of second derivatives without building
#   it
# - when forward mode is cheaper and when reverse mode is, counted in evaluations
# - what the graph keeps in memory, and how to spend time to keep less
#
# ## Your own derivative
#
# Autograd sees only operations on tensors. PyTorch has no cube root. NumPy has one, but the graph
# ends where a program calls NumPy. A `torch.autograd.Function` closes this gap, and you call it by
# its `apply`. Its `forward` computes, outside the graph. `setup_context` keeps what backward will
# need in the **context** `ctx`. `backward` takes the gradient of the loss for the output and
# returns the one for the input. Since `y**3 == x`, the derivative of `y` is one over `3 * y**2`:

# %%
import numpy as np
import torch


class CubeRoot(torch.autograd.Function):
    @staticmethod
    def forward(x):
        return torch.as_tensor(np.cbrt(x.detach().numpy()))

    @staticmethod
    def setup_context(ctx, _inputs, output):
        ctx.save_for_backward(output)

    @staticmethod
    def backward(ctx, grad_y):
        (y,) = ctx.saved_tensors
        return grad_y / (3 * y**2)


x = torch.tensor([-8.0, 1.0, 27.0], dtype=torch.float64, requires_grad=True)
y = CubeRoot.apply(x)
y.sum().backward()
print(y.detach(), x.grad)

# %% [markdown]
# `torch.autograd.gradcheck` compares a function's backward with central differences
# ({{ chapter("autograd") }}), for every output and every input. It needs float64, because in
# float32 the differences themselves have too few digits. `gradgradcheck` does the same with the
# gradient of the gradient. That gradient exists because `backward` itself consists of operations on
# tensors:

# %%
print(torch.autograd.gradcheck(CubeRoot.apply, x), torch.autograd.gradgradcheck(CubeRoot.apply, x))

# %% [markdown]
# Your own derivative also helps where a step in between overflows. The logarithm of `cosh(x)` is
# about `abs(x)` for large x, but `cosh` itself overflows from 711 on. Then the value is infinite,
# and the gradient, infinity over infinity, is `nan`. So rewrite the value so that `exp` never gets
# a positive number. `exp(x) + exp(-x)` is `exp(abs(x)) * (1 + exp(-2 * abs(x)))`, and `cosh(x)` is
# half of it. So the logarithm of `cosh(x)` is `abs(x) + log(1 + exp(-2 * abs(x))) - log(2)`.
# (`log1p(z)` is `log(1 + z)` and does not round `1 + z`.) By hand, the derivative is `tanh(x)`, so
# `setup_context` saves the input. `forward` is outside the graph, so the kink of `abs` at zero does
# no harm:


# %%
class LogCosh(torch.autograd.Function):
    @staticmethod
    def forward(x):
        return x.abs() + torch.log1p(torch.exp(-2 * x.abs())) - np.log(2)

    @staticmethod
    def setup_context(ctx, inputs, _output):
        ctx.save_for_backward(*inputs)

    @staticmethod
    def backward(ctx, grad_y):
        (x,) = ctx.saved_tensors
        return grad_y * torch.tanh(x)


far = torch.tensor([-1000.0, 0.0], dtype=torch.float64, requires_grad=True)
for log_cosh in (lambda x: torch.log(torch.cosh(x)), LogCosh.apply):
    values = log_cosh(far)
    print(values.detach(), *torch.autograd.grad(values.sum(), far))

# %% [markdown]
# `ctx` keeps the tensor itself, not a copy. If the program changes that tensor in place, the
# gradient would be wrong. So each tensor counts these changes. The count is its **version**, and
# the graph records it. If the version has changed by the time of backward, there is an error. Here
# the code changes the result, which is the saved tensor:

# %%
y = CubeRoot.apply(x)
y.mul_(2)
try:
    y.sum().backward()
except RuntimeError as error:
    print(str(error).partition(". Hint")[0])

# %% [markdown]
# ## The gradient of a gradient
#
# With `create_graph=True` the backward pass is recorded like any other computation. So you can
# differentiate its result again. The second derivatives of a function f of p numbers form a p by p
# matrix, the **Hessian** H. Some methods need to know how curved f is along a direction v. The
# product H v is enough for this. H v is the gradient of the number `grad @ v`, so it takes two
# gradients and no matrix. Here f is the Rosenbrock function, a curved valley. `torch.func.grad`
# turns a function into another one, which returns its gradient:

# %%
p = 2000
a = torch.linspace(-1, 1, p, dtype=torch.float64, requires_grad=True)
v = torch.cos(torch.arange(p, dtype=torch.float64))


def valley(a):
    return (100 * (a[1:] - a[:-1] ** 2) ** 2 + (1 - a[:-1]) ** 2).sum()


(grad,) = torch.autograd.grad(valley(a), a, create_graph=True)
(product,) = torch.autograd.grad(grad @ v, a)
print(f"H v is {product.nbytes:,} bytes, H would be {p * product.nbytes:,}")
gradient, at, step = torch.func.grad(valley), a.detach(), 1e-6 * v
finite = (gradient(at + step) - gradient(at - step)) / 2e-6
print("as by a central difference of the gradient:", torch.allclose(product, finite, atol=1e-6))

# %% [markdown]
# ## Rows and columns: two modes
#
# `torch.func` works with functions, and without `requires_grad` or `.grad`. A function of p inputs
# with m outputs has a Jacobian J of shape (m, p). There are two ways to multiply by it:
#
# - **reverse mode**, `vjp`: run f, keep its graph, and compute `u @ J` from the outputs back. This
#   is what `backward` does. A unit vector `u` selects a row of J.
# - **forward mode**, `jvp`: while f runs, compute the derivative of each value along `v`. The
#   result is `J @ v`, and no graph is kept. A unit vector `v` selects a column of J.

# %%
import warnings

from torch.func import hessian, jacfwd, jacrev, jvp, vjp, vmap

with warnings.catch_warnings():  # PyTorch's first jvp uses something that PyTorch has deprecated
    warnings.simplefilter("ignore")
    jvp(torch.sin, (torch.ones(1),), (torch.ones(1),))


def f(x):
    return torch.stack([x[0] * x[1], torch.sin(x[2]) + x[0]])


x = torch.tensor([2.0, 3.0, 0.0], dtype=torch.float64)
y, pull = vjp(f, x)
(row,) = pull(torch.tensor([1.0, 0.0], dtype=torch.float64))
y, column = jvp(f, (x,), (torch.tensor([1.0, 0.0, 0.0], dtype=torch.float64),))
print("first row", row, "first column", column, jacrev(f)(x), sep="\n")

# %% [markdown]
# `jacrev` computes the Jacobian row by row and `jacfwd` column by column. So `jacrev` suits few
# outputs, and `jacfwd` suits few inputs. `hessian` applies `jacfwd` to `jacrev`. The cell compares
# different ways to the same matrix:

# %%
small = torch.tensor([0.5, -1.0, 2.0], dtype=torch.float64)
print(torch.allclose(jacrev(f)(x), jacfwd(f)(x)))
print(torch.allclose(hessian(valley)(small), jacfwd(jacfwd(valley))(small)))

# %% [markdown]
# ## How many evaluations does a gradient take?
#
# A loss has one output and p inputs, so its Jacobian is one row. The cell counts how often each
# method runs the loss:


# %%
def runs(method, p):
    count = 0

    def loss(w):
        nonlocal count
        count += 1
        return (torch.tanh(w) ** 2).sum()

    method(loss, torch.ones(p), torch.eye(p))
    return count


methods = {
    "finite": lambda loss, w, axes: [loss(w + 1e-3 * e) - loss(w - 1e-3 * e) for e in axes],
    "forward": lambda loss, w, axes: [jvp(loss, (w,), (e,))[1] for e in axes],
    "reverse": lambda loss, w, _: vjp(loss, w)[1](torch.tensor(1.0)),
}
for name, method in methods.items():
    print(name, [runs(method, p) for p in (4, 32, 256)])

# %% [markdown]
# Reverse mode runs the loss once, whatever p is, and goes back over the graph once. On the way back
# each operation needs a few operations of about the same cost. A product `x @ w` needs
# `x.T @ grad`, and if `x` needs a gradient also `grad @ w.T`. So the gradient costs a small
# multiple of the function (Griewank and Walther, section 3.3). This is why networks can have so
# many parameters. The next figure has the times of the gradient of such a loss: by hand (in NumPy,
# and in PyTorch as `torch-cpu-hand`), in reverse mode (`torch-cpu`), in forward mode and by finite
# differences.
#
# {{ figure("time/gradient_cost/float32/1") }}
#
# > {{ speedup("gradient_cost", "p=1024") }}
#
# > {{ speedup("gradient_cost", "p=1024", contender="torch-cpu-forward") }}
#
# > {{ speedup("gradient_cost", "p=1024", contender="torch-cpu-finite") }}
#
# Forward mode is measured with all directions side by side in one run, which does as much
# arithmetic as a run for each direction.
#
# ## One gradient for each example
#
# `backward` computes the gradient of a mean loss. Some methods need the gradient of each single
# example, to limit its length or to see its spread. `vmap` turns a function of one example into a
# function of a batch, without a loop in Python. `in_dims` names the batch axis of each argument, or
# `None`:

# %%
generator = torch.Generator().manual_seed(0)
xs, ys = torch.randn(64, 5, generator=generator), torch.ones(64)
w = torch.linspace(-1, 1, 5)


def error(w, x, y):  # of one example: x (5,), y a number
    return (torch.tanh(x @ w) - y) ** 2


each = vmap(torch.func.grad(error), in_dims=(None, 0, 0))(w, xs, ys)
looped = torch.stack([torch.func.grad(error)(w, x, y) for x, y in zip(xs, ys, strict=True)])
of_mean = torch.func.grad(lambda w: error(w, xs, ys).mean())(w)
print(each.shape, torch.allclose(each, looped), torch.allclose(each.mean(0), of_mean, atol=1e-6))

# %% [markdown]
# ## The cost in bytes, and how to reduce it
#
# The graph holds what each backward step needs. For `h = tanh(h @ w)` it holds both factors and the
# result. **Hooks on saved tensors** are functions that PyTorch calls with each saved tensor. So a
# hook can count the bytes. (A storage is the memory that a tensor and its views share.)
#
# {{ function("bench/workloads/parts/gradients.py", "saved_bytes") }}
#
# `torch.utils.checkpoint` keeps less. For a part of the program it keeps only the inputs, and runs
# that part again when backward reaches it. (A *checkpoint* in a file, as in
# {{ chapter("checkpoints") }}, is something else.) The cells count the kept bytes and how many
# layers run, for a network of sixteen layers in one to sixteen checkpointed parts
# (`use_reentrant=False` chooses the newer implementation):

# %%
from torch.utils.checkpoint import checkpoint

from bench.workloads.parts.gradients import saved_bytes

weights = torch.randn(16, 16, 16, generator=generator).div_(4).requires_grad_()
start, ran = torch.linspace(-1, 1, 256 * 16).reshape(256, 16).requires_grad_(), []


def layers(h, some):
    for w_i in some:
        ran.append(1)
        h = torch.tanh(h @ w_i)
    return h


def in_parts(h, parts):
    for some in weights.chunk(parts):
        h = checkpoint(layers, h, some, use_reentrant=False)
    return h


def kept(body, **rest):
    return saved_bytes(body, {"h": start, **rest})["saved_bytes"] / 1000


# %%
rows, whole = [], kept(layers, some=weights)
(wanted,) = torch.autograd.grad(layers(start, weights).sum(), weights)
for parts in (1, 2, 4, 8, 16):
    one_part = kept(layers, some=weights[: 16 // parts])
    again = one_part - (start.nbytes + weights.nbytes) / 1000  # these two are kept anyway
    rows.append((parts, kept(in_parts, parts=parts), again))
    ran.clear()
    (got,) = torch.autograd.grad(in_parts(start, parts).sum(), weights)
    print(f"{parts:2} parts: {len(ran)} layers ran, same gradient: {torch.equal(got, wanted)}")

# %%
import matplotlib.pyplot as plt

fig, ax = plt.subplots()
names = [str(parts) for parts, *_ in rows]
_, held, again = np.array(rows).T
ax.bar(names, held, color="C1", label="kept from the way forward")
ax.bar(names, again, bottom=held, color="C3", label="kept while one part runs again")
ax.axhline(whole, linestyle=":", color="C4", label="without checkpoints")
best = names[int(np.argmin(held + again))]
ax.set_title(f"Of sixteen layers, {best} parts need the fewest bytes at once")
ax.set(xlabel="checkpointed parts (count)", ylabel="bytes kept for backward (kB)")
ax.set_ylim(top=1.6 * whole)
ax.legend(loc="upper left")
plt.show()

# %% [markdown]
# With few parts little is kept, but the part that runs again is long. With many parts each part is
# short, but each keeps its input. The best number of parts is about the square root of the number
# of layers. In return, each layer runs twice.
#
# ## The cost in time
#
# A recorded operation takes longer, because it makes a node and saves tensors. Here are eight small
# layers, compared with the same in NumPy: first without a graph, because no weight needs a
# gradient, and then with a graph, which the workload calls a tape. (The page of
# {{ family("autograd", "autograd") }} also has the backward pass.)
#
# > {{ speedup("autograd_overhead", "mode=forward,n=8") }}
#
# > {{ speedup("autograd_overhead", "mode=tape,n=8") }}
#
# A node costs about the same for small tensors and for large ones. So its share of the time should
# fall as the tensors grow. The cell measures the forward pass with a graph and the backward pass,
# as multiples of the forward pass without a graph:

# %%
from torch.utils.benchmark import Timer

from bench.workloads.autograd_overhead import WORKLOAD, autograd_overhead_torch

shares = {}
for n in (8, 256):
    inputs = WORKLOAD.make(np.random.default_rng(0), mode="forward", n=n)
    x, w = (torch.from_numpy(inputs[name]).float() for name in ("x", "w"))
    names = {"run": autograd_overhead_torch, "x": x, "w": w}
    times = dict.fromkeys(("forward", "tape", "backward"), np.inf)
    for mode in 3 * list(times):  # in turn, and the fastest counts
        timer = Timer("run(x, w, mode)", globals=names | {"mode": mode})
        times[mode] = min(times[mode], timer.blocked_autorange(min_run_time=0.03).median)
    shares[n] = times["tape"] / times["forward"]
    print(f"n={n}: graph {shares[n]:.2f}, backward {times['backward'] / times['forward']:.2f}")
print("The larger layers hide", "more" if shares[256] < shares[8] else "no more", "of the graph.")

# %% [markdown]
# ## A common mistake: a backward that nobody checked
#
# Here someone has written their own tanh. They remembered its derivative as `1 - y`, but `1 - y**2`
# is right. Both are positive, so no example pulls in the wrong direction, and the loss falls:


# %%
class Tanh(torch.autograd.Function):
    @staticmethod
    def forward(z):
        return torch.tanh(z)

    @staticmethod
    def setup_context(ctx, _inputs, output):
        ctx.save_for_backward(output)

    @staticmethod
    def backward(ctx, grad_y):
        (y,) = ctx.saved_tensors
        return grad_y * (1 - y)


def fit(tanh):
    w, losses = torch.zeros(5, requires_grad=True), []
    for _ in range(300):
        loss = ((tanh(xs @ w) - targets) ** 2).mean()
        (grad,) = torch.autograd.grad(loss, w)
        w = (w - 0.1 * grad).detach().requires_grad_()
        losses.append(loss.item())
    return losses


targets = torch.sin(3 * xs[:, 0]) - xs[:, 1]
for name, losses in (("wrong", fit(Tanh.apply)), ("right", fit(torch.tanh))):
    print(f"{name}: the loss falls from {losses[0]:.3f} to {losses[-1]:.3f}")

# %% [markdown]
# Nothing looks broken, but the fit is worse than it should be. A falling loss does not prove that a
# gradient is right. Compare each backward that you write with central differences, in a test and in
# float64, before you train with it. `gradcheck` does this:

# %%
z = torch.linspace(-2, 2, 5, dtype=torch.float64, requires_grad=True)
try:
    torch.autograd.gradcheck(Tanh.apply, z)
except RuntimeError as error:
    print(*str(error).splitlines()[:3], sep="\n")

# %% [markdown]
# ## Exercises
#
# **1.** `stable_softplus(x)` takes a float64 tensor of any shape. It returns `log(1 + exp(x))` of
# each element, with a `Function` of your own, as `LogCosh` is one. The derivative is
# `1 / (1 + exp(-x))`, which `torch.sigmoid(x)` computes without overflow. The values must be finite
# and right wherever x is finite. The same holds for the gradient and for the gradient of the
# gradient, also at zero, at a thousand and at minus a thousand.
#
# **2.** `hessian_vector(f, x, v)` takes a function from a tensor to a number, a tensor `x` of any
# shape that needs no gradient, and `v` of the same shape. It returns H v, of the same shape too,
# without building H. `x` must not change. If f is linear, its gradient is constant, and H v is
# zero.
#
# **3.** `jacobian_rows(f, x)` takes a function from shape (p,) to shape (m,) and `x` of shape (p,).
# It returns the Jacobian, of shape (m, p), with `vjp` and `vmap`. It runs f once.
#
# Check your answers here or with `python -m tutorial check autograd_in_depth`. Solutions are in
# `tutorial/solutions/autograd_in_depth.py`.

# %%
from tutorial.exercises import check


def stable_softplus(x):
    return torch.log(1 + torch.exp(x))  # yours


check(stable_softplus)


# %%
def hessian_vector(f, x, v):
    return f(x) * v  # yours


check(hessian_vector)


# %%
def jacobian_rows(f, x):
    return f(x)  # yours


check(jacobian_rows)

# %% [markdown]
# ## To take along
#
# - For a whole Jacobian, reverse mode takes a pass for each output, forward mode a pass for each
#   input.
# - The graph keeps what backward needs. Checkpointing computes it again instead.
# - Check a backward of your own with `gradcheck`.
#
# ## Where to read on
#
# - {{ chapter("several_processes") }}: gradients that several processes compute together.
# - {{ family("autograd", "All that was measured of autograd") }}.
# - PyTorch documentation: [Extending
#   PyTorch](https://pytorch.org/docs/stable/notes/extending.html),
#   [torch.func](https://pytorch.org/docs/stable/func.html),
#   [torch.utils.checkpoint](https://pytorch.org/docs/stable/checkpoint.html).
# - Griewank and Walther, *Evaluating Derivatives* (2008), chapters 3 and 12.
# - Pearlmutter, *Fast Exact Multiplication by the Hessian*, Neural Computation 6 (1994).
