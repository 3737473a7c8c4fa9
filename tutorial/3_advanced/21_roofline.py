# %% [markdown]
# # The roofline: how fast could it be at most?
#
# arithmetic intensity · bandwidth · peak · ridge point · cache
#
# {{ opening("matmul", "reductions") }}
#
# A time says how long a computation took. It does not say how long it had to take. Two numbers of a
# machine and one number of a computation give a limit, the **roofline**. It shows whether there is
# anything left to gain, and whether to save operations or bytes. The roofline works for NumPy and
# for PyTorch, for a processor and for a GPU.
#
# **What you will know at the end:**
#
# - how many operations a computation does for each byte that it must move
# - how to measure the two roofs of a machine, and where they meet
# - which of the two roofs limits a computation, and how near some code comes to it
# - why some code runs above the roof of memory, and how fewer passes raise a limit
#
# ## Operations for each byte
#
# A processor computes, and it moves data between memory and itself. It does both at once, so the
# slower of the two decides. The chapter {{ chapter("matmul") }} divided the operations by the
# bytes, and this chapter does it in detail. A **FLOP** is one floating-point operation, such as an
# addition. The bytes are those that must be read or written at least once: inputs and outputs, but
# no results in between. Their ratio, in FLOP per byte, is the **arithmetic intensity**. Each
# workload of this site states its own cost. A softmax of n by n numbers does five operations with
# each of them (compare, subtract, exponential, add, divide). It reads each number and writes one in
# its place. This is its cost (`reduction`, the length of its sums, sets the bound of the error):
#
# {{ function("bench/workloads/softmax.py", "cost") }}

# %%
import time

import matplotlib.pyplot as plt
import numpy as np
import torch

from bench.workloads import attention, elementwise_chain, layer_norm, matmul, matvec, softmax
from bench.workloads import sum as summation

WIDTH = 4  # bytes of a float32
ALL = {"over": "all"}  # the sum over all elements, not along rows or columns


def intensity(cost):
    return cost.flops / (WIDTH * cost.elements)


print("FLOP per byte         n=64   n=1024")
for module in (summation, matvec, softmax, layer_norm, elementwise_chain, matmul, attention):
    which = ALL if module is summation else {}
    costs = [module.WORKLOAD.cost(n=n, **which) for n in (64, 1024)]
    print(f"{module.WORKLOAD.name:18}{intensity(costs[0]):8.2f} {intensity(costs[1]):8.2f}")

# %% [markdown]
# There are two kinds of computations. A sum or a softmax does a fixed number of operations with
# each element, whatever the number of elements. So does `elementwise_chain`, an expression of
# several elementwise operations. A matrix product uses each element again and again, and so does
# attention ({{ chapter("attention") }}). The intensity of a product is n / 6:

# %%
[round(intensity(matmul.WORKLOAD.cost(n=n)), 2) for n in (6, 60, 600)]

# %% [markdown]
# ## Two roofs, measured
#
# The first roof is the most FLOP per second that this machine reaches. The second is the most bytes
# per second, its **bandwidth**. We do not look them up. We measure them with the work that suits
# the machine best: large products, and moving a large array. `bench/timing/peaks.py` measured the
# roofs of the result file. Here is a small version, on one core. It takes the shortest of several
# calls, because a roof says what is possible:

# %%
threads_before = torch.get_num_threads()  # put back at the end
torch.set_num_threads(1)
rng = np.random.default_rng(0)


def best_s(call, calls=4):
    call()  # the first one pays for more than its work
    times = []
    for _ in range(calls):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return min(times)


square = torch.from_numpy(rng.standard_normal((1024, 1024), dtype=np.float32))
parts = {n: square[:n, :n].clone() for n in (256, 512, 1024)}
reached = [2 * n**3 / best_s(lambda part=part: part @ part) for n, part in parts.items()]
peak_flop_s = max(reached)
print(f"arithmetic {peak_flop_s / 1e9:.1f} GFLOP/s")

# %% [markdown]
# There are several ways to move an array. A copy reads each byte and writes it elsewhere, so it
# moves twice the array's size. A change in place does the same. A sum only reads. (Many processors
# also read the target of a copy before they overwrite it. These bytes are not counted, so a copy
# can seem slower than a change.)

# %%
source, target = torch.ones(2**25), torch.ones(2**25)
size = source.nbytes
moving = {
    "copy": 2 * size / best_s(lambda: target.copy_(source)),
    "change": 2 * size / best_s(lambda: target.add_(1)),
    "read": size / best_s(source.sum),
}
bandwidth = max(moving.values())
ridge = peak_flop_s / bandwidth
print({name: f"{rate / 1e9:.1f} GB/s" for name, rate in moving.items()})
print(f"ridge {ridge:.1f} FLOP per byte")

# %% [markdown]
# The last number is the **ridge point**, the intensity at which operations and bytes take equally
# long. Code of lower intensity waits for memory. It is **memory-bound** and can do at most
# *intensity times bandwidth* FLOP per second. Code of higher intensity is **compute-bound** and can
# do at most the peak of arithmetic. The lower of the two limits is the **attainable** rate.
#
# ## Your own roofline
#
# Here PyTorch does computations of both kinds, some of them on a matrix that is too large for most
# caches. A large result is written into an existing array (`out`), because new memory takes time of
# its own. {{ chapter("fusion") }} looks at that time.

# %%
big = torch.from_numpy(rng.random((4096, 4096), dtype=np.float32))
out = torch.ones_like(big)
work = {
    "sum": (summation.WORKLOAD.cost(over="all", n=4096), big.sum),
    "matvec": (matvec.WORKLOAD.cost(n=4096), lambda: big @ big[0]),
    "softmax": (softmax.WORKLOAD.cost(n=4096), lambda: torch.softmax(big, 1, out=out)),
}
for n in (32, 128, 1024):
    part = square[:n, :n].clone()
    work[f"matmul {n}"] = (matmul.WORKLOAD.cost(n=n), lambda part=part: part @ part)

# %%
points = {name: (intensity(cost), cost.flops / best_s(call)) for name, (cost, call) in work.items()}
for name, (x, rate) in points.items():
    share = rate / min(peak_flop_s, x * bandwidth)
    bound = "memory" if x < ridge else "arithmetic"
    got = f"{rate / 1e9:7.2f} GFLOP/s, {share:4.0%} of the roof of {bound}"
    print(f"{name:12}{x:7.2f} FLOP/B {got}")

# %%
fig, ax = plt.subplots(figsize=(7.5, 4))
x = np.geomspace(0.1, 400, 200)
ax.loglog(x, np.minimum(peak_flop_s, x * bandwidth), color="C3", label="the roof")
ax.axvline(ridge, color="C3", linestyle=":", label="the ridge")
for name, (at, rate) in points.items():
    ax.plot(at, rate, "o", color="C1")
    ax.annotate(name, (at, rate), (-5, -11), textcoords="offset points", ha="right")
under = sum(at < ridge for at, _ in points.values())
ax.set_title(f"Memory limits {under} of {len(points)} computations, arithmetic the others")
ax.set(xlabel="arithmetic intensity (FLOP per byte)", ylabel="rate (FLOP/s)")
ax.xaxis.set_major_formatter("{x:g}")
ax.yaxis.set_major_formatter("{x:.0e}")
ax.legend(loc="lower right")
plt.show()

# %% [markdown]
# The distance to the roof is the factor that better code could gain (the scale is logarithmic).
# Code at the roof has nothing to gain: only other hardware, fewer bytes or fewer operations make it
# faster. A point may even be a little above the roof, because measured roofs scatter too. A point
# far below the roof has another reason. The work may be small compared with its call. The code may
# read the data several times. Or it uses an operation such as the exponential, which counts as one
# but takes as long as many.
#
# ## Every case of the result file
#
# The figure shows all that was measured on {{ machine }} with one core, for both libraries and
# every size:
#
# {{ figure("roofline/cpu/threads=1") }}
#
# These sentences say the same for a matrix product and for `elementwise_chain`, each at its largest
# size. (The small share of the peak of arithmetic is no fault of memory-bound code: see the common
# mistake below.)
#
# > {{ quote("roof", workload="matmul", contender="numpy") }}
#
# > {{ quote("roof", workload="matmul", contender="torch-cpu") }}
#
# > {{ quote("roof", workload="elementwise_chain", contender="numpy") }}
#
# > {{ quote("roof", workload="elementwise_chain", contender="torch-cpu") }}
#
# {{ family("roofline", "The page of roofs") }} shows all of them, and the roofs of more cores. More
# cores usually add more arithmetic than bandwidth, because they share the memory. Then the ridge
# moves to the right, and more computations are memory-bound.
#
# ## Above the roof: caches
#
# Some points of the file may lie above the slanted roof. This is no contradiction: their data came
# from a cache, the small memory inside the processor that keeps recently used data. Every cache has
# its own roof. The next cells measure the rate of a copy, from small arrays to large ones:


# %%
def copy_bytes_s(size):
    here, there = source[: size // WIDTH], target[: size // WIDTH]
    often = max(1, 2**22 // size)  # copies between two readings of the clock
    return 2 * size * often / best_s(lambda: [there.copy_(here) for _ in range(often)])


sizes = [2**k for k in range(14, 28)]
rates = np.array([copy_bytes_s(size) for size in sizes])
gain = rates.max() / rates[-1]
print(f"the best copy moves {gain:.1f} times as many bytes a second as the largest")

# %%
fig, ax = plt.subplots()
ax.plot([2 * size / 2**10 for size in sizes], rates / 1e9, "o-", color="C1")
ax.set(xscale="log", ylim=(0, None), xlabel="bytes touched (KiB)", ylabel="rate of a copy (GB/s)")
ax.xaxis.set_major_formatter("{x:,.0f}")
CLEARLY = 1.5
if gain > CLEARLY:
    ax.set_title("Data that stays in a cache moves faster than data from memory")
else:
    ax.set_title("On this machine a cache made no large difference to a copy")
plt.show()

# %% [markdown]
# The smallest copies are so short that the time of the call shows. If the largest cache of your
# processor holds even the largest copy here, the roof that you measured above is that of the cache.
# For its own roofs this site copies arrays several times as large as the largest cache.
#
# ## Fewer bytes move a point to the right
#
# The cost of a softmax counts one read and one write. NumPy's code makes five passes over a large
# array: `max`, subtract, `exp`, `sum` and divide. A reduction, such as `max`, reads one array and
# writes almost nothing. An elementwise operation reads each of its arrays and writes one, also in
# place. (One number for each row or column is too little to count.) If the array does not fit into
# a cache, the five passes make five reads and three writes:
#
# {{ pair("softmax") }}

# %%
passes = [(1, 0), (1, 1), (1, 1), (1, 0), (1, 1)]  # arrays read and written, pass by pass
flops = softmax.WORKLOAD.cost(n=4096).flops
for name, arrays in {"at least": 2, "NumPy, by passes": np.sum(passes)}.items():
    moved = arrays * big.nbytes
    print(f"{name:17}{flops / moved:6.3f} FLOP/B, {1e3 * moved / bandwidth:5.1f} ms by the roof")

# %% [markdown]
# The operations are the same. To **fuse** operations is to do several of them while an element is
# in the processor. Then fewer bytes move, so the intensity and the limit rise. A fused kernel may
# still be slow if its arithmetic is slow. So it has to be measured:
#
# > {{ speedup("softmax", "n=4096") }}
#
# {{ chapter("fusion") }} shows how to do this with your own code.
#
# ## A GPU's roofs
#
# A GPU has roofs too, usually much higher ones, and its own ridge. Its roof of memory is the
# bandwidth of its own memory: copies from the processor's memory do not count here. If the machine
# of this page has a GPU, these are its roofs:
#
# {{ figure("roofline/cuda") }}
#
# A call on a GPU returns before the work is done, so `synchronize` waits before the clock is read.
# This cell prints both roofs of the GPU, its ridge, and the ridge of the processor beside it:

# %% tags=["gpu"]
if torch.cuda.is_available():
    on_gpu = torch.rand(8192, 8192, device="cuda")
    into = torch.empty_like(on_gpu)

    def waited(call):
        call()
        torch.cuda.synchronize()

    gpu_flop_s = 2 * 8192**3 / best_s(lambda: waited(lambda: on_gpu @ on_gpu))
    gpu_bytes_s = 2 * WIDTH * 8192**2 / best_s(lambda: waited(lambda: into.copy_(on_gpu)))
    print(f"{gpu_flop_s / 1e12:.1f} TFLOP/s, {gpu_bytes_s / 1e12:.2f} TB/s")
    print(f"ridge at {gpu_flop_s / gpu_bytes_s:.1f} FLOP per byte, this processor's at {ridge:.1f}")

# %% [markdown]
# ## A common mistake: judging memory-bound code by its FLOP/s
#
# "It reaches almost none of the peak, so it must be badly written." This cell adds 1 to each number
# of an array. It measures the roof of memory again, because on a shared machine the roof changes
# from minute to minute:

# %%
taken = best_s(lambda: out.add_(1))
bandwidth = max(bandwidth, 2 * size / best_s(lambda: target.add_(1)))
flop_share = big.numel() / taken / peak_flop_s
byte_share = 2 * WIDTH * big.numel() / taken / bandwidth
print(f"{flop_share:.1%} of the peak of arithmetic, {byte_share:.0%} of the peak of memory")
MOST = 0.7  # of a roof, which little goes beyond
done = max(flop_share, byte_share) > MOST
print("little is left to gain" if done else "something else slows it: look for it")
torch.set_num_threads(threads_before)

# %% [markdown]
# Code that does one operation for eight bytes can only use a small part of the arithmetic. So name
# the roof that limits the code, and the share of that roof. The reverse is also wrong: a product
# that moves few bytes per second is not slow. And treat a rate far above a roof as an error in the
# timing or the counting, until a cache explains it.
#
# ## Exercises
#
# **1.** `attainable(intensity, flop_s, bytes_s)` takes an array of intensities of shape `(n,)` and
# the two peaks of a machine. It returns the attainable FLOP per second of each, of shape `(n,)`.

# %%
from tutorial.exercises import check


def attainable(intensity, flop_s, bytes_s):
    return intensity * (flop_s / bytes_s)  # yours


check(attainable)

# %% [markdown]
# **2.** `limiting_roof(flops, moved_bytes, flop_s, bytes_s)` takes the operations and the bytes of
# a computation, and the peaks of a machine. It returns `"arithmetic"` if the operations take longer
# at their peak than the bytes at theirs, and otherwise `"memory"`. Either count may be zero.


# %%
def limiting_roof(flops, moved_bytes, flop_s, bytes_s):
    return max(flops, moved_bytes, flop_s, bytes_s)  # yours


check(limiting_roof)

# %% [markdown]
# **3.** `pass_intensity(flops, passes, itemsize)` takes the operations for each element, a list of
# passes, and the bytes of an element. Each pass is `(arrays read, arrays written)`, as in the cell
# on softmax, and no array fits into a cache. The function returns the intensity as a float.
#
# Then write down the list of passes of this code, by the rules for softmax. (`vecdot(y, y)` reads
# one array: both arguments are the same.) Compare your list with the one in
# `tutorial/solutions/roofline.py`:
#
# {{ function("bench/workloads/layer_norm.py", "layer_norm_numpy") }}


# %%
def pass_intensity(flops, passes, itemsize):
    return flops * len(passes) / itemsize  # yours


check(pass_intensity)

# %% [markdown]
# Check your answers here or with `python -m tutorial check roofline`. Solutions are in
# `tutorial/solutions/roofline.py`.
#
# ## To take along
#
# - Operations divided by bytes decide which roof limits a computation.
# - If code is below the ridge point, save bytes. If it is above, save operations.
# - Code may run above the roof of memory, if its data fit into a cache.
#
# ## Where to read on
#
# - {{ chapter("fusion") }}: fewer passes.
# - {{ chapter("precision") }}: fewer bytes for each number, and a higher roof of arithmetic.
# - {{ chapter("gpu") }}: the hardware with the highest roofs.
# - S. Williams, A. Waterman and D. Patterson, "Roofline: an insightful visual performance model for
#   multicore architectures", Communications of the ACM, 2009.
# - J. Hennessy and D. Patterson, *Computer Architecture: A Quantitative Approach*, the chapter on
#   data-level parallelism.
