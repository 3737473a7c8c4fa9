# %% [markdown]
# # How do you time code without fooling yourself?
#
# A stopwatch around a line of NumPy shows nearly the right time. PyTorch has its own threads, its
# devices work in the background, and its first calls are slower than later ones. Each of these can
# make a stopwatch show the wrong time. A wrong timing does not fail: it prints a number like any
# other. This chapter makes the mistakes one at a time, and then builds a timer that avoids them.
#
# **What you will know at the end:**
#
# - how first calls, other programs, the clock and a device's queue change a measured time
# - what has to be equal on both sides before you may compare their times
# - how to time two versions in turn, and how sure you can be of their ratio
# - how the speedups on this site are measured

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

# %%
square = torch.from_numpy(rng.standard_normal((64, 64)))
calls = [once(lambda: torch.linalg.svdvals(square)) for _ in range(30)]
later = np.median(calls[1:])
print(f"first {calls[0] * 1e6:.0f} µs, later {later * 1e6:.0f} µs, ratio {calls[0] / later:.1f}")

# %% [markdown]
# A first call loads parts of a library that were not needed before, and starts its threads. It
# touches memory that the operating system provides only at that moment. It may also choose or even
# compile the code that it will run. So time a first call by itself or not at all. The longest first
# call here:
#
# > {{ quote("first-call", contender="torch-cpu") }}
#
# ## One sample says little, and a mean contains every disturbance
#
# The cell times one call on the same numbers again and again, and takes the median of every ten in
# a row:

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
# its clock rate. Most disturbances add time, now and then a lot. Here a pause in one of twenty
# samples plays such a disturbance:

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
# may use. NumPy's usual number is float64. PyTorch's is float32, which is half as wide.

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
# A careless script compares the first row with the last. To learn what one change does, compare
# rows that differ only in that. PyTorch has its own timer. It warms up, waits for a GPU and chooses
# the length of its blocks. It also uses one thread unless you ask for more:

# %%
seen = []
Timer("seen.append(torch.get_num_threads())", globals={"seen": seen, "torch": torch}).timeit(1)
print(f"around the timer {torch.get_num_threads()}, inside it {seen[-1]}")
torch.set_num_threads(1)

# %% [markdown]
# **Values.** The values in an array can change the work. Zeros are often used because they are easy
# to make, but they behave unlike real data:

# %%
for name, values in {"random numbers": wide[:100_000], "zeros": np.zeros(100_000)}.items():
    print(f"sort of {name:15}{typical(lambda v=values: np.sort(v), 1) * 1e6:6.0f} µs")

# %% [markdown]
# On a GPU even a matrix product depends on the values. Flipping bits takes power, and a device at
# its power limit slows down. So use random inputs, and the same ones on both sides.
#
# ## One after the other, or in turn
#
# The speed of a machine drifts: it gets warm, and other programs start and stop. Suppose that each
# call takes a little longer than the one before. A and B are the same code, run in some order:

# %%
drifting = np.linspace(1.0, 1.3, 40)
for name, order in {"A first, then B": "A" * 20 + "B" * 20, "A B B A": "ABBA" * 10}.items():
    turn = np.array(list(order))
    ratio = np.median(drifting[turn == "B"]) / np.median(drifting[turn == "A"])
    print(f"{name:16} B takes {ratio:.3f} times as long as A")

# %% [markdown]
# If A and B take turns, both meet the same drift. In the order A B B A neither comes later than the
# other on average.
#
# ## A fair timer
#
# The timer puts all of this into one function: blocks in turn, ratios of neighbouring blocks, and
# the median of the ratios. How precise is this median? A **bootstrap** answers this. It draws as
# many ratios as were measured, some of them more than once, and takes their median. It does so a
# thousand times. The middle 95 % of these medians are the **interval**.


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
# Here are two versions of the softmax of each row. The cell first checks that they agree:

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
# The last line tests the timer itself: A against A should be a tie. Of correct 95 % intervals one
# in twenty misses the truth, so a single miss proves nothing. But all blocks of one process use the
# same memory and run in the same minute. The interval cannot see how much these two change a time.
#
# ## How this site measures
#
# - **Separate processes.** Each contender (NumPy, or PyTorch on one device) has its own process.
#   Its threads and cores are set before it imports anything, and then read back.
# - **Correct first.** Each contender computes once, and the result is compared with the other
#   library's float64 result. A wrong result is not timed. This first call has its own time.
# - **In turn.** A block takes some milliseconds, and a turn is up to four blocks. In the first
#   block of a turn, the cache still holds the data of another contender. So no contender has two
#   turns in a row.
# - **Disturbances.** Each block records whether it got less processor time than the time that
#   passed, and whether it had to wait for its core. Pairs that were disturbed are left out where
#   enough others remain.
# - **Repeated.** Each case (a computation at one size) is visited several times, by fresh
#   processes. Each visit counts as one value, so the interval includes the differences between
#   processes. A few visits say little about how much visits differ, so the estimate of that uses
#   the visits of all cases.
# - **The fastest blocks.** Interference only ever adds time. So the time of a visit is the time of
#   its fastest block, and a speedup compares the fastest blocks of both sides. From run to run this
#   varies less than the median. The median is given too. It is the time of a call with all
#   interference included.
#
# This function chooses the order of the turns in a visit:
#
# {{ function("bench/timing/arena.py", "order_of_turns") }}
#
# How far can you trust the figures on {{ machine }}? The next sentences say whether the results are
# right, how steady the times are, and what A against A gives. (A cell is one case of one contender.
# A speedup is unsettled if its interval is too wide to tell which side is faster. The bound of a
# result is the largest error that rounding can explain.)
#
# > {{ quote("verification") }}
#
# > {{ quote("steadiness") }}
#
# > {{ quote("self-test") }}
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
# If you stop at the first pair, you report chance. Measure many pairs, in turn, and report their
# median with its interval. If the interval contains one, say that you saw no difference.
#
# ## Exercises
#
# **1.** `iterations_for(call_s, block_s)` takes the seconds of one call and the seconds that a
# block should last at least. It returns the smallest number of calls, an int, that is enough.

# %%
from tutorial.exercises import check


def iterations_for(call_s, block_s):
    return round(call_s + block_s)  # yours


check(iterations_for)

# %% [markdown]
# **2.** `paired_ratio(a_times, b_times)` takes two sequences of seconds, of the same length.
# Entries at the same place were measured side by side. It returns the median of their ratios, a
# over b, as a float.


# %%
def paired_ratio(a_times, b_times):
    return a_times[0] / b_times[0]  # yours


check(paired_ratio)

# %% [markdown]
# **3.** `median_interval(samples, rng)` takes a one-dimensional array and a NumPy generator. It
# returns the ends of the 95 % bootstrap interval of the median as two floats, the lower one first.


# %%
def median_interval(samples, rng):
    return tuple(np.sort(rng.choice(samples, 2)))  # yours


check(median_interval)

# %% [markdown]
# Check your answers here or with `python -m tutorial check 06`. Solutions are in
# `tutorial/solutions/timing.py`.
#
# ## Where to read on
#
# - {{ chapter("reductions") }} explains why times are what they are.
# - {{ chapter("gpu") }} reads a device's own clock; {{ chapter("profiler") }} looks inside a call.
# - {{ chapter("comparing_machines") }} puts two result files side by side.
# - PyTorch documentation: [Benchmark Utils](https://pytorch.org/docs/stable/benchmark_utils.html),
#   and "CUDA semantics", section "Asynchronous execution".
# - A. Davison and D. Hinkley, "Bootstrap Methods and their Application", Cambridge, 1997.
