# %% [markdown]
# # PyTorch in one chapter: what it adds to NumPy
#
# `torch.tensor` · `from_numpy` · `requires_grad` · `backward` · `device` · `torch.nn` ·
# `torch.optim`
#
# {{ opening() }}
#
# PyTorch is an array library similar to NumPy, with three additions: gradients, devices, and a
# library of parts for deep learning. So you know much of it already. This chapter shows each
# addition in a few lines. Then it turns to the question that most people ask first: is it faster?
#
# **What you will know at the end:**
#
# - what a tensor is, and which habits from NumPy still work
# - what PyTorch adds to an array, and why people use it for deep learning
# - how to read a sentence about speed on these pages, and how far to trust it
#
# ## An array library
#
# PyTorch's array is called a **tensor**. It has a shape and a dtype, and you can slice and
# broadcast it:

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
# Most names are the same as in NumPy. NumPy's `axis` is PyTorch's `dim`, but most functions of
# PyTorch accept both names. `torch.from_numpy` makes a tensor from an array, and `numpy()` makes an
# array from a tensor:

# %%
print(torch.equal(t.sum(dim=1), t.sum(axis=1)))
print(np.array_equal(x, t.numpy()))
torch.from_numpy(x)

# %% [markdown]
# The numbers from NumPy are float64, but PyTorch's own default is float32.
# {{ chapter("tensors") }} explains this.
#
# ## Addition one: gradients
#
# A model is a function with numbers that can be changed. Training changes them until an error, the
# **loss**, is small. For this you need the **gradient**: the derivative of the loss with respect to
# each of the numbers. With NumPy you derive the gradient on paper and type it in. PyTorch remembers
# each operation on a tensor with `requires_grad=True`, and `backward()` goes back through these
# operations. This is called **autograd**. On paper, the gradient of `(w**2).sum()` is `2 * w`:

# %%
w = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
loss = (w**2).sum()
loss.backward()
print(w.grad, torch.equal(w.grad, 2 * w.detach()))  # detach: the numbers without their history

# %% [markdown]
# ## Addition two: devices
#
# A **device** is the hardware that computes: the processor (CPU), or an accelerator beside it. Most
# accelerators are graphics processors (GPUs), and they have their own memory. A tensor is on one
# device, and PyTorch computes with it on that device. `cuda` is PyTorch's name for a GPU of NVIDIA
# or AMD:

# %%
device = "cuda" if torch.cuda.is_available() else "cpu"
ones = torch.ones(2, 3, device=device)
(ones + ones).sum().item()

# %% [markdown]
# The line that computes is the same on both devices. `item` turns a tensor of one number into a
# Python number.
#
# A few cells of this tutorial need a GPU, such as the next one. They have the tag `gpu` and do
# nothing on a machine without a GPU. A page that was built on such a machine shows a recorded
# output instead, with the name of the machine that recorded it:

# %% tags=["gpu"]
if torch.cuda.is_available():
    halves = torch.full((1000, 1000), 0.5, device="cuda")
    print((halves @ halves)[0, 0].item(), "computed on", torch.cuda.get_device_name())

# %% [markdown]
# ## Addition three: a library of parts
#
# A network is a model that is made of simple functions, the **layers**. `torch.nn` has layers, and
# `torch.optim` has **optimisers**, methods that use gradients to make a loss smaller. Here is a
# small network of three layers. `Linear` multiplies by a matrix and adds a vector, and `Tanh` is
# the tanh of each number. The numbers that training can change are the **parameters** of the
# network. Calling the network on `x` computes its output. It will learn a sine from noisy points:

# %%
torch.manual_seed(0)
x = torch.linspace(-3, 3, 61)[:, None]
y = torch.sin(x) + 0.2 * torch.randn(61, 1)
model = torch.nn.Sequential(torch.nn.Linear(1, 20), torch.nn.Tanh(), torch.nn.Linear(20, 1))
before = model(x).detach()
print(sum(p.numel() for p in model.parameters()), "parameters")

# %% [markdown]
# In each step the optimiser moves all parameters against the gradient, which makes the loss
# smaller. This optimiser is called Adam. `lr`, the learning rate, controls how far it moves them:

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
# **Ease of use.** You differentiate nothing by hand, and the same loop trains any model. A program
# in PyTorch is not always shorter than one in NumPy, but it changes less when the model changes.
# Here a network gets more hidden layers, which are layers between its first and its last. It is
# written with gradients by hand in NumPy, with autograd, and with `torch.nn`:
#
# > {{ quote("three-added-layers") }}
#
# **Flexibility.** A model is ordinary Python, with loops and branches that depend on the data.
# Autograd differentiates the operations that ran. This loop halves 10 four times, so the derivative
# is a half to the fourth power:


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
# build on it. They work on tensors, so they fit together. {{ chapter("ecosystem") }} shows some of
# them. There, a model even runs without PyTorch.
#
# **Integration.** PyTorch also works with the libraries around NumPy. Matplotlib drew tensors
# above. SciPy minimises a function here, and autograd computes the gradient (`jac=True` says that
# the function returns its gradient too):

# %%
from scipy.optimize import minimize


def rosenbrock(point):
    p = torch.tensor(point, requires_grad=True)
    value = (1 - p[0]) ** 2 + 100 * (p[1] - p[0] ** 2) ** 2
    value.backward()
    return value.item(), p.grad.numpy()


minimize(rosenbrock, np.array([-1.0, 2.0]), jac=True).x.round(4)

# %% [markdown]
# This is Rosenbrock's function. Its minimum is where both coordinates are one.
#
# ## Is it faster?
#
# That depends on the computation, on its size and on the machine, so this project measures it. A
# **workload** is a computation that is written for both libraries. A **case** is a workload at one
# size, in one dtype, on a given number of threads, each on its own core. (A sentence that names no
# number of threads means one.) A **contender** runs a case: NumPy, `torch-cpu`, or with a GPU
# `torch-cuda`. The results of both libraries must agree before a case is timed.
#
# An example is the softmax of an n by n matrix: the exponential of each number, divided by the sum
# of the exponentials of its row. It was measured on {{ machine }}:
#
# > {{ speedup("softmax", "n=1024") }}
#
# The number is a **speedup**: NumPy's time divided by PyTorch's. Figures always show it so, but a
# sentence that says NumPy is faster gives PyTorch's time divided by NumPy's. Each time is {{ times
# }}. (Where the median times give another speedup, the sentence adds it.) The **interval** says how
# precise the speedup is. If everything were measured again and again, about nineteen of twenty such
# intervals would contain the true speedup.
#
# The interval alone decides the verdict. A side is called faster only if the whole interval is more
# than 5 % away from one. If the whole interval is within 10 % of one, the two are equally fast, a
# tie. In all other cases the verdict is unsettled.
# {{ choose(speedup("softmax", "n=1024"),
#     faster="Here PyTorch is faster.",
#     slower="Here NumPy is faster.",
#     tie="Here the two are equally fast.",
#     otherwise="Here it is unsettled which side is faster.") }}
#
# These are PyTorch's largest win and loss, and the largest matrix product. Some sentences add the
# reason. (BLAS is the interface of OpenBLAS and MKL, libraries for linear algebra. A cache is fast
# memory.)
#
# {{ headlines() }}
#
# How often is PyTorch faster in all computations that were measured?
#
# > {{ quote("answer", contender="torch-cpu") }}
#
# {{ choose(quote("answer", contender="torch-cpu"),
#     faster="PyTorch is faster more often than it is slower here, but not everywhere. Measure your
#     own computation.",
#     slower="The most frequent verdict here is that NumPy is faster. On a CPU like this one, speed
#     alone is a reason for PyTorch only if it is faster in your own computation.",
#     tie="The most frequent verdict here is a tie. On a CPU like this one, speed alone is a reason
#     for PyTorch only if it is faster in your own computation.",
#     even="No single verdict is the most frequent here. Measure your own computation.",
#     unsettled="Too many of them are unsettled here for an answer. A longer run, or a calmer
#     machine, gives one.",
#     otherwise="Too little was measured here to say more.") }}
# The figure shows the computations that were also measured on all cores. Each row is a computation,
# and each dot is a size of it. The large dot is the largest size:
#
# {{ figure("overview") }}
#
# This is the product of two n by n matrices on a GPU. A number with a dagger (†) comes from
# another machine, which has hardware that this machine lacks:
#
# > {{ speedup("matmul", "n=2048", contender="torch-cuda") }}
#
# The pages show the code that was timed, such as the matrix product:
#
# {{ pair("matmul") }}
#
# ## A common mistake: rewriting in PyTorch for speed alone
#
# Someone replaces `np` by `torch` in a program of many small operations, to make it faster. But in
# both libraries every call takes time before it touches a number. This cell adds one to a few
# numbers and to many, on one core, and takes the shortest of several times:


# %%
def adding_s(numbers, calls):
    return min(timeit.repeat(lambda: numbers + 1, number=calls, repeat=5)) / calls


CLEAR = 1.2  # this measurement is too rough for smaller differences
cores = torch.get_num_threads()  # put back below
torch.set_num_threads(1)
for n, calls in ((8, 2000), (1_000_000, 10)):
    array = np.ones(n, dtype=np.float32)
    ratio = adding_s(array, calls) / adding_s(torch.from_numpy(array), calls)
    faster, factor = ("PyTorch", ratio) if ratio > 1 else ("NumPy", 1 / ratio)
    verdict = f"{faster} is {factor:.1f} times as fast"
    print(f"{n:9,} numbers:", verdict if factor > CLEAR else "about equally fast")

# %% [markdown]
# For the small addition, trust this more careful measurement:
#
# > {{ speedup("dispatch", "n=8") }}
#
# Instead, use PyTorch for another reason (gradients, devices, the library of parts), or measure
# your own case first. And in both libraries, give much work to one call. Here a thousand rows of
# eight numbers are processed in one call, then in a thousand calls:

# %%
share = adding_s(torch.ones(1000, 8), 100) / (1000 * adding_s(torch.ones(8), 1000))
torch.set_num_threads(cores)
print(f"one call takes {share:.4f} of the time of a thousand calls")

# %% [markdown]
# ## Exercises
#
# **1.** `slope_at(f, x)` takes a function `f`, which turns a tensor into a tensor, and a Python
# number `x`, an int or a float. It returns the derivative of `f` at `x` as a Python number. Use
# autograd.
#
# **2.** `who_is_faster(low, high)` takes the ends of the interval of NumPy's time divided by
# PyTorch's. It returns `"PyTorch"` only if the whole interval is above 1.05, `"NumPy"` only if the
# whole interval is below 1 / 1.05, and otherwise `"neither"`.
#
# Write your answers into this chapter, in its notebook (linked above its title) or in its script
# `tutorial/1_basics/01_what_is_pytorch.py`. Check them there or with
# `python -m tutorial check what_is_pytorch`. Solutions are in
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
# ## To take along
#
# - A tensor is an array that can be on a GPU and can record the operations that made it.
# - `torch.nn` and `torch.optim` are a library of parts, and one loop trains every model.
# - Whether PyTorch is faster depends on the computation, the size and the machine. Measure your
#   own.
#
# ## Where to read on
#
# - {{ chapter("tensors") }}
# - {{ chapter("autograd") }}
# - {{ chapter("timing") }}
# - All that was measured: the [index](../../index.html)
# - [PyTorch documentation](https://pytorch.org/docs/stable/index.html)
# - Paszke and others, *PyTorch: An Imperative Style, High-Performance Deep Learning Library* (2019)
