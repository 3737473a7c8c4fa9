# %% [markdown]
# # What is PyTorch, and what does it add to NumPy?
#
# PyTorch is an array library in the manner of NumPy, with three additions: gradients, devices and a
# library of parts for deep learning. So you know much of it already. This chapter shows each
# addition in a few lines, and then turns to what most people ask first: whether it is faster.
#
# **What you will know at the end:**
#
# - what a tensor is, and which habits of NumPy still hold
# - what PyTorch adds to an array, and why deep learning is done with it
# - how to read a sentence about speed on these pages, and how far to trust it
#
# ## An array library
#
# PyTorch's array is called a **tensor**. It has a shape and a dtype, it slices, it broadcasts:

# %%
import timeit

import matplotlib.pyplot as plt
import numpy as np
import torch

x = np.arange(6.0).reshape(2, 3)
t = torch.arange(6.0).reshape(2, 3)
print(x[:, 1:] - x.mean(axis=0)[1:])
print(t[:, 1:] - t.mean(dim=0)[1:])

# %% [markdown]
# Most names are NumPy's. Where NumPy says `axis`, PyTorch says `dim`, but mostly takes either.
# `torch.from_numpy` makes a tensor of an array, and `numpy()` an array of a tensor:

# %%
print(torch.equal(t.sum(dim=1), t.sum(axis=1)))
print(np.array_equal(x, t.numpy()))
torch.from_numpy(x)

# %% [markdown]
# What came from NumPy is float64, while PyTorch's own default is float32; the next chapter is about
# that, and the one after it about what an array and a tensor share.
#
# ## Addition one: gradients
#
# A model is trained by changing its numbers until an error, its **loss**, is small. For that one
# needs the derivative of the loss with respect to every number: the **gradient**. With NumPy you
# work it out on paper and type it in. PyTorch remembers each step that starts from a tensor with
# `requires_grad=True`, and `backward()` goes back through the steps: **autograd**. On paper, the
# derivative of a sum of squares is twice each number:

# %%
w = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
loss = (w**2).sum()
loss.backward()
print(w.grad, torch.equal(w.grad, 2 * w.detach()))  # detach: the numbers without their history

# %% [markdown]
# ## Addition two: devices
#
# A **device** is what computes: the processor (CPU), or an accelerator beside it, most often a
# graphics processor (GPU), with memory of its own. A tensor lives on one device, and what is
# computed from it is computed there. `cuda` is what PyTorch calls a GPU made by NVIDIA:

# %%
device = "cuda" if torch.cuda.is_available() else "cpu"
ones = torch.ones(2, 3, device=device)
(ones + ones).sum().item()

# %% [markdown]
# The line that computes is the same on either; `item` turns a single number into one of Python's.
#
# A few cells of this tutorial need a GPU, as the next one does. They have the tag `gpu` and ask
# first, so a script or a notebook passes over them where there is none. On a page, their output is
# from the machine that built it if that has a GPU, and else what a reference machine recorded, with
# its name beside it. If none has recorded it, the page says so.

# %% tags=["gpu"]
if torch.cuda.is_available():
    halves = torch.full((1000, 1000), 0.5, device="cuda")
    print((halves @ halves)[0, 0].item(), "computed on", torch.cuda.get_device_name())

# %% [markdown]
# ## Addition three: a library of parts
#
# `torch.nn` has **layers**, the simple functions that a network is composed of, and `torch.optim`
# has **optimisers**, methods that follow a gradient. Here is a small network, `Linear`, `Tanh` and
# `Linear` in sequence; to call it on `x` is to compute its output. Its adjustable numbers are its
# **parameters**. It is to learn a sine from noisy points:

# %%
torch.manual_seed(0)
x = torch.linspace(-3, 3, 61)[:, None]
y = torch.sin(x) + 0.2 * torch.randn(61, 1)
model = torch.nn.Sequential(torch.nn.Linear(1, 20), torch.nn.Tanh(), torch.nn.Linear(20, 1))
before = model(x).detach()
print(sum(p.numel() for p in model.parameters()), "parameters")

# %% [markdown]
# In each step the optimiser, here one that is called Adam, changes all of them against their
# gradients, by an amount that `lr`, the learning rate, controls:

# %%
optimiser = torch.optim.Adam(model.parameters(), lr=0.02)
for _ in range(300):
    loss = torch.nn.functional.mse_loss(model(x), y)  # the mean of the squared differences
    optimiser.zero_grad()  # backward adds to the gradients that it finds
    loss.backward()
    optimiser.step()

fig, ax = plt.subplots()
ax.plot(x, y, ".", color="C3", label="points")
ax.plot(x, before, "--", color="C4", label="network before training")
ax.plot(x, model(x).detach(), color="C1", label="network after training")
ax.set(xlabel="x", ylabel="y", title="A small network, before and after training on noisy points")
ax.legend(loc="lower right")
plt.show()

# %% [markdown]
# ## Why deep learning is done with it
#
# **Ease of use.** Nothing was differentiated by hand above, and the loop does not know what the
# model is: it trains another just as well.
#
# **Flexibility.** A model is ordinary Python, with loops and branches that depend on the data.
# Autograd differentiates what ran, here four halvings, so the slope is a half to the fourth power:


# %%
def halved_below_one(number):
    while number > 1:
        number = number / 2
    return number


start = torch.tensor(10.0, requires_grad=True)
halved_below_one(start).backward()
print(start.grad.item(), 0.5**4)

# %% [markdown]
# **Ecosystem.** Much of what a model needs exists already, in PyTorch and in the libraries that
# build on it. All of it is made of tensors, so it fits together. This is the number of layers,
# losses and containers of layers in `torch.nn` alone:

# %%
parts = [part for part in vars(torch.nn).values() if isinstance(part, type)]
sum(issubclass(part, torch.nn.Module) for part in parts)

# %% [markdown]
# **Integration.** The libraries around NumPy take part as well. Matplotlib drew tensors above. Here
# SciPy, which knows nothing of PyTorch, minimises a function by the gradient that autograd gives
# (`jac=True` says that the function returns its gradient as well):

# %%
from scipy.optimize import minimize


def rosenbrock(point):
    p = torch.tensor(point, requires_grad=True)
    value = (1 - p[0]) ** 2 + 100 * (p[1] - p[0] ** 2) ** 2
    value.backward()
    return value.item(), p.grad.numpy()


minimize(rosenbrock, np.array([-1.0, 2.0]), jac=True).x.round(4)

# %% [markdown]
# The minimum of that function, Rosenbrock's, is at one in both coordinates.
#
# ## Is it faster?
#
# That depends on the computation, on its size and on the machine, so this project measures it. A
# computation that is written for both libraries is a **workload**. A **case** is a workload at one
# size, in one dtype, on a given number of threads, each with a core of its own; where a sentence
# names no number of threads, there is one. Those that run a case are the **contenders**: NumPy,
# `torch-cpu`, and with a GPU `torch-cuda`. Nothing is timed before their results are found to
# agree. Here is the case of a softmax, which takes exponentials and divides those of each row by
# their sum, as measured on {{ machine }}:
#
# > {{ speedup("softmax", "n=1024") }}
#
# The number is a **speedup**: NumPy's time divided by PyTorch's. (Where NumPy is the faster side,
# the sentence turns it round; the figures never do.) Each time is {{ times }}.
# The **interval** says how well it is known. If everything were measured again and again, about
# nineteen of twenty such intervals would hold the true speedup. So a side is called faster only
# where the whole interval is more than 5 % away from one. Where all of it lies within 10 % of one,
# the two are equally fast. Where it holds both answers, nobody can tell.
# {{ choose(speedup("softmax", "n=1024"),
#     faster="Here it is, and PyTorch is the faster side.",
#     slower="Here it is, and NumPy is the faster side.",
#     tie="Here the two are equally fast.",
#     otherwise="Here nobody can tell who is faster.") }}
#
# What stands out is PyTorch's largest win, its largest loss, and the largest product of matrices
# (fewer findings, where one is missing or is two of these at once):
#
# {{ headlines() }}
#
# Should you care? This counts the verdicts on all computations:
#
# > {{ quote("answer", contender="torch-cpu") }}
#
# {{ choose(quote("answer", contender="torch-cpu"),
#     faster="The most frequent verdict here is that PyTorch is faster.",
#     slower="The most frequent verdict here is that NumPy is faster. On a CPU like this one, speed
# alone is a reason for PyTorch only if it is faster in your own computation.",
#     tie="The most frequent verdict here is a tie. On a CPU like this one, speed alone is a reason
# for PyTorch only if it is faster in your own computation.",
#     even="No verdict is more frequent here than every other. Measure your own computation.",
#     unsettled="Too many of them are unsettled here for an answer. A longer run, or a calmer
# machine, gives one.",
#     otherwise="Too little was measured here to say more.") }}
# In the figure a row is a computation and a dot is a size of it, the large dot the largest size:
#
# {{ figure("overview") }}
#
# And on a GPU? A number with a dagger (†) is from another machine, which has what this one lacks:
#
# > {{ speedup("matmul", "n=2048", contender="torch-cuda") }}
#
# The code that was timed can always be seen. Here is the product of matrices, the simplest pair:
#
# {{ pair("matmul") }}
#
# ## A common mistake: rewriting in PyTorch for speed alone
#
# A program of many small operations is rewritten, `np` becomes `torch`, and it is expected to be
# faster. But in either library every call has a price before a number is touched. This adds one to
# few numbers and to many, on one core, and takes the shortest time of several tries:


# %%
def adding_s(numbers, calls):
    return min(timeit.repeat(lambda: numbers + 1, number=calls, repeat=5)) / calls


CLEAR = 1.2  # so rough a measurement shows no smaller difference
cores = torch.get_num_threads()  # put back below
torch.set_num_threads(1)
for n, calls in ((8, 2000), (1_000_000, 10)):
    array = np.ones(n, dtype=np.float32)
    ratio = adding_s(array, calls) / adding_s(torch.from_numpy(array), calls)
    faster, factor = ("PyTorch", ratio) if ratio > 1 else ("NumPy", 1 / ratio)
    verdict = f"{faster} is {factor:.1f} times as fast"
    print(f"{n:9,} numbers:", verdict if factor > CLEAR else "about equally fast")

# %% [markdown]
# Measured with more care, the small one is:
#
# > {{ speedup("dispatch", "n=8") }}
#
# What to do instead: have another reason (gradients, a device, a part), or measure your own case
# first. And in either library, hand over much work in one call. Here are a thousand rows of eight
# numbers, in one call and in a thousand:

# %%
share = adding_s(torch.ones(1000, 8), 100) / (1000 * adding_s(torch.ones(8), 1000))
torch.set_num_threads(cores)
print(f"one call takes {share:.4f} of the time of a thousand calls")

# %% [markdown]
# ## Exercises
#
# **1.** `slope_at(f, x)` takes a function of a tensor and a Python number `x`, and returns the
# derivative of `f` at `x` as a Python number. Let autograd find it.
#
# **2.** `who_is_faster(low, high)` takes the ends of the interval of NumPy's time divided by
# PyTorch's, and returns `"PyTorch"` only if all of the interval is above 1.05, `"NumPy"` only if
# all of it is below 1 / 1.05, and else `"neither"`.
#
# Answers are checked here or by `python -m tutorial check 01`; solutions are in
# `tutorial/solutions/what_is_pytorch.py`.

# %%
from tutorial.exercises import check


def slope_at(f, x):
    return f(torch.tensor(x)).item()  # yours


check(slope_at)


# %%
def who_is_faster(low, high):
    return f"{low} to {high}"  # yours


check(who_is_faster)

# %% [markdown]
# ## Where to read on
#
# - {{ chapter("tensors") }}
# - {{ chapter("autograd") }}
# - {{ chapter("timing") }}
# - All that was measured: the [index](../../index.html)
# - [PyTorch documentation](https://pytorch.org/docs/stable/index.html)
# - Paszke and others, *PyTorch: An Imperative Style, High-Performance Deep Learning Library* (2019)
