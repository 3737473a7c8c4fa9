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
# Most names are the same as in NumPy. Where NumPy says `axis`, PyTorch says `dim`, but mostly
# accepts both. `torch.from_numpy` makes a tensor from an array, and `numpy()` makes an array from a
# tensor:

# %%
print(torch.equal(t.sum(dim=1), t.sum(axis=1)))
print(np.array_equal(x, t.numpy()))
torch.from_numpy(x)

# %% [markdown]
# The numbers from NumPy are float64, but PyTorch's own default is float32. The next chapter
# explains this, and the one after it explains what an array and a tensor share.
#
# ## Addition one: gradients
#
# To train a model is to change its numbers until an error, its **loss**, is small. For this you
# need the derivative of the loss with respect to every number: the **gradient**. With NumPy you
# derive it on paper and type it in. PyTorch remembers each step that starts from a tensor with
# `requires_grad=True`, and `backward()` goes back through the steps. This is called **autograd**.
# On paper, the derivative of a sum of squares is twice each number:

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
# A few cells of this tutorial need a GPU, such as the next one. They have the tag `gpu` and check
# first whether there is a GPU, so a script or a notebook skips them where there is none. A page
# shows their output from the machine that built the page, if it has a GPU. If it has none, the page
# shows the output that a reference machine recorded, with the name of that machine. If no machine
# has recorded it, the page says so.

# %% tags=["gpu"]
if torch.cuda.is_available():
    halves = torch.full((1000, 1000), 0.5, device="cuda")
    print((halves @ halves)[0, 0].item(), "computed on", torch.cuda.get_device_name())

# %% [markdown]
# ## Addition three: a library of parts
#
# `torch.nn` has **layers**, the simple functions that a network is made of. `torch.optim` has
# **optimisers**, methods that follow a gradient. Here is a small network: `Linear`, `Tanh` and
# `Linear` in sequence. Calling it on `x` computes its output. The numbers that training can change
# are its **parameters**. It has to learn a sine from noisy points:

# %%
torch.manual_seed(0)
x = torch.linspace(-3, 3, 61)[:, None]
y = torch.sin(x) + 0.2 * torch.randn(61, 1)
model = torch.nn.Sequential(torch.nn.Linear(1, 20), torch.nn.Tanh(), torch.nn.Linear(20, 1))
before = model(x).detach()
print(sum(p.numel() for p in model.parameters()), "parameters")

# %% [markdown]
# In each step the optimiser changes all parameters against their gradients. This one is called
# Adam. `lr`, the learning rate, controls the size of the change:

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
# **Ease of use.** Nobody differentiated anything by hand above. And the loop does not depend on the
# model: it can train any other model too. PyTorch's program is not always the shorter one. But
# fewer lines change when the model does:
#
# > {{ quote("three-added-layers") }}
#
# **Flexibility.** A model is ordinary Python, with loops and branches that depend on the data.
# Autograd differentiates the operations that ran. Here these are four halvings, so the slope is a
# half to the fourth power:


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
# build on it. All of it works on tensors, so the parts fit together. In {{ chapter("ecosystem") }}
# a library computes a model's metrics, NumPy alone reads its weights, and another runtime runs it.
#
# **Integration.** PyTorch also works with the libraries around NumPy. Matplotlib drew tensors
# above. SciPy knows nothing of PyTorch, and here it minimises a function with the gradient from
# autograd (`jac=True` says that the function returns its gradient as well):

# %%
from scipy.optimize import minimize


def rosenbrock(point):
    p = torch.tensor(point, requires_grad=True)
    value = (1 - p[0]) ** 2 + 100 * (p[1] - p[0] ** 2) ** 2
    value.backward()
    return value.item(), p.grad.numpy()


minimize(rosenbrock, np.array([-1.0, 2.0]), jac=True).x.round(4)

# %% [markdown]
# This function is called Rosenbrock's function. Its minimum is at one in both coordinates.
#
# ## Is it faster?
#
# That depends on the computation, on its size and on the machine, so this project measures it. A
# **workload** is a computation that is written for both libraries. A **case** is a workload at one
# size, in one dtype, on a given number of threads. Each thread has its own core. A sentence that
# names no number of threads means one thread. A **contender** runs a case: NumPy, `torch-cpu`, or
# with a GPU `torch-cuda`. A case is timed only after the results of both libraries agree. Here is
# the case of a softmax, which takes exponentials and divides those of each row by their sum,
# measured on {{ machine }}:
#
# > {{ speedup("softmax", "n=1024") }}
#
# The number is a **speedup**: NumPy's time divided by PyTorch's. (Where NumPy is faster, the
# sentence turns the ratio round. The figures never do.) Each time is {{ times }}. The **interval**
# says how precise the speedup is. If everything were measured again and again, about nineteen of
# twenty such intervals would contain the true speedup. A side is called faster only if the whole
# interval is more than 5 % away from one. If the whole interval is within 10 % of one, the two are
# equally fast. In all other cases nobody can tell.
# {{ choose(speedup("softmax", "n=1024"),
#     faster="Here PyTorch is faster.",
#     slower="Here NumPy is faster.",
#     tie="Here the two are equally fast.",
#     otherwise="Here nobody can tell which side is faster.") }}
#
# Three results are special: PyTorch's largest win, its largest loss, and the largest matrix
# product. (There are fewer sentences if one of them is missing, or if two are the same.)
#
# {{ headlines() }}
#
# Does this matter for your work? This sentence counts the verdicts on all computations:
#
# > {{ quote("answer", contender="torch-cpu") }}
#
# {{ choose(quote("answer", contender="torch-cpu"),
#     faster="The most frequent verdict here is that PyTorch is faster.",
#     slower="The most frequent verdict here is that NumPy is faster. On a CPU like this one, speed
#     alone is a reason for PyTorch only if it is faster in your own computation.",
#     tie="The most frequent verdict here is a tie. On a CPU like this one, speed alone is a reason
#     for PyTorch only if it is faster in your own computation.",
#     even="No single verdict is the most frequent here. Measure your own computation.",
#     unsettled="Too many of them are unsettled here for an answer. A longer run, or a calmer
#     machine, gives one.",
#     otherwise="Too little was measured here to say more.") }}
# In the figure each row is a computation. Each dot is a size of it, and the large dot is the
# largest size:
#
# {{ figure("overview") }}
#
# And on a GPU? A number with a dagger (†) comes from another machine, which has the hardware that
# this machine lacks:
#
# > {{ speedup("matmul", "n=2048", contender="torch-cuda") }}
#
# You can always see the code that was timed. Here is the matrix product, the simplest pair:
#
# {{ pair("matmul") }}
#
# ## A common mistake: rewriting in PyTorch for speed alone
#
# Someone rewrites a program of many small operations: `np` becomes `torch`, and they expect it to
# be faster. But in both libraries every call takes time before it touches a number. This cell adds
# one to a few numbers and to many, on one core, and takes the shortest of several times:


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
# This is the small addition, measured with more care:
#
# > {{ speedup("dispatch", "n=8") }}
#
# What to do instead: have another reason (gradients, a device, a part), or measure your own case
# first. And in both libraries, give much work to one call. Here the same thousand rows of eight
# numbers are processed in one call and in a thousand calls:

# %%
share = adding_s(torch.ones(1000, 8), 100) / (1000 * adding_s(torch.ones(8), 1000))
torch.set_num_threads(cores)
print(f"one call takes {share:.4f} of the time of a thousand calls")

# %% [markdown]
# ## Exercises
#
# **1.** `slope_at(f, x)` takes a function of a tensor and a Python number `x`. It returns the
# derivative of `f` at `x` as a Python number. Use autograd.
#
# **2.** `who_is_faster(low, high)` takes the ends of the interval of NumPy's time divided by
# PyTorch's. It returns `"PyTorch"` only if the whole interval is above 1.05, `"NumPy"` only if the
# whole interval is below 1 / 1.05, and otherwise `"neither"`.
#
# Check your answers here or with `python -m tutorial check what_is_pytorch`. Solutions are in
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
# - A tensor is an array that can be on a device and can record the operations that made it.
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
