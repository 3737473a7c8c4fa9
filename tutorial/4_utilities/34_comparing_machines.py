# %% [markdown]
# # Comparing machines: result files and the gate
#
# `python -m reports compare` · `--fail-above` · geometric mean · intervals
#
# {{ opening("measuring") }}
#
# Is the new laptop faster, or the rented server, or the same machine after an update? The two times
# were not measured side by side, so the answer needs care. The result files of this site hold all
# that it needs, with an interval for each time. They are plain JSON. So you can check every
# number in them with NumPy, and with pandas, a library for tables.
#
# **What you will know at the end:**
#
# - what a result file holds, and how a speedup and its interval come from raw times
# - how to compare two files, and how to make a program fail where something became slower
# - when two results are comparable, and when a difference is only noise
# - how to average ratios, and how not to
#
# ## Measure
#
# One command measures and writes `reports/results/<machine>/<time>.json`. It runs pytest with
# pytest-benchmark, a plugin that times code. `--machine` names the machine, `--budget` gives it
# more seconds, `--full` asks for more cases:
#
#     pytest bench/ --benchmark-only --machine my-laptop
#
# This chapter reads the file that comes with the project, so its outputs are the same everywhere.
# `current` converts a file of an older version into today's form.

# %%
import json
import os
import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

import bench
from bench.results.reading import current

root = Path(bench.__file__).parents[1]
file = root / "reports" / "machines" / "amd-epyc-2-cores.json"
content = current(json.loads(file.read_text(encoding="utf-8")))
print(list(content))
print(content["machine_info"]["label"], content["machine_info"]["versions"])

# %% [markdown]
# ## Cells
#
# A **cell** is one contender in one case. `cells` lists all cells that the run asked for, each with
# a status: `ok` if it has a time, otherwise `skipped` or another word. Some also have a reason:

# %%
cells = pd.DataFrame(content["cells"])
print(cells["status"].value_counts().to_dict())
for status, found in cells[cells["reason"] != ""].groupby("status"):
    print(f"{status}: {found['reason'].iloc[0]}")

# %% [markdown]
# `benchmarks` holds the cells that have a time, in the format of pytest-benchmark, so its command
# `pytest-benchmark compare` can read these files too. You find a cell by its id. The unit is in the
# name (`_s` for seconds). `low` and `high` are the ends of an interval
# ({{ chapter("measuring") }}). `time_s` is the time of the fastest blocks, `typical_s` that of the
# median blocks. (An older version wrote this chapter's file. It had only medians, so here the two
# are the same.)

# %%
entries = {entry["extra_info"]["cell"]: entry for entry in content["benchmarks"]}
case = "softmax/n=1024/float32/threads=1"
info = entries[f"{case}/torch-cpu"]["extra_info"]
print({name: info[name] for name in ("time_s", "time_low_s", "time_high_s", "typical_s")})
print(info["speedup"])

# %% [markdown]
# ## From raw times to a speedup
#
# The raw times are those of blocks: the time of many calls, divided by their number. A case is
# visited several times. `samples` says which visit a block is from, and which blocks were
# disturbed:


# %%
def blocks(cell):
    samples, data = entries[cell]["extra_info"]["samples"], entries[cell]["stats"]["data"]
    numbers, _, counts = zip(*samples["visits"], strict=True)
    table = pd.DataFrame({"visit": np.repeat(numbers, counts), "time_s": data})
    table["calm"] = ~table.index.isin(samples["disturbed"])
    return table.assign(place=table.groupby("visit").cumcount())


fig, ax = plt.subplots()
for contender, colour in {"numpy": "C0", "torch-cpu": "C1"}.items():
    table = blocks(f"{case}/{contender}")
    ax.plot(table["time_s"] * 1e3, ".", color=colour, label=contender)
for start in table.index[table["place"] == 0][1:]:
    ax.axvline(start - 0.5, color="C3", linestyle=":")
ax.set(xlabel="block, in the order of time; a dotted line between visits", ylabel="time (ms)")
ax.set_ylim(bottom=0)
ax.set_title(f"{case}: {len(table)} blocks from {table['visit'].nunique()} visits")
ax.legend()
plt.show()

# %% [markdown]
# The speedup compares the fastest blocks, because interference only ever adds time. Each visit
# gives one value: the time of NumPy's fastest block divided by that of the other contender, without
# the disturbed blocks. The speedup is the geometric mean of these values: the exponential of the
# mean of their logarithms. The cell computes it by hand and shows the file's value beside it. They
# differ a little, because the older version took the median over pairs of blocks. (Today's version
# also gives less weight to a visit that is far from the others.)


# %%
def speedup_by_hand(case, contender):
    pairs = blocks(f"{case}/numpy").merge(blocks(f"{case}/{contender}"), on=["visit", "place"])
    pairs = pairs[pairs["calm_x"] & pairs["calm_y"]]
    fastest = pairs.groupby("visit")[["time_s_x", "time_s_y"]].min()
    return np.exp(np.log(fastest["time_s_x"] / fastest["time_s_y"]).mean())


told = []
for n in (32, 256, 1024, 4096):
    case = f"softmax/n={n}/float32/threads=1"
    hand, said = speedup_by_hand(case, "torch-cpu"), entries[f"{case}/torch-cpu"]["extra_info"]
    told.append({"n": n, "by hand": hand, **said["speedup"]})
table = pd.DataFrame(told).set_index("n").round(4)
table.assign(inside=table["by hand"].between(table["low"], table["high"]))

# %% [markdown]
# Two files were measured independently, so two machines have no visits in common. For them, the
# times `time_s` are divided. Each time has its own interval. The half width of the ratio's
# interval, in logarithms, is the square root of the sum of the squares of both half widths, as for
# all independent errors.
#
# ## A second file, with a planted difference
#
# To know whether you can trust a comparison, give it a difference that you know. The file has a
# second measurement of each cell, its *twin*: another process ran the same code, to test the timer.
# Here the twins play the other machine. The cell changes them in two ways, so the differences are
# **planted**, not measured. Every third time of `torch-cpu` becomes longer by a quarter. And the
# checksum of the code of `sort` is replaced, as if that code had been changed.

# %%
PLANTED = 1.25
TIMES = [
    "best_s",
    *(f"{kind}{end}_s" for kind in ("time", "typical") for end in ("", "_low", "_high")),
]
other = deepcopy(content)
other["machine_info"]["label"] = "planted"
other["benchmarks"], other["twins"] = other["twins"], []
torch_cells = [cell for cell in entries if cell.endswith("/torch-cpu")]
slower = set(torch_cells[::3])
for entry in other["benchmarks"]:
    info = entry["extra_info"]
    for name in ("cell", "contender"):
        info[name] = info[name].removesuffix("-twin")
    factor = PLANTED if info["cell"] in slower else 1
    info |= {name: factor * info[name] for name in TIMES}
    entry["stats"]["data"] = [factor * time_s for time_s in entry["stats"]["data"]]
    if info["workload"] == "sort":
        info["source_sha256"] = "0" * 64

# %% [markdown]
# ## Compare
#
# `python -m reports compare A B` compares B with A, the baseline, in two ways. The first asks how
# much sooner the work is done: in each case, each machine uses its fastest contender, NumPy or
# PyTorch, on a CPU or a GPU. The second is like for like: each contender is compared with itself on
# the other machine. With `--fail-above 5%` the command is a gate: its exit status is not zero if a
# cell of B, like for like, is clearly slower by more than 5 %. (With `--question done` the gate
# looks at the work.) So a script that tests every change of a program can stop there. `export`
# writes the cells of all files as one table, as CSV, Parquet (a binary format for tables) or JSON.
# The cell runs `compare` and `export` at the same time. Then it prints the first part of the
# comparison, which is about the work. (*IEEE precision* is true float32 or float64, without TF32
# and the like.)


# %%
def reports(*arguments):
    command = [sys.executable, "-m", "reports", *map(str, arguments)]
    setting = os.environ | {"COLUMNS": "90", "PYTHONIOENCODING": "utf-8"}
    return subprocess.run(  # noqa: S603 - this project's own command
        command, cwd=root, env=setting, capture_output=True, encoding="utf-8", check=False
    )


with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor() as pool:
    planted, exported = Path(folder) / "planted.json", Path(folder) / "cells.parquet"
    planted.write_text(json.dumps(other), encoding="utf-8")
    gate = pool.submit(reports, "compare", file, planted, "--fail-above", "5%")
    reports("export", file, planted, "--format", "parquet", "--out", exported)
    compared, table = gate.result(), pd.read_parquet(exported)

work, _, like_for_like = compared.stdout.partition("\nLike for like")
print(work.partition("\nhow many times sooner")[0])

# %% [markdown]
# Nothing was planted in the times of NumPy. In a case where NumPy is the fastest contender, the
# work takes as long as before. So this comparison shows only a part of what was planted. Like for
# like shows more:

# %%
print("Like for like" + like_for_like.partition("\ntimes as fast as")[0])

# %% [markdown]
# After the sentences come the means of groups of workloads and each cell that clearly differs. Then
# come a count of verdicts and a list of what differs between the two files:

# %%
print(compared.stdout[compared.stdout.rindex("\nplanted: ") :].strip())

# %% [markdown]
# A verdict is *faster* or *slower* if the whole interval is more than 5 % away from 1. It is *tie*
# if the whole interval is within 10 % of 1, *not comparable* if the two did not do the same thing,
# and *unsettled* otherwise. `sort` is not comparable, because the checksums of its code differ.
# Cells that were skipped are not comparable either. So the next cell leaves out `sort` and compares
# what the gate found with the planted truth:

# %%
keys = {
    cell.replace("threads=1", "1 core").replace("threads=2", "all cores")
    for cell in slower
    if not cell.startswith("sort/")
}
found = set(re.findall("slower, at least .*?: (.*) on planted", compared.stderr))
print(
    f"planted: {len(keys)}; found: {len(keys & found)}; found and not planted: {len(found - keys)}"
)
print(f"exit status {compared.returncode}: {compared.stderr.splitlines()[-1]}")

# %% [markdown]
# The cells that the gate misses are unsettled: their interval is too wide for so small a
# difference. Every gate has to choose. If it fails only when it is sure, it misses some changes. If
# it fails earlier, it raises false alarms.
#
# ## All ratios at once
#
# The exported table has a row for each cell of each file, so pandas can match them by id:

# %%
times = table.pivot_table("time_s", "cell", "machine", sort=False)
ratio = (times["amd-epyc-2-cores"] / times["planted"]).loc[torch_cells]
is_planted = ratio.index.isin(slower)

fig, ax = plt.subplots()
for which, colour, name in [(~is_planted, "C1", "as measured"), (is_planted, "C3", "planted")]:
    mean = np.exp(np.log(ratio[which]).mean())
    ax.plot(np.flatnonzero(which), ratio[which], ".", color=colour, label=f"{name}: {mean:.3f}")
    ax.axhline(mean, color=colour, linewidth=1)
ax.set(xlabel="cell of torch-cpu, by its place in the file", ylabel="speed over the first (ratio)")
ax.set_ylim(top=1.7)
ax.set_title(f"Every third cell was planted at 1 / {PLANTED}, or {1 / PLANTED:.3f}")
ax.legend(title="geometric mean", ncols=2)
plt.show()

# %% [markdown]
# The dots that were not planted are the same code, measured twice in one run. Their scatter is
# noise. Two runs of one machine may differ by more, because each runs at another time and in other
# memory. So before you compare two machines, compare two runs of one machine.
# `python -m bench.trust.repeatability` does this.
#
# Two results are comparable if code and precision are the same, and if one core is compared with
# one core, or all with all. To compare processors, versions, settings and environment should be the
# same, too. To judge an update, the versions are the difference that you ask about. The list above
# shows what differs. It cannot show what no file records, such as another program that ran.
#
# ## A common mistake: the arithmetic mean of ratios
#
# Here are the times of two programs on machines A and B, in seconds. Is B faster on the whole?

# %%
a, b = np.array([1.0, 4.0]), np.array([2.0, 2.0])
print(f"A over B, mean {np.mean(a / b):.2f}: B is faster")
print(f"B over A, mean {np.mean(b / a):.2f}: A is faster")
print(f"geometric {np.exp(np.log(a / b).mean()):.2f} and {np.exp(np.log(b / a).mean()):.2f}")

# %% [markdown]
# The arithmetic mean gives a large ratio more weight than its inverse. So it favours the machine in
# the denominator. The geometric mean, the exponential of the mean logarithm, gives the same answer
# from both sides. (Means of times answer another question: the longest times decide them.) Here is
# the same error on the real file, NumPy against `torch-cpu` over all cases:

# %%
mine = table[table["machine"] == "amd-epyc-2-cores"]
pairs = mine.pivot_table("time_s", "case", "contender")
numpy_s, torch_s = pairs["numpy"], pairs["torch-cpu"]
for name, over in {
    "NumPy / PyTorch": numpy_s / torch_s,
    "PyTorch / NumPy": torch_s / numpy_s,
}.items():
    print(f"{name}  arithmetic {over.mean():.2f}  geometric {np.exp(np.log(over).mean()):.2f}")
favoured = np.mean(numpy_s / torch_s) > 1 and np.mean(torch_s / numpy_s) > 1
print("by the arithmetic mean", "each is faster than the other" if favoured else "one is faster")

# %% [markdown]
# Another mistake is to compare the fastest block of one side with the median of the other. Here
# both are from the same file, which comes out faster than itself:

# %%
infos = pd.DataFrame([entry["extra_info"] for entry in entries.values()])
gain = np.exp(np.log(infos["typical_s"] / infos["best_s"]).mean())
print(f"the fastest blocks of this file against its own medians: {gain:.3f} times as fast")

# %% [markdown]
# ## Exercises
#
# **1.** `geometric_mean_ratio(a, b)` takes two arrays of shape (n,), the times of two machines for
# the same n cases. It returns the geometric mean of a over b as a float. It must also be right for
# thousands of cases, whose product would overflow.
#
# **2.** `verdict_of(low, high)` takes the ends of the interval of a ratio. It returns `"faster"` if
# the whole interval is above 1.05, and `"slower"` if the whole interval is below 1 / 1.05.
# Otherwise it returns `"tie"` if the whole interval is from 1 / 1.1 to 1.1, and else `"unsettled"`.
# Ends that are `nan` give `"unsettled"` too.
#
# **3.** `ratios_by_cell(a, b)` takes two tables with the columns `id` and `time_s`, in any order.
# It returns a pandas series of a's time over b's, indexed by `id`, in the order of a. Leave out
# each cell that lacks a time in one of the tables, or has `nan` there.
#
# Check your answers here or with `python -m tutorial check comparing_machines`. Solutions are in
# `tutorial/solutions/comparing_machines.py`.

# %%
from tutorial.exercises import check


def geometric_mean_ratio(a, b):
    return float(np.mean(a / b))  # yours


check(geometric_mean_ratio)


# %%
def verdict_of(low, high):
    return "faster" if low + high > 1 + 1 else "slower"  # yours


check(verdict_of)


# %%
def ratios_by_cell(a, b):
    return a["time_s"] / b["time_s"]  # yours


check(ratios_by_cell)

# %% [markdown]
# ## To take along
#
# - A difference counts only if its interval excludes one.
# - Average ratios by their geometric mean.
# - Use a gate: a test that fails if something is clearly slower.
#
# ## Where to read on
#
# - {{ chapter("measuring") }}: where the intervals come from; {{ chapter("reproducibility") }}: the
#   same question for values; [the machine of these pages](../../machine.html), and how far you can
#   trust it.
# - `python -m reports compare --help`, and the project's README, section "Reports and machines side
#   by side".
# - P. Fleming and J. Wallace, "How not to lie with statistics: the correct way to summarize
#   benchmark results", Communications of the ACM, 1986.
