# %% [markdown]
# # Measuring: pairs, intervals and visits
#
# the bootstrap · Student's t · coverage · pooled variances · A against A
#
# {{ opening("timing") }}
#
# {{ chapter("timing") }} gave the time of one call. Usually you want a ratio: is this version
# faster than that one, and by how much? A ratio without an interval is an anecdote. This chapter
# builds a timer that gives an interval, finds out why that interval is too narrow, and shows how
# this site gets intervals that keep their promise.
#
# **What you will know at the end:**
#
# - how to time two versions in turn, and what the bootstrap says of their ratio
# - why all blocks of one process count as one measurement
# - how to test an interval: by coverage, and by A against A
# - what to do with two or three measurements, which are too few for their own variance
# - how the speedups on this site are measured

# %%
import time

import matplotlib.pyplot as plt
import numpy as np
import torch
from scipy import stats

rng = np.random.default_rng(0)
cores = torch.get_num_threads()  # put back below
torch.set_num_threads(1)


def block(call, iterations):
    """Return the seconds of one call, after a warm-up."""
    call()
    start = time.perf_counter()
    for _ in range(iterations):
        call()
    return (time.perf_counter() - start) / iterations


# %% [markdown]
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
# The timer takes blocks in turn, ratios of neighbouring blocks, and the median of the ratios. How
# precise is this median? A **bootstrap** answers this. It draws as many ratios as were measured,
# some of them more than once, and takes their median. It does so a thousand times. The middle 95 %
# of these medians are the **interval**.


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
torch.set_num_threads(cores)

# %% [markdown]
# The last line tests the timer itself: A against A should be a tie. Of correct 95 % intervals one
# in twenty misses the truth, so a single miss proves nothing. But all blocks of one process use the
# same memory and run in the same minute. The interval cannot see how much these two change a time.
#
# ## One process is one measurement
#
# The last line above has the same code on both sides, and its interval is narrow. If you run the
# program again, the next interval is narrow too, but it may lie elsewhere. Each process gets other
# pages of memory, another core, another minute of the machine. All its blocks share that, so more
# blocks cannot average it out.
#
# Here is a machine that we invent, so that we know the truth: processes differ by two percent,
# blocks in a process by one. The true ratio is one. **Coverage** is the share of intervals that
# contain the truth. An interval of 95 % must contain it in 95 of 100 cases:


# %%
def measured(processes, blocks, between=0.02, within=0.01):
    """Return log ratios of shape (processes, blocks); the true value is 0."""
    of_process = rng.normal(0, between, (processes, 1))
    return of_process + rng.normal(0, within, (processes, blocks))


def t_interval(values):
    """Return mean and half width of a 95 % interval by Student's t."""
    freedom = len(values) - 1
    return values.mean(), stats.t.ppf(0.975, freedom) * values.std(ddof=1) / len(values) ** 0.5


def coverage(interval_of, repeats=1000):
    """Return the share of intervals with the truth, and their median half width in percent."""
    found = [interval_of() for _ in range(repeats)]
    inside = np.mean([abs(middle) <= half for middle, half in found])
    return inside, 100 * np.median([half for _, half in found])


plans = {
    "1 process, 50 blocks": lambda: t_interval(measured(1, 50).ravel()),
    "10 processes of 5, as 50 blocks": lambda: t_interval(measured(10, 5).ravel()),
    "10 processes of 5, as 10 means": lambda: t_interval(measured(10, 5).mean(1)),
    "3 processes of 5, as 3 means": lambda: t_interval(measured(3, 5).mean(1)),
    "2 processes of 5, as 2 means": lambda: t_interval(measured(2, 5).mean(1)),
}
for name, plan in plans.items():
    inside, half = coverage(plan)
    print(f"{name:32} covers {inside:6.1%}, half width {half:5.1f} %")

# %% [markdown]
# Only intervals whose values are processes keep their promise. Those of one process miss the truth
# most of the time. On this site a stay of a case in fresh processes is a **visit**, and each visit
# counts as one value.
#
# ## Two or three visits: borrow the variance
#
# But look at the widths. With two visits, Student's factor is 12.7, and with three it is 4.3, since
# two or three values say little about their own spread. More visits take more time. There is
# another source: a run measures hundreds of cells, and their visits differ by similar amounts. So
# estimate the variance from all cells together, and mix it with the cell's own. With d degrees of
# freedom of the cell's own variance s², and a pooled variance s0² that counts as d0 degrees, the
# mixture is `(d0 s0² + d s²) / (d0 + d)`, with d0 + d degrees of freedom (Smyth, 2004). How much
# the cells differ decides d0, and this project fits it to each run:
#
# {{ function("bench/results/pooling.py", "_moderated") }}

# %%
from bench.results.pooling import Visited, estimated, fitted

run = [measured(2, 5).mean(1) for _ in range(300)]  # 300 cells with two visits each
cells = [Visited(logs=logs) for logs in run]
prior = fitted(cells)
pooled = [np.log([e.low, e.high]) for e in (estimated(cell, prior) for cell in cells)]
own = [np.array(t_interval(logs)) for logs in run]
print(f"s0 = {prior.variance**0.5:.2%} between visits, d0 = {min(prior.degrees, 999):.0f}")
for name, ends in {
    "own variance": [(middle - half, middle + half) for middle, half in own],
    "pooled": pooled,
}.items():
    inside = np.mean([low <= 0 <= high for low, high in ends])
    half = 50 * np.median([high - low for low, high in ends])
    print(f"{name:13} covers {inside:6.1%}, half width {half:5.1f} %")

# %%
fig, axes = plt.subplots(1, 2, sharex=True, sharey=True)
ends = {"own variance": [(m - h, m + h) for m, h in own], "pooled variance": pooled}
for ax, (name, intervals) in zip(axes, ends.items(), strict=True):
    for place, (low, high) in enumerate(intervals[:40]):
        ax.plot([100 * low, 100 * high], [place] * 2, color="C1" if low <= 0 <= high else "C3")
    ax.axvline(0, color="C0", linestyle=":")
    ax.set(title=f"Two visits, {name}", xlabel="ratio less one (%)", xlim=(-20, 20), yticks=[])
axes[0].set_ylabel("40 cells")
plt.show()

# %% [markdown]
# The pooled intervals are many times narrower, and they cover what they promise. (With two visits
# this project takes an interval of 99 in 100, because two values cannot show that a cell is an
# exception.)
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
# ## A common mistake: more blocks for a narrower interval
#
# An interval is too wide, so someone times ten times as many blocks in the same process. The
# interval gets narrower, and its middle stays as wrong as it was. On the machine that we invented:

# %%
for blocks in (10, 100, 1000):
    inside, half = coverage(lambda blocks=blocks: t_interval(measured(1, blocks).ravel()), 300)
    print(f"1 process, {blocks:4} blocks: half width {half:.2f} %, covers {inside:.0%}")
inside, half = coverage(lambda: t_interval(measured(10, 1).ravel()), 300)
print(f"10 processes, 1 block each: half width {half:.2f} %, covers {inside:.0%}")

# %% [markdown]
# Start the program again instead, ten times with a few blocks each. That holds for other benchmarks
# too: the rounds of one run of pytest-benchmark, or the loops of one `timeit`, are one process.
#
# ## Exercises

# %% [markdown]
# **1.** `paired_ratio(a_times, b_times)` takes two sequences of seconds, of the same length.
# Entries at the same place were measured side by side. It returns the median of their ratios, a
# over b, as a float.


# %%
from tutorial.exercises import check


def paired_ratio(a_times, b_times):
    return a_times[0] / b_times[0]  # yours


check(paired_ratio)

# %% [markdown]
# **2.** `median_interval(samples, rng)` takes a one-dimensional array and a NumPy generator. It
# returns the ends of the 95 % bootstrap interval of the median as two floats, the lower one first.


# %%
def median_interval(samples, rng):
    return tuple(np.sort(rng.choice(samples, 2)))  # yours


check(median_interval)

# %% [markdown]
# **3.** `needed_visits(between, wanted)` takes the standard deviation of the visits of a cell, as a
# logarithm, and a wanted half width of the 95 % interval of their mean. It returns the smallest
# number of visits, at least 2, for which Student's interval with that standard deviation is narrow
# enough.


# %%
def needed_visits(between, wanted):
    return round((between / wanted) ** 2)  # yours


check(needed_visits)

# %% [markdown]
# Check your answers here or with `python -m tutorial check measuring`. Solutions are in
# `tutorial/solutions/measuring.py`.
#
# ## To take along
#
# - Let both sides take turns, and report a ratio with its interval.
# - Blocks of one process are one measurement. Start the program again for another.
# - Test your method: A against A must be a tie, and intervals must cover the truth.
#
# ## Where to read on
#
# - {{ chapter("comparing_machines") }} puts two result files side by side.
# - {{ chapter("reproducibility") }}: results that depend on a seed are a spread, too.
# - A. Davison and D. Hinkley, "Bootstrap Methods and their Application", Cambridge, 1997.
# - T. Kalibera and R. Jones, "Rigorous Benchmarking in Reasonable Time", ISMM, 2013.
# - G. Smyth, "Linear models and empirical Bayes methods for assessing differential expression",
#   Statistical Applications in Genetics and Molecular Biology 3(1), 2004.
