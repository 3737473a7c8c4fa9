# %% [markdown]
# # The GPU: queues, copies and when it pays
#
# `torch.accelerator` · `to` · `torch.cuda.synchronize` · `torch.cuda.Event` · `torch.cuda.Stream` ·
# `non_blocking`
#
# {{ opening("timing", "roofline") }}
#
# A GPU is a second computer beside the one that runs Python. It has its own memory, and it does its
# work later than you ask for it. This decides where to keep the data, which lines make the program
# wait, and what a stopwatch shows. You need no GPU to understand this: here a thread of the CPU
# plays the GPU. A few cells do need a GPU, and the page shows what they print on one.
#
# **What you will know at the end:**
#
# - how to write code for any device, and which calls make the program wait for it
# - when it pays to move data to a device, by a cost model and as measured
# - how copies and kernels overlap, and what streams, events and pinned memory are for
# - what goes wrong if you read a copy or the clock too early
#
# ## Code for any device
#
# Beside the CPU, which is called the *host* here, PyTorch knows *accelerators*. `"cuda"` is a GPU
# of NVIDIA or AMD, `"xpu"` one of Intel, `"mps"` one of Apple. `torch.accelerator` finds the
# accelerator of this machine. `x.to(device)` makes a copy, unless `x` is already there. No
# operation moves its inputs, so they must all be on one device. The exception is a CPU tensor of
# shape (), which every device takes as a plain number. The cell needs a second device, also without
# a GPU. It uses `"meta"`, a device whose tensors have a shape and no numbers:

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
# ## A call only asks for work
#
# Work for a device goes into its queue, which CUDA calls a **stream**, and the call returns. A
# thread can play such a device. It takes jobs in order, and sleeps as long as each job is supposed
# to last. `submit` puts a call into its queue, and `result()` waits until that call is done.


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
# A training loop prepares a batch on the host, launches a step, and reports its loss. If it reads
# the loss at every step, it waits at every step. Then host and device work one after the other
# instead of at the same time:


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
# A call waits if Python, or the shape of the result, needs a number from the device. A `"meta"`
# tensor has no numbers, so such a call raises an error there. The cell tries some calls:

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
# Here each error means that the call waits on a GPU. (A call also raises an error if PyTorch has no
# version of it for `"meta"`.) A call without an error may wait all the same. `print(x)` waits
# because it needs the numbers. `torch.linalg.solve`, `inv` and `cholesky` wait because they check
# whether they succeeded. There is a better test if you have a GPU: after
# `torch.cuda.set_sync_debug_mode("warn")` PyTorch warns at most of the lines that wait.
#
# ## A clock in the queue
#
# An **event** is a mark in the stream. It records the time when the stream reaches it. Two events
# measure the time of the work between them, however much work is in front of them. Here the played
# device has other work first. The cell after it uses events on a GPU:

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
# Only the time between two marks is that of the kernel.
#
# A launch costs time as well. If kernels are shorter than launches, the device is idle between
# them. A **CUDA graph** records all kernels of an iteration and launches them as one
# ({{ chapter("fusion") }}). Here is the training of a small network, first launch by launch and
# then as a graph:
#
# > {{ speedup("train_mlp", "hidden=32,batch=32", contender="torch-cuda") }}
#
# > {{ speedup("train_mlp", "hidden=32,batch=32", contender="torch-cuda-graph") }}
#
# ## When moving the data pays
#
# Is work faster on the device if its data must be moved first? A cost model gives the answer. Work
# takes as long as the roofline of {{ chapter("roofline") }} says. On the device it takes the time
# of a launch in addition. A transfer takes the time of a launch, plus its bytes divided by the
# bandwidth of the *link* between the two memories.

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
# A larger product does more operations for each byte, so at some size it takes longer than its
# transfers. A sum adds each number once. If the link is no faster than the host's memory, a sum
# never gains from a transfer. Keep data that you use again on the device. A loop that calls `to`
# for each mini-batch moves every number once an epoch. If the batches fit into the device's memory,
# move them once, before the loop.
#
# Here are the measurements. First come products whose inputs are on the device. Then come products
# whose inputs come from the host's memory and whose result goes back there. Last come sums on the
# device:
#
# > {{ quote("crossover", workload="matmul", contender="torch-cuda") }}
#
# > {{ quote("crossover", workload="matmul", contender="torch-cuda-transfer") }}
#
# > {{ quote("crossover", workload="sum", curve="all", contender="torch-cuda") }}
#
# {{ choose(quote("crossover", workload="matmul", contender="torch-cuda-transfer"),
#     overtakes="On that machine a large product is worth its transfers, and a small one is not.",
#     ahead="On that machine a product is worth its transfers, at every size that was measured.",
#     behind="On that machine no product is worth its transfers, at any size that was measured.",
#     absent="When a GPU is measured, these lines will say from which size on it is faster.",
#     otherwise="This result does not show whether a product is worth its transfers.",
#     **{"faster-some": "On that machine a product is worth its transfers, at those sizes."}) }}
# The page of {{ family("transfer", "all transfers") }} shows what the link alone takes.
#
# ## Copies beside kernels
#
# A GPU copies and computes with different parts, its *engines*. In one stream each job waits for
# the job before it. Jobs of different streams wait only until their engine is free. These rules are
# enough for a schedule:


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
# On a GPU this needs `non_blocking=True` and **pinned** memory, which the device can read by itself
# ({{ chapter("data") }}). Otherwise the host waits for each copy. Here are four batches in one
# stream, and in two (the first line includes first calls):

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
# Streams do not wait for each other. If work in the stream `mine` uses a result of the stream
# `theirs`, call `mine.wait_stream(theirs)` first. `tensor.record_stream(mine)` prevents the memory
# of that tensor from being reused too early. If you name no stream, all work goes into one stream,
# in order.
#
# ## A copy back that nobody waits for
#
# A kernel that needs a copied batch is behind that copy in the stream, so it waits. But Python
# reads a copy back to the host, and Python is in no stream. Here is the code of the workload
# `device_to_host`. The cell below it shows on the played device what can happen:
#
# {{ function("bench/workloads/device_to_host.py", "device_to_host_torch") }}


# %%
def copy_back():
    time.sleep(0.01)  # kernels in front, and the transfer
    y[:] = 7


y = np.zeros(3)
played.stream.submit(copy_back)  # non_blocking: returns at once
early = y.copy()
played.synchronize()
print("read at once", early, " read after synchronising", y)

# %% [markdown]
# There is no error. If an array is filled again for each batch, the numbers even look right: they
# are those of the previous batch. So synchronise before you read, or leave out `non_blocking`:
# `x.cpu()` waits. In the same way, do not write into pinned memory while a copy from it may be
# running.
#
# ## A common mistake: timing the launch
#
# Here are two played kernels, one of them ten times as long as the other:

# %%
for name, kernel_s in {"short": 0.003, "long": 0.030}.items():
    launch_ms = taken_ms(played.launch, kernel_s)
    next_ms = taken_ms(played.synchronize)  # by whatever line needs the result
    print(f"{name:6} launch {launch_ms:4.1f} ms, next line {next_ms:4.1f} ms")
played.stream.shutdown()

# %% [markdown]
# Both launches take the same time. The time of the kernel is counted for the next line that needs
# the result, often a harmless `.item()`. Synchronise before both readings of the clock, or use
# events, or PyTorch's `Timer`, which waits.
#
# ## Exercises
#
# **1.** `uses_until_it_pays(host_s, device_s, moved_bytes, link_bytes_s)` takes the seconds of one
# use of some data on the host, the seconds of one use on the device, the bytes of the data, and the
# link's bytes per second. On the device, the data are moved once and then used again and again. It
# returns the smallest number of uses, an int, for which the device takes less time than the host.
# If there is no such number, it returns `None`.
#
# **2.** `double_buffered_s(copies, kernels)` takes two lists of seconds of the same length. Copy
# `k` brings the batch of kernel `k`. One copy can run at a time, and one kernel, and a copy can run
# beside a kernel. There are two buffers, so copy `k` waits until kernel `k - 2` is done. The first
# copy begins at time zero. The function returns the time at which the last kernel is done.
#
# **3.** `mean_loss(losses)` takes an iterable of one or more tensors of shape (), all on one
# device. It returns their mean as a float. It must wait for the device only once, however many
# tensors there are.
#
# Check your answers here or with `python -m tutorial check gpu`. Solutions are in
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
# ## To take along
#
# - A call asks for work and returns. Code that needs the numbers waits.
# - Move data once, keep them on the device, and copy while the GPU computes.
# - Synchronise before you read a copy, and before you read the clock.
#
# ## Where to read on
#
# - {{ chapter("precision") }} and {{ chapter("fusion") }}: fewer bytes to move, and fewer launches.
# - {{ chapter("profiler") }}: real timelines.
# - PyTorch documentation: [CUDA semantics](https://pytorch.org/docs/stable/notes/cuda.html), and
#   [torch.accelerator](https://pytorch.org/docs/stable/accelerator.html).
