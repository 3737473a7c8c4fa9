# %% [markdown]
# # Fusion: torch.compile and CUDA graphs
#
# `torch.compile` · `out=` · in-place operations · CUDA graphs
#
# {{ opening("roofline", "dynamic_graph") }}
#
# A NumPy expression of four operations makes four passes over its arrays, and three of the four
# results are thrown away. For large arrays these passes often take more time than the arithmetic.
# To fuse the operations is to do all of them in one pass. This chapter fuses by hand and then with
# `torch.compile`, and counts after how many calls compiling has saved time.
#
# **What you will know at the end:**
#
# - how to count the bytes that a chain of operations moves, and those that it has to move
# - what new arrays cost, and how to avoid them in both libraries
# - what `torch.compile` does at its first call, and what that costs
# - what a CUDA graph saves: launches, not bytes
#
# ## What a chain moves
#
# An **elementwise** operation computes each element of its result from the elements at the same
# place. Here is a chain of four such operations. `w` and `b` are single rows, too small to count:

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
# The cell says "at least" because the input has to be read once and the result has to be written
# once. In the terms of {{ chapter("roofline") }}, the chain is memory-bound. If it moves fewer
# bytes for the same operations, its point in the roofline moves to the right, where the roof is
# higher.
#
# ## Without new arrays
#
# Each step also asks for a new array. The operating system gives the memory of a large array in
# pieces (pages), and clears each piece when it is first touched. This may take longer than the
# operation. NumPy's elementwise functions accept `out`. Most of PyTorch's have a version with an
# underscore, which works in place. Here are three more functions for the chain. They agree with the
# first:


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
# Working in place saves arrays, but no passes. And you must not overwrite what autograd keeps for
# the backward pass ({{ chapter("autograd") }}). So models in training are seldom written this way.
#
# ## Block by block
#
# A pass that finds its data in a cache costs little. So take a few rows, do all four operations on
# them while they are in the cache, and go on to the next rows:


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

# %% [markdown]
# The next cells time the three ways in both libraries:


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
# Blocks save passes but need more calls. If the array fits into a large cache, working in place can
# be as fast or faster.
#
# ## Let a compiler do it
#
# Nobody wants to write every chain by blocks. `torch.compile` records what a function does to
# tensors as a graph. It gives the graph to a backend, which returns the code to run instead
# ({{ chapter("dynamic_graph") }}). A backend that fuses by blocks of rows takes a few lines. This
# one cuts its first input and the result into blocks of rows, and passes the other inputs on whole.
# So it is right for chains like ours and for nothing else. It prints the graph that it gets:


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
# Nothing is recorded before the first call, because only the call has the shapes and the types.
# `dynamic=False` asks for code for these shapes alone. Later calls check that shapes and types are
# still the same. The checks are called **guards**. Then the code from the backend runs.
#
# The usual backend is called inductor. It writes one loop that does the whole chain on a few
# elements at a time, and compiles it. The loop is in C++ for a processor. For a GPU it is in
# Triton, a language for kernels. Compiling takes longer than a chapter may take, so it is in a
# separate program. `python -m tutorial.compiled_chain` runs it where a C++ compiler is installed,
# and prints the loop:
#
# {{ source("tutorial/compiled_chain.py") }}
#
# This site compiles a longer chain, in which NumPy makes nine passes. For all passes but the first,
# PyTorch has a single kernel, even without a compiler:
#
# {{ pair("elementwise_chain") }}
#
# {{ figure("time/elementwise_chain/float32/1") }}
#
# These sentences compare PyTorch with NumPy, first at a large size and then at a small one. At each
# size PyTorch first runs as it is, which is called **eager** (each operation runs when its line
# runs). Then it is compiled:
#
# > {{ speedup("elementwise_chain", "n=4096") }}
#
# > {{ speedup("elementwise_chain", "n=4096", contender="torch-cpu-compile") }}
#
# {{ choose(speedup("elementwise_chain", "n=4096", contender="torch-cpu-compile"),
#     faster="Here fusing saves time: one compiled pass is faster than NumPy's nine.",
#     slower="Here one pass alone is not enough. A fused loop can still be slower because of the
#     time for each element, such as a hyperbolic tangent, or because of the memory for its
#     result.",
#     tie="Here one pass gains nothing over NumPy's nine. A fused loop can lose as much in the time
#     for each element, or in the memory for its result.",
#     otherwise="This file does not show whether fusing saves time at that size.") }}
#
# > {{ speedup("elementwise_chain", "n=32") }}
#
# > {{ speedup("elementwise_chain", "n=32", contender="torch-cpu-compile") }}
#
# ## After how many calls compiling pays
#
# These are the first calls that cost most, of PyTorch and of the functions that it compiles
# (`dispatch` adds 1 to an array):
#
# > {{ quote("first-call", contender="torch-cpu") }}
#
# > {{ quote("first-call", contender="torch-cpu-compile") }}
#
# Each process pays once for a first call. (Inductor keeps what it has compiled on disc, so the next
# process pays less.) After how many calls has compiling saved more time than it took? The cell
# measures this with the small backend above:

# %%
later_s = least_s(lambda: compiled(xt, wt, bt))
eager_s = least_s(lambda: steps_torch(xt, wt, bt))
gain_s = eager_s - later_s
enough = max(1, int(np.ceil((first_s - later_s) / gain_s))) if gain_s > 0 else None
print(f"first {first_s * 1e3:.1f} ms, later {later_s * 1e3:.2f}, eager {eager_s * 1e3:.2f}")
print(f"it pays from call {enough} on" if enough else "it never pays")

# %% [markdown]
# Compiling does not pay if there are few calls, or if there is nothing to fuse (a large product is
# already one call to a library). It does not pay if the arrays are so small that the guards cost
# more than the work, or if the shapes keep changing.
#
# ## Many launches at once: CUDA graphs
#
# On a GPU every operation launches a kernel. A kernel on few numbers may take less time than its
# launch ({{ chapter("gpu") }}). Fusing makes fewer kernels. A **CUDA graph** keeps all kernels, but
# records their launches once, with the addresses of all arrays, and then sends them as one. This is
# how this site does it (PyTorch wants some calls on another stream, as a warm-up, before it
# records):
#
# {{ function("bench/variant.py", "Recorded") }}
#
# Inputs and results have fixed addresses. So new inputs have to be copied in, and the next launch
# overwrites the result. `torch.compile(f, mode="reduce-overhead")` both fuses and records. Here a
# hundred additions to a few numbers are launched one by one, and then as a recording:

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
# These sentences compare one addition to a few hundred numbers on a GPU with the same in NumPy. The
# GPU first launches it and then replays a recording:
#
# > {{ speedup("dispatch", "n=512", contender="torch-cuda") }}
#
# > {{ speedup("dispatch", "n=512", contender="torch-cuda-graph") }}
#
# ## A common mistake: timing calls that compile
#
# The first call compiles. The fewer calls a mean includes, the more the first one counts:

# %%
for calls in (1, 10, 100):
    mean_s = (first_s + (calls - 1) * later_s) / calls
    print(f"mean of {calls:3} calls: {mean_s / later_s:5.1f} times a later one")

# %% [markdown]
# Later calls may compile too, and nothing shows it. A call with a new shape, a new dtype or another
# value of a Python number fails the guards and compiles again. Here a backend counts how often it
# is called. Each length is new. By default (`dynamic=None`) PyTorch compiles for the first length,
# and at the second length once more for all:

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
# After several pieces of code for one function (eight by default) PyTorch stops compiling it and
# runs it eagerly. So compile once, outside the loop. Then call the function once with every shape
# that will come. Start the clock after that, and report the first call separately.
#
# ## Exercises
#
# **1.** `chain_bytes(steps, array_bytes)` counts the bytes that a chain moves. `steps` is a list of
# `(result, operands)`, such as `("y", ("x", "b"))`. All of these are names of arrays of
# `array_bytes` bytes. It returns `(step by step, fused)`. Step by step, each step reads each of its
# different operands once and writes its result. Fused, each array that no earlier step has made is
# read once, and only the last result is written.

# %%
from tutorial.exercises import check


def chain_bytes(steps, array_bytes):
    return len(steps) * array_bytes, array_bytes  # yours


check(chain_bytes)

# %% [markdown]
# **2.** `calls_until_it_pays(first_s, later_s, eager_s)` takes the seconds of a compiled function's
# first call, of a later call, and of an eager call. It returns the smallest number of calls, an
# int, for which the compiled calls together take no longer than the eager calls. If there is no
# such number, it returns `None`.


# %%
def calls_until_it_pays(first_s, later_s, eager_s):
    return round(first_s + later_s + eager_s)  # yours


check(calls_until_it_pays)

# %% [markdown]
# **3.** `swish_into(x, out)` takes two NumPy arrays of the same shape and dtype. It writes
# `x / (1 + exp(-x))` into `out` and returns `out`. It does not change `x` and makes no new array.


# %%
def swish_into(x, out):
    out[:] = x  # yours
    return out


check(swish_into)

# %% [markdown]
# Check your answers here or with `python -m tutorial check fusion`. Solutions are in
# `tutorial/solutions/fusion.py`.
#
# ## To take along
#
# - Every operation of a chain is a pass over memory. A fused chain is a single pass.
# - `torch.compile` pays after enough calls to make up for the first one.
# - A CUDA graph saves launches, not passes.
#
# ## Where to read on
#
# - {{ chapter("roofline") }}: what a chain can reach at most; {{ chapter("gpu") }}: launches;
#   {{ chapter("profiler") }}: finding the chain that is worth it.
# - {{ family("elementwise", "All elementwise workloads that were measured") }}.
# - PyTorch documentation:
#   [torch.compile](https://pytorch.org/docs/stable/generated/torch.compile.html), and "CUDA
#   semantics", section "CUDA Graphs".
# - J. Ansel et al., "PyTorch 2: faster machine learning through dynamic Python bytecode
#   transformation and graph compilation", ASPLOS 2024.
