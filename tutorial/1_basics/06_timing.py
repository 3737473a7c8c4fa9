# %% [markdown]
# # How does one time code without being fooled?
#
# A stopwatch around a line of NumPy tells nearly the truth. PyTorch has threads of its own, devices
# that work in the background and first calls that are unlike all later ones, and each of them can
# make a stopwatch lie. A wrong timing does not fail: it prints a number like any other. This
# chapter makes the mistakes one at a time, and then builds a timer that avoids them.
#
# **What you will know at the end:**
#
# - what first calls, other programs, the clock and a device's queue do to a measured time
# - what has to be equal on both sides before their times may be compared
# - how to time two versions in turn, and how sure of their ratio you can be
# - how the speedups on this site come about

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
# `time.perf_counter` is the clock for this: it never goes backwards, and none of Python's clocks
# has finer steps. All that follows is about what stands between its two readings.
#
# ## A first call may pay for more than its work

# %%
square = torch.from_numpy(rng.standard_normal((64, 64)))
calls = [once(lambda: torch.linalg.svdvals(square)) for _ in range(30)]
later = np.median(calls[1:])
print(f"first {calls[0] * 1e6:.0f} µs, later {later * 1e6:.0f} µs, ratio {calls[0] / later:.1f}")

# %% [markdown]
# A first call loads the parts of a library that were not needed before, starts its threads, touches
# memory that the operating system hands out only at that moment, and may choose or even compile the
# code that it will run. So a first call is timed by itself or not at all. The longest here:
#
# > {{ quote("first-call", contender="torch-cpu") }}
#
# ## One sample says little, and a mean repeats what disturbed it
#
# One call on the same numbers, timed again and again; and the median of every ten in a row:

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
# The operating system lends the core to other programs, and the processor changes its clock rate.
# Most disturbances add time, now and then a lot. Here a nap in one of twenty samples stands for a
# disturbance:

# %%
calm = [once(lambda: np.sin(x)) for _ in range(19)]
disturbed = [*calm, once(lambda: (np.sin(x), time.sleep(0.02)))]
for name, samples in {"calm": calm, "disturbed": disturbed}.items():
    mean, median = np.mean(samples) * 1e6, np.median(samples) * 1e6
    print(f"{name:10} mean {mean:5.0f} µs   median {median:5.0f} µs")

# %% [markdown]
# A twentieth of the nap went into the mean. The median is still that of calm calls.
#
# ## A short call is lost in the stopwatch
#
# Reading the clock twice takes time as well, and so does calling a function:

# %%
few = rng.standard_normal(8)
nothing = np.median([once(lambda: None) for _ in range(2000)])
short = np.median([once(lambda: few + 1) for _ in range(2000)])
step = time.get_clock_info("perf_counter").resolution
print(f"smallest step of the clock   {step * 1e9:4.0f} ns")
print(f"the stopwatch around nothing {nothing * 1e9:4.0f} ns")
print(f"the stopwatch around few + 1 {short * 1e9:4.0f} ns, {nothing / short:.0%} of it stopwatch")

# %% [markdown]
# The remedy is a **block**: the time between two readings, with many calls between them, divided by
# their number. A **warm-up**, a call before the first reading, brings the data into the cache and
# is not counted. And of several blocks the median:


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
# ## A device works while Python goes on
#
# A call on a GPU is **asynchronous**: it puts the work into the device's queue, which is called a
# **launch**, and returns. A thread that takes jobs from a queue does the same without any GPU:

# %%
with ThreadPoolExecutor(max_workers=1) as device:
    device.submit(time.sleep, 0).result()  # the first call starts the thread
    whole_s = once(lambda: device.submit(time.sleep, 0.02).result())
    launch_s = once(lambda: device.submit(time.sleep, 0.02))
print(f"launch {launch_s * 1e3:.2f} ms, launch and wait {whole_s * 1e3:.2f} ms")

# %% [markdown]
# The time of the launch is what it takes to ask. To **synchronise** is to wait until the queue is
# empty: `torch.cuda.synchronize()` on a GPU, `torch.accelerator.synchronize()` on any accelerator.
# It belongs before the first reading, so that no earlier work is counted, and before the last:

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
# **Threads and dtype.** NumPy sums on one core; PyTorch shares a large sum among the cores that it
# may use. NumPy's usual number is float64, PyTorch's float32 is half as wide.

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
# The first row against the last is what a careless script compares. Rows that differ in one thing
# tell what that thing does. PyTorch's own timer, which warms up, waits for a GPU and chooses the
# length of its blocks, sets one thread unless it is told otherwise:

# %%
seen = []
Timer("seen.append(torch.get_num_threads())", globals={"seen": seen, "torch": torch}).timeit(1)
print(f"around the timer {torch.get_num_threads()}, inside it {seen[-1]}")
torch.set_num_threads(1)

# %% [markdown]
# **Values.** What an array holds can change the work, and zeros, often used because they are easy
# to make, are unlike any data:

# %%
for name, values in {"random numbers": wide[:100_000], "zeros": np.zeros(100_000)}.items():
    print(f"sort of {name:15}{typical(lambda v=values: np.sort(v), 1) * 1e6:6.0f} µs")

# %% [markdown]
# On a GPU even a matrix product depends on the values: flipping bits takes power, and a device at
# its limit of power slows down. So inputs are random, and the same on both sides.
#
# ## One after the other, or in turn
#
# A machine drifts: it warms up, and other programs come and go. Suppose that a call takes a little
# longer each time, and that A and B, whose turn it is in some order, are the same code:

# %%
drifting = np.linspace(1.0, 1.3, 40)
for name, order in {"A first, then B": "A" * 20 + "B" * 20, "A B B A": "ABBA" * 10}.items():
    turn = np.array(list(order))
    ratio = np.median(drifting[turn == "B"]) / np.median(drifting[turn == "A"])
    print(f"{name:16} B takes {ratio:.3f} times as long as A")

# %% [markdown]
# Taking turns, A and B meet the same drift, and in A B B A neither is the later one on average.
#
# ## A fair timer
#
# All of it in one function: blocks in turn, ratios of blocks that are neighbours in time, and their
# median. How well is it known? A **bootstrap** draws as many ratios again from those measured, some
# of them more than once, and takes their median, a thousand times. The middle 95 % of these medians
# are the **interval**.


# %%
def compare(a, b, iterations, rng, rounds=25):
    """Return how many times as long a takes as b: low end, median, high end."""
    ratios = []
    for _ in range(rounds):
        a1, b1, b2, a2 = (block(call, iterations) for call in (a, b, b, a))
        ratios += [a1 / b1, a2 / b2]
    drawn = np.median(rng.choice(ratios, (1000, len(ratios))), axis=1)
    return np.quantile(drawn, 0.025), np.median(ratios), np.quantile(drawn, 0.975)


def report(name, result):
    low, ratio, high = result
    verdict = "b is faster" if low > 1 else "a is faster" if high < 1 else "the interval holds one"
    print(f"{name}: {ratio:.3f} ({low:.3f} to {high:.3f}), {verdict}")


# %% [markdown]
# Two versions of one computation, the softmax of each row, first shown to agree:

# %%
rows = torch.from_numpy(rng.standard_normal((200, 200)))


def steps():
    e = torch.exp(rows - rows.amax(1, keepdim=True))  # less the largest of each row
    return e / e.sum(1, keepdim=True)


def one_call():
    return torch.softmax(rows, 1)


print(torch.allclose(steps(), one_call()))
report("a in steps, b in one call", compare(steps, one_call, 10, rng))
report("both in one call         ", compare(one_call, one_call, 10, rng))
torch.set_num_threads(threads_before)

# %% [markdown]
# The last line is a timer's own test: A against A should come out as a tie. Of honest 95 %
# intervals one in twenty misses the truth, so a single miss proves nothing. But all blocks of one
# process share one place in memory and one minute of the machine, and what these do to a time, the
# interval cannot see.
#
# ## How this site measures
#
# - **Apart.** A contender (NumPy, or PyTorch on one device) has a process of its own, with its
#   threads and cores set before it imports anything, and read back.
# - **Right first.** It computes once and is held against the other library's float64 result. What
#   is wrong is not timed. That first call has a time of its own.
# - **In turn.** Blocks take some milliseconds, and a turn is up to four of them. The first block of
#   a turn finds the cache as another contender left it, so nobody has two turns in a row.
# - **Watched.** A block tells whether it got less processor time than time passed, or had to wait
#   for its core. Pairs that were disturbed are left out where enough others remain.
# - **Again.** A case (a computation at one size) is visited several times, by fresh processes. Each
#   visit counts as one value, so what differs between processes is in the interval. A few visits
#   say little about how much visits differ, so those of all cases are taken together for that.
# - **The fastest blocks.** Interference only ever adds time. So the time of a visit is that of its
#   fastest block, and a speedup compares the fastest blocks of both sides: from run to run that
#   repeats better than the median does. The median, which says what a call takes with all that gets
#   in its way, stands beside it.
#
# This is whose turn it is in a visit:
#
# {{ function("bench/timing/arena.py", "order_of_turns") }}
#
# How far its figures can be trusted, on {{ machine }}: whether the results are right, how steady
# the times are, and A against A. (A cell is one case of one contender. A speedup is unsettled where
# its interval holds both answers. The bound of a result is the largest error that rounding can
# explain.)
#
# > {{ quote("verification") }}
#
# > {{ quote("steadiness") }}
#
# > {{ quote("self-test") }}
#
# ## A common mistake: one measurement against one measurement
#
# "The old version took this long, the new one that long": both are single calls, and their ratio
# has the scatter of both. The calls in the picture were all of the same code. Here they are
# compared in pairs, each with the next:

# %%
ratios = shots[0::2] / shots[1::2]
apart = np.abs(np.log(ratios))
print(f"single calls more than a tenth apart: {np.mean(apart > np.log(1.1)):.1%} of pairs")
print(f"the furthest apart: {np.exp(apart.max()):.2f} times")
print(f"the median over all pairs: {np.median(ratios):.3f}")

# %% [markdown]
# Whoever stops at the first pair reports whatever that happened to be. Take many pairs, in turn,
# and report their median with its interval; where one lies in it, say that no difference was seen.
#
# ## Exercises
#
# **1.** `iterations_for(call_s, block_s)` takes the seconds of one call and the seconds that a
# block should last at least, and returns the smallest number of calls, an int, that is enough.

# %%
from tutorial.exercises import check


def iterations_for(call_s, block_s):
    return round(call_s + block_s)  # yours


check(iterations_for)

# %% [markdown]
# **2.** `paired_ratio(a_times, b_times)` takes two sequences of seconds, of one length, whose
# entries were taken side by side, and returns the median of their ratios, a over b, a float.


# %%
def paired_ratio(a_times, b_times):
    return a_times[0] / b_times[0]  # yours


check(paired_ratio)

# %% [markdown]
# **3.** `median_interval(samples, rng)` takes a one-dimensional array and a NumPy generator, and
# returns the ends of the 95 % bootstrap interval of the median, two floats, the lower one first.


# %%
def median_interval(samples, rng):
    return tuple(np.sort(rng.choice(samples, 2)))  # yours


check(median_interval)

# %% [markdown]
# Answers are checked here or by `python -m tutorial check 06`; solutions are in
# `tutorial/solutions/timing.py`.
#
# ## Where to read on
#
# - {{ chapter("reductions") }} asks why times are what they are; {{ chapter("gpu") }} reads a
#   device's own clock; {{ chapter("profiler") }} looks inside a call;
#   {{ chapter("comparing_machines") }} puts two result files side by side.
# - PyTorch documentation:
#   [Benchmark Utils](https://pytorch.org/docs/stable/benchmark_utils.html), and "CUDA semantics",
#   section "Asynchronous execution".
# - A. Davison and D. Hinkley, "Bootstrap Methods and their Application", Cambridge, 1997.
