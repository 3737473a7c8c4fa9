# %% [markdown]
# # Measuring: pairs, intervals and visits
#
# the bootstrap · Student's t · coverage · pooled variances · A against A
#
# {{ opening("timing") }}
#
# {{ chapter("timing") }} gave the time of one call. Usually you want a ratio: is this version
# faster than that one, and by how much? A ratio alone does not say how much of it is chance, so it
# needs an interval. This chapter builds a timer that gives an interval, finds out why that interval
# is too narrow, and shows how this site gets intervals that are wide enough.
#
# **What you will know at the end:**
#
# - how to time two versions in turn, and what the bootstrap says of their ratio
# - why all blocks of one process count as one measurement
# - how to test an interval: by coverage, and by A against A
# - what to do with two or three measurements, too few to estimate their variance from them alone
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
# call takes a little longer than the one before. A and B are the same code. The cell computes their
# ratio for two orders:

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
# The timer runs blocks of both sides in turn, divides the times of neighbouring blocks, and takes
# the median of these ratios. How precise is this median? A **bootstrap** answers this. It draws as
# many ratios as were measured, some of them more than once, and takes the median of the draw. It
# repeats this a thousand times. The middle 95 % of the thousand medians are the **interval**.


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
# The last line tests the timer itself: A against A should be a tie. One in twenty correct 95 %
# intervals misses the truth, so a single miss proves nothing. But all blocks of one process use the
# same memory and run in the same minute. The interval does not show how much other memory or
# another minute would change a time.
#
# ## One process is one measurement
#
# The last line above has the same code on both sides. If you run the program again, its interval
# may lie elsewhere. Each process gets other pages of memory, another core, another minute of the
# machine. All blocks of a process share these, so more blocks cannot average them out.
#
# Here is a machine that we invent, so that we know the truth. Both sides are equally fast: the true
# ratio is 1, and its logarithm is 0. (Errors multiply a ratio. Logarithms turn this into a sum.)
# Processes differ by two percent, and the blocks of a process by one percent. Student's t makes an
# interval for the mean of a few values. Its half width is the standard deviation of the mean times
# a factor. The fewer **degrees of freedom** (values less one) there are, the larger is the factor.
# **Coverage** is the share of intervals that contain the truth. A 95 % interval must contain it in
# 95 of 100 cases:


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
# The interval covers what it promises only if each process counts as one value. Intervals from the
# blocks of one process miss the truth most of the time. On this site, a **visit** measures a case
# in fresh processes, and each visit counts as one value.
#
# ## Two or three visits: borrow the variance
#
# But look at the widths. Student's factor is 12.7 for two visits and 4.3 for three, because so few
# values say little about their own spread. More visits take more time. There is another source: a
# run measures hundreds of cells, and their visits differ by similar amounts. (A *cell* is one case
# of one contender.) So estimate the variance from all cells together, and mix it with the cell's
# own. The cell's own variance s² has d degrees of freedom. The pooled variance s0² counts like d0
# degrees of freedom. It is the *prior*. The mixture is `(d0 s0² + d s²) / (d0 + d)`, with d0 + d
# degrees of freedom (Smyth, 2004). The more alike the cells are, the larger is d0. This project
# fits d0 to each run:
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
# All cells of this machine have the same variance, so the fitted d0 is huge, and the cell prints at
# most 999. The pooled intervals are much narrower, and they cover what they promise. (With two
# visits this project makes intervals that cover 99 in 100, because two values cannot show whether a
# cell varies more than others.) The dotted line in the figure is the truth. Intervals that miss it
# have another colour.
#
# ## How this site measures
#
# - **Separate processes.** Each contender (NumPy, or PyTorch on one device) has its own process.
#   Its threads and cores are set before it imports anything, and then read back.
# - **Correct first.** Each contender computes once, and the result is compared with the other
#   library's float64 result. A wrong result is not timed. This first call has its own time.
# - **In turn.** A block takes some milliseconds, and a turn is up to four blocks. The first block
#   of a turn is slower, because the cache still holds the data of another contender. Two turns in a
#   row would spare a contender this, so no contender has them.
# - **Disturbances.** Each block records how long its process did not run or waited for its core.
#   Pairs with a disturbed block are left out where enough others remain.
# - **Repeated.** Each case (a computation at one size) is visited several times, by fresh
#   processes. Each visit counts as one value, so the interval includes the differences between
#   processes. The visits of all cases together estimate how much visits differ.
# - **The fastest blocks.** Interference adds time. So the time of a visit is the time of its
#   fastest block, and a speedup compares the fastest blocks of both sides. The fastest block varies
#   less from run to run than the median. The median is given too: it is the time of a call with all
#   interference.
#
# This function chooses the order of the turns in a visit:
#
# {{ function("bench/timing/arena.py", "order_of_turns") }}
#
# How far can you trust the figures on {{ machine }}? The next sentences say whether the results are
# right, how steady the times are, and what A against A gave (None, if the run did not test it). The
# bound of a result is the largest error that rounding can explain. A speedup is unsettled if its
# interval is too wide to tell which side is faster. A cell runs at two speeds if the times of its
# blocks form two groups.
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
# interval gets narrower, but its middle is as wrong as before. The cell shows this on the machine
# that we invented:

# %%
for blocks in (10, 100, 1000):
    inside, half = coverage(lambda blocks=blocks: t_interval(measured(1, blocks).ravel()), 300)
    print(f"1 process, {blocks:4} blocks: half width {half:.2f} %, covers {inside:.0%}")
inside, half = coverage(lambda: t_interval(measured(10, 1).ravel()), 300)
print(f"10 processes, 1 block each: half width {half:.2f} %, covers {inside:.0%}")

# %% [markdown]
# Start the program again instead, ten times with a few blocks each. Other benchmarks need this too:
# all rounds of one run of pytest-benchmark, and all loops of one `timeit`, come from one process.
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
# **3.** `needed_visits(between, wanted)` takes the standard deviation of the visits of a cell, and
# the half width that you want for the 95 % interval of their mean. Both are of logarithms: 0.02
# means two percent. Assume that the standard deviation is known and stays the same. The function
# returns the smallest number of visits, at least 2, for which the half width of Student's interval
# is at most `wanted`.


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
# - {{ chapter("reproducibility") }}: results that depend on a seed need an interval, too.
# - A. Davison and D. Hinkley, "Bootstrap Methods and their Application", Cambridge, 1997.
# - T. Kalibera and R. Jones, "Rigorous Benchmarking in Reasonable Time", ISMM, 2013.
# - G. Smyth, "Linear models and empirical Bayes methods for assessing differential expression",
#   Statistical Applications in Genetics and Molecular Biology 3(1), 2004.
