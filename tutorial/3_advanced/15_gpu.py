# %% [markdown]
# # When does a GPU pay?
#
# A GPU is a second computer beside the one that runs Python. It has memory of its own, and what is
# asked of it is done later. Both change how fast code is written: where data should lie, which
# lines make the program wait, and what a stopwatch sees. To understand that takes no GPU: here a
# thread of the CPU plays one, and says what it pretends. A few cells do need a GPU. They show what
# one gave, or that none was at hand.
#
# **What you will know at the end:**
#
# - how to write code for whichever device is there, and which calls make the program wait for it
# - when data should be moved to a device, by a model and as measured
# - how copies and kernels overlap, and what streams, events and pinned memory are for
# - why a copy that nobody waits for gives wrong numbers, and a clock that does not wait wrong times
#
# ## Code for any device
#
# Beside the CPU, here called the *host*, PyTorch knows *accelerators*: `"cuda"` is a GPU of NVIDIA
# or AMD, `"xpu"` one of Intel, `"mps"` one of Apple. `torch.accelerator` finds the one that is
# here. `x.to(device)` copies, unless `x` is there already. No operation moves its inputs: it wants
# them on one device. To show that without a GPU, `"meta"` is the second device here, the one where
# tensors have a shape and no numbers:

# %%
import time
from concurrent.futures import ThreadPoolExecutor

import matplotlib.pyplot as plt
import numpy as np
import torch

found = torch.accelerator.is_available()
device = torch.accelerator.current_accelerator() if found else torch.device("cpu")
x = torch.ones(3).to(device)
print(f"accelerator: {found}; x is where it was sent: {x.device.type == device.type}")
try:
    torch.ones(3) + torch.ones(3, device="meta")
except RuntimeError as error:
    print(error)

# %% [markdown]
# ## A call is an order
#
# Work for a device goes into its queue, which CUDA calls a **stream**, and the call returns. A
# thread can play such a device: it takes jobs in order, and naps for as long as each is to last.
# `submit` puts a call into its queue, and `result()` waits until that call is done.


# %%
class Played:
    def __init__(self):
        self.stream = ThreadPoolExecutor(max_workers=1)
        self.synchronize()  # the first job starts the thread

    def launch(self, kernel_s):
        return self.stream.submit(time.sleep, kernel_s)

    def synchronize(self):
        self.stream.submit(int).result()  # a job behind all others is done, so they are


def taken_ms(call, *args, **options):
    start = time.perf_counter()
    call(*args, **options)
    return 1e3 * (time.perf_counter() - start)


played = Played()

# %% [markdown]
# A training loop prepares a batch on the host, launches a step, and reports its loss. Who reads the
# loss at every step waits at every step, and host and device work in turn, not side by side:


# %%
def train(*, read_each, batch_s=0.004, kernel_s=0.005):
    for _ in range(8):
        time.sleep(batch_s)  # the host prepares a batch
        loss = played.launch(kernel_s)
        if read_each:
            loss.result()  # as .item() does
    played.synchronize()


for read_each in (True, False):
    print(f"read_each={read_each}: {taken_ms(train, read_each=read_each):.0f} ms")

# %% [markdown]
# A call waits if it needs a number from the device, for Python or for the shape of its result. A
# `"meta"` tensor has no numbers to give. So what raises an error there would wait on a GPU:

# %%
calls = {
    "x.softmax(0)": lambda x: x.softmax(0),
    "torch.where(x > 0, x, 0)": lambda x: torch.where(x > 0, x, 0),
    "x.sum().item()": lambda x: x.sum().item(),
    "if x.sum() > 0:": lambda x: bool(x.sum() > 0),
    "x[x > 0]": lambda x: x[x > 0],  # how many are there?
    "x[x.argmax()]": lambda x: x[x.argmax()],  # the index becomes a Python number
    "x.cpu()": lambda x: x.cpu(),
}
for name, call in calls.items():
    try:
        call(torch.ones(4, device="meta"))
        print(f"{name:26}goes on")
    except RuntimeError as error:
        print(f"{name:26}waits    ({type(error).__name__})")

# %% [markdown]
# `print(x)` waits too. After `torch.cuda.set_sync_debug_mode("warn")` PyTorch warns at each line
# that waits for a GPU.
#
# ## A clock in the queue
#
# An **event** is a mark in the stream that notes the time when its turn comes. Two of them time
# what lies between, whatever is under way before it. Here the played device has other work first,
# and then the same is done on a GPU:

# %%
played.launch(0.02)
first = played.stream.submit(time.perf_counter)
launch_ms = taken_ms(played.launch, 0.005)
last = played.stream.submit(time.perf_counter)
done_ms = launch_ms + taken_ms(played.synchronize)
between_ms = 1e3 * (last.result() - first.result())
print(f"launch {launch_ms:.1f} ms, until done {done_ms:.1f} ms, between marks {between_ms:.1f} ms")

# %% tags=["gpu"]
if torch.cuda.is_available():
    a = torch.randn(4096, 4096, device="cuda")
    a @ a  # the first call
    first, last = (torch.cuda.Event(enable_timing=True) for _ in range(2))
    first.record()
    a @ a
    last.record()
    torch.cuda.synchronize()
    print(f"between events {first.elapsed_time(last):.3f} ms")

# %% [markdown]
# A launch costs time as well, and where kernels are shorter than that, the device is idle between
# them. A **CUDA graph** records all kernels of an iteration and launches them as one
# ({{ chapter("fusion") }}). Here is the training of a small network, launch by launch and then as a
# graph:
#
# > {{ speedup("train_mlp", "hidden=32,batch=32", contender="torch-cuda") }}
#
# > {{ speedup("train_mlp", "hidden=32,batch=32", contender="torch-cuda-graph") }}
#
# ## When moving the data pays
#
# A model answers: work takes as long as the roofline of {{ chapter("roofline") }} says, and on the
# device a launch more. A transfer takes a launch, and its bytes divided by the bandwidth of the
# *link* between the two memories.

# %%
# Placeholders: round numbers that nobody measured. Put in those of your machine.
HOST_FLOP_S, HOST_BYTES_S = 1e11, 2e10
DEVICE_FLOP_S, DEVICE_BYTES_S = 2e13, 1e12
LAUNCH_S, LINK_BYTES_S = 1e-5, 1e10


def on_host(flops, moved):
    return np.maximum(flops / HOST_FLOP_S, moved / HOST_BYTES_S)


def on_device(flops, moved):
    return LAUNCH_S + np.maximum(flops / DEVICE_FLOP_S, moved / DEVICE_BYTES_S)


def transfer(moved):
    return LAUNCH_S + moved / LINK_BYTES_S


# %%
n = np.geomspace(16, 8192, 200)
work = {"product": (2 * n**3, 12 * n**2), "sum": (n**2, 4 * n**2)}  # operations, bytes in float32
fig, axes = plt.subplots(1, 2, sharey=True)
for ax, (name, (flops, moved)) in zip(axes, work.items(), strict=True):
    host, there = on_host(flops, moved), on_device(flops, moved)
    ax.loglog(n, host, "C0-", label="host")
    for times, style, way in [(there, "C2-", "device"), (there + transfer(moved), "C2--", "moved")]:
        wins = f"ahead from {n[times < host][0]:.0f}" if any(times < host) else "never ahead"
        ax.loglog(n, times, style, label=f"{way}: {wins}")
    ax.set_title(f"A {name}, by the model with placeholders")
    ax.set_xticks([16, 128, 1024, 8192], [16, 128, 1024, 8192])
    ax.minorticks_off()
    ax.set(xlabel="n, of matrices n by n", ylabel="time (s)")
    ax.yaxis.set_major_formatter("{x:.0e}")
    ax.legend(fontsize=8)
plt.show()

# %% [markdown]
# The larger a product, the more operations it does for each byte, so it outgrows its transfers. A
# sum adds each number once: over a link no faster than the host's memory it never does. What is
# used again should stay on the device. A loop over mini-batches that calls `to` for each of them
# moves every number once an epoch; batches that fit in the device's memory can be moved once,
# before the loop.
#
# As measured: products whose inputs lie on the device, then products whose inputs come from the
# host's memory and whose result goes back there, and sums on the device:
#
# > {{ quote("crossover", workload="matmul", contender="torch-cuda") }}
#
# > {{ quote("crossover", workload="matmul", contender="torch-cuda-transfer") }}
#
# > {{ quote("crossover", workload="sum", curve="all", contender="torch-cuda") }}
#
# {{ choose(quote("crossover", workload="matmul", contender="torch-cuda-transfer"),
# overtakes="So a large product is worth its transfers there, and a small one is not.",
# ahead="So a product is worth its transfers there, at every size that was measured.",
# behind="So a product is not worth its transfers there, at any size that was measured.",
# absent="These lines will tell from which size on a GPU is ahead, as soon as one is measured.",
# otherwise="From this alone it cannot be told whether a product is worth its transfers.") }}
# What the link alone takes is on the page of {{ family("transfer", "all transfers") }}.
#
# ## Copies beside kernels
#
# A GPU copies and computes with different parts, its *engines*. In one stream each job waits for
# the one before it. Jobs of different streams wait only until their engine is free. That is enough
# for a schedule:


# %%
def schedule(jobs):
    free, spans = {}, []
    for stream, engine, job_ms in jobs:  # in the order in which they are launched
        begin = max(free.get(stream, 0), free.get(engine, 0))
        free[stream] = free[engine] = begin + job_ms
        spans.append((stream, engine, begin, job_ms))
    return spans


made_up_ms = {"copy in": 3, "kernel": 4, "copy out": 1}
fig, axes = plt.subplots(2, 1, sharex=True)
for ax, streams in zip(axes, (1, 2), strict=True):
    spans = schedule([(k % streams, *job) for k in range(5) for job in made_up_ms.items()])
    for stream, engine, begin, job_ms in spans:
        edge = plt.rcParams["axes.edgecolor"]
        ax.barh(engine, job_ms, left=begin, color=("C2", "C3")[stream], edgecolor=edge)
    ax.invert_yaxis()
    end = max(begin + job_ms for *_, begin, job_ms in spans)
    ax.set_title(f"Five made-up batches in {streams} stream{'s'[: streams - 1]} take {end} ms")
axes[1].set_xlabel("time (ms); a colour for each stream")
plt.show()

# %% [markdown]
# On a GPU this needs `non_blocking=True` and **pinned** memory, which the device fetches by itself
# ({{ chapter("data") }}); else the host waits for each copy. Four batches in one stream, and in two
# (the first line pays for first calls):

# %% tags=["gpu"]
if torch.cuda.is_available():
    pinned = [torch.randn(4096, 4096).pin_memory() for _ in range(4)]
    w = torch.randn(4096, 4096, device="cuda")
    for streams in [[torch.cuda.Stream() for _ in range(count)] for count in (1, 1, 2)]:
        torch.cuda.synchronize()  # w is there, and nothing else is under way
        start = time.perf_counter()
        for k, batch in enumerate(pinned):
            with torch.cuda.stream(streams[k % len(streams)]):
                batch.to("cuda", non_blocking=True) @ w
        torch.cuda.synchronize()
        print(f"streams: {len(streams)}, {1e3 * (time.perf_counter() - start):.2f} ms")

# %% [markdown]
# Streams know nothing of each other. Where one uses what another makes, `mine.wait_stream(theirs)`
# gives the order, and `tensor.record_stream(mine)` keeps the memory from being handed on too early.
# If you name no stream, all goes into one, in order.
#
# ## A copy back that nobody waits for
#
# A kernel that needs a copied batch stands behind the copy in the stream. A copy on its way back is
# read by Python, which stands in no stream. This is the body of the workload `device_to_host`, and
# then what may come of it, on the played device:
#
# {{ function("bench/workloads/device_to_host.py", "device_to_host_torch") }}


# %%
def copy_back():
    time.sleep(0.01)  # kernels in front, and the way
    y[:] = 7


y = np.zeros(3)
played.stream.submit(copy_back)  # non_blocking: returns at once
early = y.copy()
played.synchronize()
print("read at once", early, " read after synchronising", y)

# %% [markdown]
# There is no error. In an array that is filled again for each batch the numbers even look right:
# they are those of the last batch. So synchronise before reading, or leave `non_blocking` out:
# `x.cpu()` waits. In the same way, do not write into pinned memory while a copy from it may be
# under way.
#
# ## A common mistake: timing the launch
#
# Two played kernels, one of them ten times as long as the other:

# %%
for name, kernel_s in {"short": 0.003, "long": 0.030}.items():
    launch_ms = taken_ms(played.launch, kernel_s)
    next_ms = taken_ms(played.synchronize)  # by whatever line needs the result
    print(f"{name:6} launch {launch_ms:4.1f} ms, next line {next_ms:4.1f} ms")
played.stream.shutdown()

# %% [markdown]
# By their launches they are alike, and an innocent `.item()` in the next line looks slow.
# Synchronise before both readings of the clock, use events, or PyTorch's `Timer`, which waits.
#
# ## Exercises
#
# **1.** `uses_until_it_pays(host_s, device_s, moved_bytes, link_bytes_s)` takes the seconds of one
# use of some data on the host and on the device, the bytes, and the link's bytes per second. It
# returns the smallest number of uses, an int, for which moving the data once and using them there
# takes less time than using them on the host; `None` where no number does.
#
# **2.** `double_buffered_s(copies, kernels)` takes two lists of seconds of one length: copy `k`
# brings the batch of kernel `k`. Copies run one at a time, kernels too, a copy beside a kernel.
# There are two buffers, so copy `k` waits until kernel `k - 2` is done. It returns when the last
# kernel is done, if all begins at zero.
#
# **3.** `mean_loss(losses)` takes an iterable of tensors of shape (), one or more on one device,
# and returns their mean as a float. It waits for the device once, however many there are.
#
# Answers are checked here or by `python -m tutorial check 15`; solutions are in
# `tutorial/solutions/gpu.py`.

# %%
from tutorial.exercises import check


def uses_until_it_pays(host_s, device_s, moved_bytes, link_bytes_s):
    return round(host_s / device_s * moved_bytes / link_bytes_s)  # yours


check(uses_until_it_pays)


# %%
def double_buffered_s(copies, kernels):
    return sum(copies) + sum(kernels)  # yours


check(double_buffered_s)


# %%
def mean_loss(losses):
    return next(iter(losses)).item()  # yours


check(mean_loss)

# %% [markdown]
# ## Where to read on
#
# - {{ chapter("precision") }} and {{ chapter("fusion") }}: less to move, and fewer launches;
#   {{ chapter("profiler") }}: real timelines.
# - PyTorch documentation: [CUDA semantics](https://pytorch.org/docs/stable/notes/cuda.html), and
#   [torch.accelerator](https://pytorch.org/docs/stable/accelerator.html).
