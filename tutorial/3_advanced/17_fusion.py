# %% [markdown]
# # What does fusing a chain of operations save?
#
# A NumPy expression of four operations makes four passes over its arrays, and three of the four
# results are thrown away. For large arrays those passes often take more time than the arithmetic.
# Fusing does all operations in one pass. This chapter does it by hand, then lets
# `torch.compile` do it, and asks how many calls it takes until that has paid for itself.
#
# **What you will know at the end:**
#
# - how to count what a chain of operations moves, and what it has to move
# - what new arrays cost, and how to do without them in both libraries
# - what `torch.compile` does at its first call, and what that costs
# - what a CUDA graph saves, which is another thing
#
# ## What a chain moves
#
# An **elementwise** operation computes each element of its result from the elements at the same
# place. This is a chain of four of them. `w` and `b` are single rows, too small to count:

# %%
import time

import matplotlib.pyplot as plt
import numpy as np
import torch

rng = np.random.default_rng(0)
threads_before = torch.get_num_threads()  # put back at the end
torch.set_num_threads(1)
N = 3072
x = rng.standard_normal((N, N), dtype=np.float32)
w, b = rng.standard_normal((2, N), dtype=np.float32)


def steps_numpy(x, w, b):
    return np.maximum(x * w + b, 0) * 2


passes = ["x * w", "... + b", "maximum(..., 0)", "... * 2"]  # each reads an array and writes one
moved, needed = 2 * len(passes) * x.nbytes, 2 * x.nbytes
print(f"step by step {moved / 2**20:.0f} MiB, at least {needed / 2**20:.0f} MiB")

# %% [markdown]
# It is "at least" because the input has to be read once and the result written once. In the terms
# of {{ chapter("roofline") }}, the chain is memory-bound, and to move fewer bytes for the same
# operations is to go to the right, where the roof is higher.
#
# ## Without new arrays
#
# Each step also asks for a new array. The operating system hands out the memory of a large one in
# pieces (pages), each cleared when it is first touched. That may take longer than the operation.
# NumPy's elementwise functions take `out`, and most of PyTorch's have a twin with an underscore
# that works in place. Three of these four functions are new, and all agree:


# %%
def in_place_numpy(x, w, b, out):
    np.multiply(x, w, out=out)
    out += b
    np.maximum(out, 0, out=out)
    out *= 2
    return out


def steps_torch(x, w, b):
    return torch.relu(x * w + b) * 2


def in_place_torch(x, w, b, out):
    return torch.mul(x, w, out=out).add_(b).relu_().mul_(2)


out = np.ones_like(x)
xt, wt, bt, out_t = (torch.from_numpy(each) for each in (x, w, b, out))
expected = steps_numpy(x, w, b)
same = [in_place_numpy(x, w, b, out), steps_torch(xt, wt, bt), in_place_torch(xt, wt, bt, out_t)]
[np.array_equal(expected, each) for each in same]

# %% [markdown]
# To work in place saves arrays, but no passes. And what autograd keeps for the way back may not be
# overwritten ({{ chapter("autograd") }}), so a model in training is seldom written in this way.
#
# ## Block by block
#
# A pass that finds its data in a cache costs little. So take a few rows, do all four operations on
# them while they are there, and go on to the next:


# %%
ROWS = 16  # so few that they fit a core's own cache


def blocks_numpy(x, w, b, out):
    for first in range(0, len(x), ROWS):
        in_place_numpy(x[first : first + ROWS], w, b, out[first : first + ROWS])
    return out


def blocks_torch(x, w, b, out):
    for part, target in zip(x.split(ROWS), out.split(ROWS), strict=True):
        in_place_torch(part, w, b, target)
    return out


same = blocks_numpy(x, w, b, out), blocks_torch(xt, wt, bt, out_t)
[np.array_equal(expected, each) for each in same]


# %%
def once_s(call):
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def least_s(call):
    call()
    return min(once_s(call) for _ in range(3))


ways = {
    "new arrays": (lambda: steps_numpy(x, w, b), lambda: steps_torch(xt, wt, bt)),
    "in place": (lambda: in_place_numpy(x, w, b, out), lambda: in_place_torch(xt, wt, bt, out_t)),
    "by blocks": (lambda: blocks_numpy(x, w, b, out), lambda: blocks_torch(xt, wt, bt, out_t)),
}
times = {name: [least_s(call) * 1e3 for call in calls] for name, calls in ways.items()}
for name, (numpy_ms, torch_ms) in times.items():
    print(f"{name:11} NumPy {numpy_ms:7.1f} ms   PyTorch {torch_ms:7.1f} ms")

# %%
fig, ax = plt.subplots()
places = np.arange(len(times))
for k, side in enumerate(("NumPy", "PyTorch")):
    ax.barh(places + 0.4 * k, [ms[k] for ms in times.values()], 0.36, color=f"C{k}", label=side)
ax.set_yticks(places + 0.2, times)
ax.invert_yaxis()
ax.set(xlabel="time of the chain (ms)")
ax.set_title("Four operations, three ways to go through memory")
ax.legend()
plt.show()

# %%
for k, side in enumerate(("NumPy", "PyTorch")):
    best = min(times, key=lambda name: times[name][k])
    gain = times["new arrays"][k] / times[best][k]
    print(f"{side}: fastest is '{best}', {gain:.1f} times as fast as 'new arrays'")

# %% [markdown]
# ## Let a compiler do it
#
# Nobody wants to write every chain by blocks. `torch.compile` records what a function does to
# tensors, as a graph, and hands that to a backend, which returns what to run instead
# ({{ chapter("dynamic_graph") }}). A backend that fuses by blocks of rows takes a few lines. It
# cuts whatever it gets into rows, so it is right for chains like ours and for nothing else. It
# prints the graph that it was given:


# %%
def fuse_by_blocks(graph, _examples):
    print(graph.code.strip())

    def run(x, *rows):
        result = torch.empty_like(x)
        for part, target in zip(x.split(ROWS), result.split(ROWS), strict=True):
            target.copy_(graph(part, *rows)[0])
        return (result,)

    return run


compiled = torch.compile(steps_torch, backend=fuse_by_blocks, fullgraph=True, dynamic=False)
first_s = once_s(lambda: compiled(xt, wt, bt))
torch.equal(compiled(xt, wt, bt), steps_torch(xt, wt, bt))

# %% [markdown]
# Nothing is recorded before the first call, since only that knows the shapes and the types. Later
# calls check that those are still the same, by what are called **guards**, and run what the backend
# returned.
#
# The usual backend is called inductor. It writes one loop that does the whole chain on a few
# elements at a time, in C++ for a processor and in Triton, a language for kernels, for a GPU, and
# has it compiled. That takes longer than a chapter may, so it stands in a program of its own.
# `python -m tutorial.compiled_chain` runs it where a C++ compiler is installed, and prints the
# loop:
#
# {{ source("tutorial/compiled_chain.py") }}
#
# This site compiles a longer chain, in which NumPy makes nine passes. PyTorch has a kernel for all
# but the first of them, even without a compiler:
#
# {{ pair("elementwise_chain") }}
#
# {{ figure("time/elementwise_chain/float32/1") }}
#
# Against NumPy, first PyTorch as it is (**eager**: each operation runs when its line does), and
# then compiled; at a large size, and below at a small one:
#
# > {{ speedup("elementwise_chain", "n=4096") }}
#
# > {{ speedup("elementwise_chain", "n=4096", contender="torch-cpu-compile") }}
#
# {{ choose(speedup("elementwise_chain", "n=4096", contender="torch-cpu-compile"),
#     faster="One pass pays here: compiled, it is ahead of NumPy's nine.",
#     slower="One pass alone is not enough here: a fused loop can still lose by what it spends on
#     each element, such as a hyperbolic tangent, or by the memory that it gets for its result.",
#     tie="One pass alone gains nothing here over NumPy's nine: a fused loop can lose as much by
#     what it spends on each element, or by the memory that it gets for its result.",
#     otherwise="From this file alone it cannot be told whether fusing pays at that size.") }}
#
# > {{ speedup("elementwise_chain", "n=32") }}
#
# > {{ speedup("elementwise_chain", "n=32", contender="torch-cpu-compile") }}
#
# ## When it has paid for itself
#
# The longest first calls, of PyTorch and of what it compiles:
#
# > {{ quote("first-call", contender="torch-cpu") }}
#
# > {{ quote("first-call", contender="torch-cpu-compile") }}
#
# A first call is paid once in each process. (Inductor keeps what it has compiled on disc, so
# that the next process pays less.) From which call on is it made up for? Measured now, with the
# small backend above:

# %%
later_s = least_s(lambda: compiled(xt, wt, bt))
eager_s = least_s(lambda: steps_torch(xt, wt, bt))
gain_s = eager_s - later_s
enough = max(1, int(np.ceil((first_s - later_s) / gain_s))) if gain_s > 0 else None
print(f"first {first_s * 1e3:.1f} ms, later {later_s * 1e3:.2f}, eager {eager_s * 1e3:.2f}")
print(f"it pays from call {enough} on" if enough else "it never pays")

# %% [markdown]
# To compile does not pay where calls are few, where there is nothing to fuse (a large product is
# one call to a library already), where the arrays are so small that the guards cost more than the
# work, and where shapes keep changing.
#
# ## Many launches at once: CUDA graphs
#
# On a GPU every operation is the launch of a kernel, and a kernel on few numbers may take less time
# than its launch ({{ chapter("gpu") }}). Fusing makes fewer kernels. A **CUDA graph** leaves them
# as many: the launches are recorded once, with the addresses of all arrays, and then sent as one.
# This is how this site does it:
#
# {{ function("bench/variant.py", "Recorded") }}
#
# Inputs and results stand at fixed addresses, so new inputs have to be copied in, and the next
# launch overwrites the result. `torch.compile(f, mode="reduce-overhead")` both fuses and records.
# Here a hundred additions to a few numbers are launched one by one, and as a recording:

# %% tags=["gpu"]
from bench.variant import Recorded

if torch.cuda.is_available():

    def hundred(small):
        for _ in range(100):
            small = small + 1
        return small

    def waited_s(call):
        return least_s(lambda: (call(), torch.cuda.synchronize()))

    small = torch.zeros(64, device="cuda")
    recorded = Recorded(hundred, {"small": small})
    print(torch.equal(recorded(), hundred(small)))
    ratio = waited_s(lambda: hundred(small)) / waited_s(recorded)
    print(f"a hundred launches take {ratio:.1f} times as long as one recording of them")

# %% [markdown]
# One addition to a few hundred numbers, on a GPU against NumPy, launched and then recorded:
#
# > {{ speedup("dispatch", "n=512", contender="torch-cuda") }}
#
# > {{ speedup("dispatch", "n=512", contender="torch-cuda-graph") }}
#
# ## A common mistake: timing calls that compile
#
# The first call is one of them. How much of it is in a mean depends on how many calls there are:

# %%
for calls in (1, 10, 100):
    mean_s = (first_s + (calls - 1) * later_s) / calls
    print(f"mean of {calls:3} calls: {mean_s / later_s:5.1f} times a later one")

# %% [markdown]
# The other kind is hidden: a call with a new shape, a new dtype or another value of a Python number
# fails the guards and compiles anew. Here a backend counts how often it is asked. Each length is
# new, and `dynamic=False` asks for code made for one shape alone. Without it, the second piece of
# code is made for all lengths:

# %%
made = []


def count(graph, _examples):
    made.append(graph)
    return graph.forward


def doubled(v):
    return torch.relu(v) * 2


lengths = range(2, 9)
for dynamic in (False, None):
    torch.compiler.reset()  # forgets what was compiled
    made.clear()
    general = torch.compile(doubled, backend=count, dynamic=dynamic)
    for length in lengths:
        general(torch.ones(length))
    print(f"dynamic={dynamic}: {len(made)} compilations in {len(lengths)} calls")
torch.compiler.reset()
torch.set_num_threads(threads_before)

# %% [markdown]
# After several pieces of code for one function (eight, unless configured) PyTorch gives up, and
# runs it eagerly. So compile once, outside the loop; call it once with every shape that will come;
# start the clock then, and report the first call by itself.
#
# ## Exercises
#
# **1.** `chain_bytes(steps, array_bytes)` counts what a chain moves. `steps` is a list of
# `(result, operands)`, such as `("y", ("x", "b"))`, all of them names of arrays of `array_bytes`
# bytes. It returns `(step by step, fused)`: each step reads each of its different operands once and
# writes its result; fused, each array that no step has made is read once and the last result is
# written.

# %%
from tutorial.exercises import check


def chain_bytes(steps, array_bytes):
    return len(steps) * array_bytes, array_bytes  # yours


check(chain_bytes)

# %% [markdown]
# **2.** `calls_until_it_pays(first_s, later_s, eager_s)` takes the seconds of a compiled function's
# first call, of a later one, and of an eager call. It returns the smallest number of calls, an int,
# whose whole time compiled is not longer than eager, or `None` where there is none.


# %%
def calls_until_it_pays(first_s, later_s, eager_s):
    return round(first_s + later_s + eager_s)  # yours


check(calls_until_it_pays)

# %% [markdown]
# **3.** `swish_into(x, out)` takes two NumPy arrays of one shape and dtype. It writes
# `x / (1 + exp(-x))` into `out` and returns `out`; it leaves `x` as it is and makes no new array.


# %%
def swish_into(x, out):
    out[:] = x  # yours
    return out


check(swish_into)

# %% [markdown]
# Answers are checked here or by `python -m tutorial check 17`; solutions are in
# `tutorial/solutions/fusion.py`.
#
# ## Where to read on
#
# - {{ chapter("roofline") }}: what a chain can reach at most; {{ chapter("gpu") }}: launches;
#   {{ chapter("profiler") }}: finding the chain that is worth it.
# - {{ family("elementwise", "All elementwise workloads that were measured") }}.
# - PyTorch documentation:
#   [torch.compile](https://pytorch.org/docs/stable/generated/torch.compile.html), and
#   "CUDA semantics", section "CUDA Graphs".
# - J. Ansel et al., "PyTorch 2: faster machine learning through dynamic Python bytecode
#   transformation and graph compilation", ASPLOS 2024.
