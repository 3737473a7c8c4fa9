# %% [markdown]
# # Why autograd and why GPUs, in five numbers
#
# gradient · finite differences · lines to change · crossover · copies · the bill of a call
#
# {{ opening() }}
#
# Two things make people leave NumPy: they need gradients, or they need a GPU. This chapter has five
# measured numbers, two on gradients and three on GPUs. Later chapters explain them. A number with a
# dagger (†) comes from another machine, which has the hardware that this machine lacks. All others
# were measured on {{ machine }}.
#
# **What you will know at the end:**
#
# - how the cost of a gradient grows with the number of parameters, in three ways to compute it
# - how many lines you change when the model changes
# - from which size on a GPU is faster, with its copies and without, and where its time goes
# - when not to bother
#
# ## One: a gradient costs a few runs, not thousands
#
# The **gradient** of a function says how much the result changes with each of its parameters. You
# can find it by trying. Move one parameter a little to either side, run the function twice, and
# divide the difference by the distance. These are **finite differences**, and they take two runs
# for each parameter. Autograd runs the function once and then goes back through its operations,
# once for all parameters. This cell counts the runs of both, and compares the gradients
# (`requires_grad_()` sets `requires_grad` to true):

# %%
import numpy as np
import torch


class Counted:
    """A function that counts how often it runs."""

    def __init__(self, function):
        self.function, self.runs = function, 0

    def __call__(self, w):
        self.runs += 1
        return self.function(w)


def finite_differences(f, w, step=1e-6):
    moves = step * torch.eye(len(w), dtype=w.dtype)
    return torch.stack([(f(w + move) - f(w - move)) / (2 * step) for move in moves])


def backward(f, w):
    w = w.clone().requires_grad_()
    f(w).backward()
    return w.grad


x = torch.from_numpy(np.random.default_rng(0).standard_normal((256, 250)))
for p in (10, 50, 250):
    w = torch.full((p,), p**-0.5, dtype=torch.float64)
    tried = Counted(lambda w: (torch.tanh(x[:, : len(w)] @ w) ** 2).mean())
    recorded = Counted(tried.function)
    same = torch.allclose(finite_differences(tried, w), backward(recorded, w), atol=1e-8)
    print(f"{p:5} parameters: {tried.runs:5} runs against {recorded.runs}, same gradient: {same}")

# %% [markdown]
# Going back takes about as long as a few runs of the function, whatever the number of parameters.
# Here is the time of one gradient, by autograd and by finite differences. (With more parameters the
# function itself takes longer too.) The third line of the chart is a gradient in NumPy that was
# derived on paper and typed in:
#
# > {{ quote("autograd") }}
#
# > {{ quote("parameters") }}
#
# {{ figure("answer/autograd") }}
#
# A large network has millions of parameters. Finite differences would run it millions of times for
# one step. So without autograd you have to derive the gradient on paper.
#
# ## Two: fewer lines change when the model changes
#
# A gradient on paper costs no computing time, but it costs yours. Here a network with one hidden
# layer is trained in three ways: with gradients by hand in NumPy, with autograd, and with
# `torch.nn`, PyTorch's library of layers. Then it gets one more layer. A line counts if it is new
# or changed:
#
# > {{ quote("added-layer") }}
#
# These are the changes in NumPy. Each gradient line must be right, and a wrong one need not raise
# an error:
#
# {{ diff("bench/workloads/train_mlp.py", "mlp_numpy", "bench/workloads/parts/deeper.py", "mlp_numpy", bodies=True) }}
#
# And these are the changes with `nn`, where the layers are a list (`device('meta')` and `mixed`
# serve the benchmark):
#
# {{ diff("bench/workloads/train_mlp.py", "mlp_torch", "bench/workloads/parts/deeper.py", "mlp_torch", bodies=True) }}
#
# These are larger changes of the model (a convolution is a layer for images):
#
# > {{ quote("three-added-layers") }}
#
# > {{ quote("convolutions") }}
#
# ## Three: a GPU is faster from some size on
#
# A GPU does the same operation on very many numbers at once. For large arrays that is faster. For
# small ones it is not, because asking a GPU for work takes time too. This is the speedup over NumPy
# of a product of two n by n matrices, against n (bfloat16 is a float of two bytes):
#
# {{ figure("gpu-sizes") }}
#
# The size at which the lead changes is the **crossover**:
#
# > {{ quote("crossover", workload="matmul", contender="torch-cuda") }}
#
# How much does a GPU change in all computations that were measured?
#
# > {{ quote("on-gpu", device="cuda") }}
#
# ## Four: the copies can cost more than the work
#
# A GPU has its own memory. The numbers above are for data that is there already.
# `torch-cuda-transfer` is the contender whose data starts and ends in the CPU's memory. Its time
# includes the copies in both directions:
#
# > {{ quote("crossover", workload="matmul", contender="torch-cuda-transfer") }}
#
# > {{ quote("on-gpu-with-copies", device="cuda") }}
#
# {{ choose(quote("on-gpu-with-copies", device="cuda"),
#     counted="So move the data once, keep it on the GPU, and do many computations there.",
#     otherwise="When a GPU is measured, these lines will say how many computations are worth their
#     copies.") }}
# In a training loop the model stays on the GPU, and the data is copied to it in small parts, the
# **batches**.
#
# ## Five: the bill of one call
#
# Where does the time of one such call go? The CPU asks the GPU for the work, which is called a
# **launch**, and this takes time too:
#
# > {{ quote("bill", contender="torch-cuda") }}
#
# A computation on the CPU needs no copies and no launches, but each call has a fixed cost there
# too. These are the shortest calls that were measured. Most of their time is that cost:
#
# > {{ quote("overhead", contender="numpy") }}
#
# > {{ quote("overhead", contender="torch-cpu") }}
#
# The fixed cost explains the crossover. Suppose that a call takes a fixed time plus a time for each
# number. This cell compares a fast library with expensive calls and a slow one with cheap calls.
# Its times are made up:

# %%
import matplotlib.pyplot as plt

n = np.geomspace(1, 1e6, 200)
cheap_s = 5e-7 + n * 1e-9
fast_s = 1e-5 + n * 1e-10
crossover = n[np.argmax(fast_s < cheap_s)]

fig, ax = plt.subplots()
ax.loglog(n, cheap_s, color="C0", label="cheap calls, slow work")
ax.loglog(n, fast_s, color="C1", label="expensive calls, fast work")
ax.axvline(crossover, color="C3", linestyle=":", label=f"crossover near {crossover:,.0f}")
ax.set_title("With made-up costs: which side is faster depends on the size")
ax.set(xlabel="numbers in a call", ylabel="time (s)")
ax.legend()
plt.show()

# %% [markdown]
# ## When not to bother
#
# On a CPU the two libraries often use the same kind of code for the same work. How often is each of
# them faster on this CPU?
#
# > {{ quote("answer", contender="torch-cpu") }}
#
# PyTorch is worth it if one of these is true. Otherwise stay with NumPy:
#
# - you need gradients of something with more than a few parameters;
# - you have large arrays, many computations on them, and a GPU;
# - you need a model, a layer or a tool that exists only for PyTorch;
# - you measured your own computation, and PyTorch is faster.
#
# ## A common mistake: quoting one factor for everything
#
# "PyTorch is so many times as fast as NumPy" is wrong for nearly every reader, because the factor
# depends on the computation, the size, the machine, and on what is counted. Here is the same
# computation on the same machine three times: small, large, and large with its copies.
#
# > {{ speedup("matmul", "n=16", contender="torch-cuda") }}
#
# > {{ speedup("matmul", "n=2048", contender="torch-cuda") }}
#
# > {{ speedup("matmul", "n=2048", contender="torch-cuda-transfer") }}
#
# So ask of any factor: for what computation, at what size, on what machine, and with the copies or
# without?
#
# ## Exercises
#
# **1.** `finite_gradient(f, w)` takes a function from an array of shape (p,) to a number, and an
# array `w` of float64. It returns the gradient by finite differences, with a step to either side:
# an array of shape (p,). It must run `f` exactly 2 p times, and `w` must be unchanged at the end.
#
# **2.** `faster_from(sizes, numpy_s, gpu_s)` takes three sequences of the same length: sizes in
# rising order, and the seconds of both sides at each size. It returns the smallest size such that
# the GPU is faster at this size and at all larger ones, or `None` if there is none.
#
# Check your answers here or with `python -m tutorial check five_numbers`. Solutions are in
# `tutorial/solutions/five_numbers.py`.

# %%
from tutorial.exercises import check


def finite_gradient(f, w):
    return np.array([f(w)])  # yours


check(finite_gradient)


# %%
def faster_from(sizes, numpy_s, gpu_s):
    return sizes, numpy_s, gpu_s  # yours


check(faster_from)

# %% [markdown]
# ## To take along
#
# - Autograd takes as long as a few runs of the function, however many parameters there are.
# - A GPU is worth it for large arrays that stay on it.
# - Every call has a fixed cost, in every library and on every device. With few numbers it is most
#   of the time.
#
# ## Where to read on
#
# - {{ chapter("autograd") }}: how a program knows its own gradient.
# - {{ chapter("training_ladder") }}: the network of number two, line by line.
# - {{ chapter("gpu") }}: copies, launches and how to hide them.
# - {{ chapter("reductions") }}: why the same work takes different times on a CPU.
# - Griewank and Walther, *Evaluating Derivatives* (2008), chapter 3, on the cost of gradients.
