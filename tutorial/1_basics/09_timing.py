# %% [markdown]
# # Timing code: the mistakes, and what to do instead
#
# `time.perf_counter` · `torch.utils.benchmark.Timer` · `torch.cuda.synchronize` · `set_num_threads`
#
# {{ opening("tensors") }}
#
# A stopwatch around a line of NumPy shows nearly the right time. PyTorch has its own threads, its
# devices work in the background, and its first calls are slower than later ones. Each of these can
# make a stopwatch show the wrong time, and none raises an error. This chapter makes the mistakes
# one at a time, and shows what to do instead.
#
# **What you will know at the end:**
#
# - how first calls, other programs, the clock and a device's queue change a measured time
# - what has to be equal on both sides before you may compare their times
# - which timer to use, and what it does for you

# %%
import time
from concurrent.futures import ThreadPoolExecutor

import matplotlib.pyplot as plt
import numpy as np
import torch
from torch.utils.benchmark import Timer

rng = np.random.default_rng(0)
threads_before = torch.get_num_threads()  # put back below
torch.set_num_threads(1)  # one core against one core, until said otherwise


def once(call):
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


# %% [markdown]
# `time.perf_counter` is the right clock: it never goes backwards, and no other clock of Python has
# finer steps. The rest of this chapter is about what happens between its two readings.
#
# ## A first call may include more than its work
#
# This cell computes the singular values of a matrix thirty times:

# %%
square = torch.from_numpy(rng.standard_normal((64, 64)))
calls = [once(lambda: torch.linalg.svdvals(square)) for _ in range(30)]
later = np.median(calls[1:])
print(f"first {calls[0] * 1e6:.0f} µs, later {later * 1e6:.0f} µs, ratio {calls[0] / later:.1f}")

# %% [markdown]
# A first call loads parts of a library that were not needed before, and starts its threads. It
# touches memory that the operating system provides only at that moment. It may also choose or even
# compile the code that it will run. So time a first call by itself or not at all. How much longer
# it takes depends on the call. In the result file of this page:
#
# > {{ quote("first-call", contender="torch-cpu") }}
#
# ## One sample says little, and a mean contains every disturbance
#
# This cell times the same call four hundred times. It takes the median of calls 1 to 10, of calls
# 11 to 20, and so on:

# %%
x = rng.standard_normal(30_000)
np.sin(x)
shots = np.array([once(lambda: np.sin(x)) for _ in range(400)])
medians = np.median(shots.reshape(-1, 10), axis=1)

fig, ax = plt.subplots()
ax.plot(shots * 1e6, ".", color="C0", markersize=3, label="one call")
ax.stairs(medians * 1e6, np.arange(41) * 10, baseline=None, color="C3", label="median of ten")
ax.set(yscale="log", xlabel="call", ylabel="time (µs)")
ax.set_title("A median of ten calls strays no further than the ten do")
ax.legend()
plt.show()

# %% [markdown]
# The operating system gives the core to other programs from time to time, and the processor changes
# its clock rate. Most disturbances add time, now and then a lot. Here we disturb one of twenty
# samples by a pause:

# %%
calm = [once(lambda: np.sin(x)) for _ in range(19)]
disturbed = [*calm, once(lambda: (np.sin(x), time.sleep(0.02)))]
for name, samples in {"calm": calm, "disturbed": disturbed}.items():
    mean, median = np.mean(samples) * 1e6, np.median(samples) * 1e6
    print(f"{name:10} mean {mean:5.0f} µs   median {median:5.0f} µs")

# %% [markdown]
# The mean contains a twentieth of the pause. The median is still that of the calm calls.
#
# ## A short call is hidden by the stopwatch
#
# Reading the clock twice takes time, and so does calling a function:

# %%
few = rng.standard_normal(8)
nothing = np.median([once(lambda: None) for _ in range(2000)])
short = np.median([once(lambda: few + 1) for _ in range(2000)])
step = time.get_clock_info("perf_counter").resolution
print(f"smallest step of the clock   {step * 1e9:4.0f} ns")
print(f"the stopwatch around nothing {nothing * 1e9:4.0f} ns")
print(f"the stopwatch around few + 1 {short * 1e9:4.0f} ns, {nothing / short:.0%} of it stopwatch")

# %% [markdown]
# The solution is a **block**: many calls between two readings of the clock, and the time divided by
# the number of calls. A **warm-up** is a call before the first reading. It brings the data into the
# cache and is not counted. Of several blocks we take the median:


# %%
def block(call, iterations):
    call()
    start = time.perf_counter()
    for _ in range(iterations):
        call()
    return (time.perf_counter() - start) / iterations


def typical(call, iterations):
    return np.median([block(call, iterations) for _ in range(9)])


print(f"few + 1 in blocks of a thousand calls: {typical(lambda: few + 1, 1000) * 1e9:.0f} ns")

# %% [markdown]
# On a busy machine this time can be longer than the one above, because the two were measured at
# different moments.
#
# ## A device works while Python goes on
#
# A call on a GPU is **asynchronous**: it puts the work into the device's queue and returns. This is
# called a **launch**. A thread that takes jobs from a queue does the same without a GPU:

# %%
with ThreadPoolExecutor(max_workers=1) as device:
    device.submit(time.sleep, 0).result()  # the first call starts the thread
    whole_s = once(lambda: device.submit(time.sleep, 0.02).result())
    launch_s = once(lambda: device.submit(time.sleep, 0.02))
print(f"launch {launch_s * 1e3:.2f} ms, launch and wait {whole_s * 1e3:.2f} ms")

# %% [markdown]
# The launch time is only the time to ask for the work. To **synchronise** is to wait until the
# queue is empty: `torch.cuda.synchronize()` on a GPU, `torch.accelerator.synchronize()` on any
# accelerator. Synchronise before the first reading, so that no earlier work is counted, and before
# the last reading:

# %% tags=["gpu"]
if torch.cuda.is_available():
    a = torch.randn(4096, 4096, device="cuda")
    a @ a  # the first call
    torch.cuda.synchronize()
    launch_s = once(lambda: a @ a)
    torch.cuda.synchronize()
    whole_s = once(lambda: (a @ a, torch.cuda.synchronize()))
    print(f"launch {launch_s * 1e3:.3f} ms, launch and wait {whole_s * 1e3:.3f} ms")

# %% [markdown]
# ## What has to be equal on both sides
#
# **Threads and dtype.** NumPy sums on one core. PyTorch divides a large sum among the cores that it
# may use. NumPy's default is float64. PyTorch's is float32, which is half as wide:

# %%
wide = rng.random(1_000_000)
t, narrow = torch.from_numpy(wide), torch.from_numpy(wide).float()
sums = {"NumPy, float64": wide.sum, "PyTorch, float64": t.sum, "PyTorch, float32": narrow.sum}
table = {name: typical(call, 3) for name, call in sums.items()}
torch.set_num_threads(2)
table["PyTorch, float32, 2 threads"] = typical(narrow.sum, 3)
for name, time_s in table.items():
    print(f"{name:28}{time_s * 1e6:5.0f} µs")

# %% [markdown]
# A careless script compares the first row with the last. To learn what one change does, compare two
# rows that differ in nothing else. PyTorch has its own timer. It warms up, waits for a GPU and
# chooses the length of its blocks. It also uses one thread unless you ask for more:

# %%
seen = []
Timer("seen.append(torch.get_num_threads())", globals={"seen": seen, "torch": torch}).timeit(1)
print(f"around the timer {torch.get_num_threads()}, inside it {seen[-1]}")
torch.set_num_threads(threads_before)

# %% [markdown]
# **Values.** The values in an array can change the work. Zeros are often used because they are easy
# to make, but they behave unlike real data:

# %%
for name, values in {"random numbers": wide[:100_000], "zeros": np.zeros(100_000)}.items():
    print(f"sort of {name:15}{typical(lambda v=values: np.sort(v), 1) * 1e6:6.0f} µs")

# %% [markdown]
# On a GPU the values can even change the time of a matrix product. Flipping bits takes power, and a
# device at its power limit slows down. So use random inputs, and the same ones on both sides.
#
# ## A common mistake: one measurement against one measurement
#
# "The old version took this long, the new one that long": both numbers are single calls, and their
# ratio has the scatter of both. All calls in the picture above ran the same code. Here each call is
# compared with the next:

# %%
ratios = shots[0::2] / shots[1::2]
apart = np.abs(np.log(ratios))
print(f"single calls more than a tenth apart: {np.mean(apart > np.log(1.1)):.1%} of pairs")
print(f"the furthest apart: {np.exp(apart.max()):.2f} times")
print(f"the median over all pairs: {np.median(ratios):.3f}")

# %% [markdown]
# If you stop at the first pair, you report chance. Measure many pairs, in turn, and report the
# median of their ratios. {{ chapter("measuring") }} shows how precise it is.
#
# ## Exercises
#
# **1.** `iterations_for(call_s, block_s)` takes the seconds of one call and the seconds that a
# block should last at least. It returns the smallest number of calls, an int, that is enough.
#
# **2.** `seconds_per_call(call, iterations, synchronize)` takes a function, a number, and a
# function that waits until a device is done. It calls `call` once as a warm-up, and then
# `iterations` times between two readings of `time.perf_counter`. It synchronises before each
# reading. It returns the seconds of one call.
#
# Check your answers here or with `python -m tutorial check timing`. Solutions are in
# `tutorial/solutions/timing.py`.

# %%
from tutorial.exercises import check


def iterations_for(call_s, block_s):
    return round(call_s + block_s)  # yours


check(iterations_for)


# %%
def seconds_per_call(call, iterations, synchronize):
    start = time.perf_counter()
    call()
    synchronize()
    return (time.perf_counter() - start) / iterations  # yours


check(seconds_per_call)

# %% [markdown]
# ## To take along
#
# - Warm up, time many calls in one block, and take the median of blocks.
# - Synchronise before you read the clock, or you time the launch.
# - Compare at equal threads, dtypes and values, and never one call with one call.
#
# ## Where to read on
#
# - {{ chapter("measuring") }}: how to compare two versions, and how sure you can be.
# - {{ chapter("reductions") }} explains why times are what they are.
# - {{ chapter("gpu") }} reads a device's own clock; {{ chapter("profiler") }} looks inside a call.
# - {{ chapter("comparing_machines") }} puts two result files side by side.
# - PyTorch documentation: [Benchmark Utils](https://pytorch.org/docs/stable/benchmark_utils.html),
#   and "CUDA semantics", section "Asynchronous execution".
# - Horace He, [Strangely, Matrix Multiplications on GPUs Run Faster When Given "Predictable"
#   Data](https://www.thonking.ai/p/strangely-matrix-multiplications), on values and power.
