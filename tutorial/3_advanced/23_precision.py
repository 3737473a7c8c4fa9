# %% [markdown]
# # Precision: float16, bfloat16, TF32 and autocast
#
# `torch.bfloat16` · `torch.float16` · `torch.amp.autocast` · `GradScaler` · `fp32_precision` ·
# `finfo`
#
# {{ opening("gpu", "training_ladder") }}
#
# NumPy computes in float64 by default, PyTorch in float32, and a GPU is fastest with numbers of 16
# bits. Fewer bits mean fewer bytes to move and simpler arithmetic. They also mean fewer digits and
# a smaller range. This chapter shows what each format keeps, what rounding does to a result, and
# how to train with few bits.
#
# **What you will know at the end:**
#
# - which formats there are, and which of them lack digits or range
# - what TF32 does to a float32 product, and where to switch it on
# - what autocast computes in few bits, and what it leaves in float32
# - why float16 needs its loss scaled, and weights need float32
#
# ## Where the bits go
#
# A floating-point number has a sign, an **exponent** of two and a **significand**, the digits. The
# bits of the exponent give the range, those of the significand the precision. (The first bit of the
# significand is always one, and is not stored.) In both libraries `finfo` describes a format:

# %%
from contextlib import nullcontext

import matplotlib.pyplot as plt
import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from bench.workloads.parts import digits

rng = np.random.default_rng(0)
threads_before = torch.get_num_threads()  # put back at the end
torch.set_num_threads(1)  # nothing here is large enough to share
for dtype in (torch.float64, torch.float32, torch.float16, torch.bfloat16):
    of = torch.finfo(dtype)
    print(f"{dtype!s:15} largest {of.max:8.2g}  smallest {of.tiny:8.2g}  spacing at 1 {of.eps:.2g}")
print("NumPy has float16:", hasattr(np, "float16"), " and bfloat16:", hasattr(np, "bfloat16"))

# %% [markdown]
# *Smallest* is the smallest number with all its digits. (There are even smaller numbers, with fewer
# digits.) Half the spacing at one is the **unit roundoff** `u`, the largest relative error of one
# rounding. The picture also shows **TF32**, which is not a dtype. The tensor cores, the matrix
# units of NVIDIA's GPUs, may use it for the float32 inputs of a product. It has the exponent of
# float32 with the digits of float16.

# %%
layouts = {  # bits of exponent and significand
    "float64": (11, 52),
    "float32": (8, 23),
    "TF32": (8, 10),
    "bfloat16": (8, 7),
    "float16": (5, 10),
}
fig, ax = plt.subplots()
for row, (exponent, significand) in enumerate(layouts.values()):
    starts, widths = (0, 1, 1 + exponent), (1, exponent, significand)
    names = ("sign", "exponent (range)", "significand (digits)")
    for start, width, colour, name in zip(starts, widths, ("C6", "C3", "C1"), names, strict=True):
        ax.barh(row, width, left=start, color=colour, alpha=0.4, label=None if row else name)
        if width > 1:
            ax.text(start + width / 2, row, width, ha="center", va="center")
ax.set_yticks(range(len(layouts)), layouts)
ax.invert_yaxis()
ax.set(xlabel="bit", title="bfloat16 keeps the range of float32, float16 more of its digits")
ax.legend(loc="lower right")
plt.show()

# %% [markdown]
# Here are three numbers in both short formats: a large one, one slightly above 1, and a small one.

# %%
for value in (70_000.0, 1 + 2**-9, 1e-9):
    x = torch.tensor(value, dtype=torch.float64)
    print(f"{value:<12} float16 {x.half().item():<14.6g} bfloat16 {x.bfloat16().item():<14.6g}")

# %% [markdown]
# float16 overflows to infinity where bfloat16 only rounds. float16 loses the small number
# completely, and bfloat16 cannot distinguish the second number from 1.
#
# ## Rounding by hand
#
# The last bits of a float32 are digits. If you view the float32 as an integer, you can cut some of
# these bits off. That rounds towards zero. To round to the nearest number, first add half of what
# the last kept bit stands for. The cell compares the largest relative error of many numbers with
# the unit roundoff of ten stored bits:


# %%
def rounded(x, kept):
    drop = 23 - kept  # of the 23 bits that float32 stores
    half = (1 << drop) // 2
    return (((x.view(torch.int32) + half) >> drop) << drop).view(torch.float32)


x = torch.from_numpy(rng.uniform(1, 2, 10_000).astype(np.float32))
print(f"largest error {((rounded(x, 10) - x) / x).abs().max():.3e}, u {2.0**-11:.3e}")

# %% [markdown]
# If the addition carries into the exponent, the result is the next power of two, which is right.
# One case is left: a **tie**, a number exactly in the middle between two neighbours. Here it moves
# away from zero. Processors round a tie to the neighbour whose last kept bit is zero, so that ties
# go up as often as down. To do the same, add half *less one*, plus the last kept bit, instead of
# half. Then a tie goes up only if that bit is one, and all other numbers are rounded as before.
#
# TF32 keeps ten bits of each input of a product, with a rounding much like this one, and adds up in
# float32. So you can see its effect without a GPU. (The products of the last two lines also return
# their numbers in 16 bits, so float16 loses a little more than TF32.)

# %%
a, b = (torch.from_numpy(rng.standard_normal((256, 256), dtype=np.float32)) for _ in range(2))
exact = a.double() @ b.double()


def error_of(product):
    return ((product - exact).norm() / exact.norm()).item()


kinds = {"float32": (a, b), "TF32, emulated": (rounded(a, 10), rounded(b, 10))}
kinds |= {str(kind): (a.to(kind), b.to(kind)) for kind in (torch.float16, torch.bfloat16)}
for name, (left, right) in kinds.items():
    print(f"{name:15} relative error of the product {error_of(left @ right):.1e}")

# %% [markdown]
# ## What fewer bits gain
#
# The figure shows speed and error of one product in each precision that was measured on
# {{ machine }}:
#
# {{ figure("precision/matmul") }}
#
# These two sentences compare PyTorch with NumPy in float32. PyTorch computes first in float32 and
# then in bfloat16:
#
# > {{ speedup("matmul", "n=2048") }}
#
# > {{ speedup("matmul", "n=2048", contender="torch-cpu-bf16") }}
#
# {{ choose(speedup("matmul", "n=2048", contender="torch-cpu-bf16"),
#     faster="In bfloat16 this processor multiplies faster than NumPy does in float32. The cost is
#     the larger error in the picture.",
#     slower="Fewer bits are no faster on this processor than NumPy's float32.",
#     tie="Fewer bits are no faster on this processor than NumPy's float32.",
#     otherwise="This file does not show whether bfloat16 is faster. A processor without arithmetic
#     for it would emulate it, so this site does not time it there.") }}
#
# Memory-bound work may gain from half the bytes, if nothing else slows it down. Here is a chain of
# elementwise operations in bfloat16, compared with NumPy in float32:
#
# > {{ speedup("elementwise_chain", "n=4096", contender="torch-cpu-bf16") }}
#
# A GPU has matrix units for few bits. These are the same products in float32, TF32 and bfloat16,
# each compared with NumPy in float32. Divide two of the factors to compare two formats:
#
# > {{ speedup("matmul", "n=2048", contender="torch-cuda") }}
#
# > {{ speedup("matmul", "n=2048", contender="torch-cuda-tf32") }}
#
# > {{ speedup("matmul", "n=2048", contender="torch-cuda-bf16") }}
#
# ## What float32 means on a GPU
#
# On an NVIDIA GPU, "float32" may mean TF32. Two settings decide this, one for matrix products and
# one for convolutions. The cell prints the defaults of the PyTorch that ran here, with or without a
# GPU. `none` means that a general setting decides. It is true float32 unless you change it:

# %%
matmul = torch.backends.cuda.matmul
if hasattr(matmul, "fp32_precision"):
    convolution = torch.backends.cudnn.conv.fp32_precision
    print(f"products {matmul.fp32_precision!r}, convolutions {convolution!r}")
else:  # before PyTorch 2.9
    print("products", torch.get_float32_matmul_precision())

# %% [markdown]
# So by default the convolutions of cuDNN, NVIDIA's library for them, may use TF32, and products may
# not. So two float32 layers of one network can differ in precision. To change one of these
# settings, assign `"ieee"` (true float32) or `"tf32"` to it.
# `torch.set_float32_matmul_precision("high")` is the older way and changes only products. Use only
# one of the two ways: if you mix them, they may report different states.

# %% tags=["gpu"]
if torch.cuda.is_available() and hasattr(matmul, "fp32_precision"):
    before = matmul.fp32_precision
    for kind in ("ieee", "tf32"):
        matmul.fp32_precision = kind
        print(f"{kind}: error of the product {error_of((a.cuda() @ b.cuda()).cpu()):.1e}")
    matmul.fp32_precision = before

# %% [markdown]
# If a test has a tolerance made for float32, a right result in TF32 fails it. This site sets true
# float32 and reads the setting back. TF32 is a separate contender with its own tolerance.
#
# ## Autocast: each operation in the type that suits it
#
# Few bits are enough for the inputs of a product, but not for everything. Under **autocast**
# PyTorch looks each operation up in a list. Products and convolutions get their inputs in few bits.
# Some other operations, such as losses, get their inputs in float32. Operations that are not in the
# list use the type of their inputs. GPUs and processors have different lists.

# %%
x, w = torch.ones(8, 16), torch.ones(16, 4)
with torch.amp.autocast("cpu", dtype=torch.bfloat16):
    z = x @ w
    results = {
        "x @ w": z,
        "tanh(x @ w)": torch.tanh(z),
        "cross-entropy": F.cross_entropy(z, torch.zeros(8, dtype=torch.long)),
        "x + x": x + x,
    }
for name, result in {"x": x, **results}.items():
    print(f"{name:14} {result.dtype}")

# %% [markdown]
# To train this way, put one `with` around the forward pass. The weights stay in float32, and so do
# the gradients that the optimiser gets. `backward()` goes outside, because each of its steps uses
# the type that the same step had in the forward pass. Here a small network for handwritten digits
# is trained in three ways from the same start, with a small learning rate: in float32, under
# autocast, and with the model itself converted to bfloat16.

# %%
images, labels = (torch.from_numpy(part[: digits.TRAIN]) for part in digits.load())
images = images.float()


def trained(autocast, dtype, epochs=15):
    with torch.random.fork_rng(devices=[]):  # outside of it, random numbers go on as they were
        torch.manual_seed(0)
        model = nn.Sequential(nn.Linear(64, 128), nn.Tanh(), nn.Linear(128, 10)).to(dtype)
    optimizer, means = torch.optim.SGD(model.parameters(), lr=0.02), []
    for _ in range(epochs):
        losses = []
        for xb, yb in zip(images.split(64), labels.split(64), strict=True):
            with torch.amp.autocast("cpu", torch.bfloat16) if autocast else nullcontext():
                loss = F.cross_entropy(model(xb.to(dtype)), yb)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        means.append(np.mean(losses))
    return means


# %%
curves = {
    "float32": trained(autocast=False, dtype=torch.float32),
    "autocast": trained(autocast=True, dtype=torch.float32),
    "all bfloat16": trained(autocast=False, dtype=torch.bfloat16),
}
{name: round(float(means[-1]), 3) for name, means in curves.items()}

# %%
fig, ax = plt.subplots()
for (name, means), style in zip(curves.items(), ("C1-", "C1o", "C3-"), strict=True):
    ax.plot(range(1, 16), means, style, label=name)
ax.set(xlabel="epoch", ylabel="mean loss", title="One network, one start, three ways to use bits")
ax.legend()
plt.show()

# %% [markdown]
# Autocast follows float32 closely. The model in bfloat16 throughout does not. The common mistake of
# this chapter explains why. Here is a larger training on a GPU, first in float32 and then under
# autocast, each compared with NumPy:
#
# > {{ speedup("train_mlp", "hidden=1024,batch=512", contender="torch-cuda") }}
#
# > {{ speedup("train_mlp", "hidden=1024,batch=512", contender="torch-cuda-amp") }}
#
# Autocast converts the inputs of each product, so it saves time only if the products are large.
#
# ## float16 needs its loss scaled
#
# float16 has more digits than bfloat16, but less range. Gradients are small, and often become
# smaller from layer to layer on the way back. Here the gradients of the first layer of a deep
# network are multiplied by powers of two and then converted to float16:


# %%
def deep():
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        layers = [layer for _ in range(20) for layer in (nn.Linear(64, 64), nn.Tanh())]
        return nn.Sequential(*layers, nn.Linear(64, 10))


model = deep()
F.cross_entropy(model(images[:64]), labels[:64]).backward()
grad = model[0].weight.grad
grad = grad[grad != 0]
for power in (0, 8, 16, 40):
    scaled = (grad * 2.0**power).half()
    lost, over = (scaled == 0).float().mean(), scaled.isinf().float().mean()
    print(f"times 2**{power:<2}: {lost:5.1%} become zero, {over:5.1%} become infinite")

# %% [markdown]
# A gradient that became zero in float16 is lost. So multiply the loss by a large number, the
# **scale**. By the chain rule all gradients grow by the same factor. Before the step, divide the
# gradients by the scale, in float32. Nobody knows the right scale in advance, so `GradScaler` looks
# for it. When a gradient becomes infinite, `GradScaler` skips the step and halves the scale. After
# `growth_interval` good steps in a row it doubles the scale.


# %%
def scales(device="cpu", steps=14):
    model, x, y = deep().to(device), images[:64].to(device), labels[:64].to(device)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    scaler = torch.amp.GradScaler(device, init_scale=2.0**24, growth_interval=4)
    found = []
    for _ in range(steps):
        with torch.amp.autocast(device, dtype=torch.float16):
            loss = F.cross_entropy(model(x), y)
        optimizer.zero_grad()
        scaler.scale(loss).backward()
        scaler.step(optimizer)  # divides by the scale, and skips the step if it must
        scaler.update()
        found.append(int(np.log2(scaler.get_scale())))
    return found


print("the scale after each step, as a power of two:", scales())

# %% [markdown]
# The scale falls until no gradient is infinite. Then it doubles after every few good steps, and
# falls again if that was too much. bfloat16 has the range of float32 and needs none of this. So it
# is the usual choice where the hardware supports it.
#
# ## A common mistake: adding small numbers to a large one in few bits
#
# A sum of ones in bfloat16 stops growing when the spacing of its numbers becomes two. A weight
# stops learning when its steps are less than half the spacing around it:

# %%
total = torch.tensor(0.0, dtype=torch.bfloat16)
for _ in range(1000):
    total += 1
weight = torch.tensor(1.0, dtype=torch.bfloat16)
for _ in range(1000):
    weight -= 0.001
print(f"a thousand ones: {total.item()}; one less a thousandth, a thousand times: {weight.item()}")

# %% [markdown]
# There is no error and no warning. This happened to the model in bfloat16 above: many of its small
# steps were lost. PyTorch's `sum` is safe: it adds up in float32 inside and rounds once. A running
# sum rounds at every step. NumPy's running sum of three thousand ones in float16 stops growing:

# %%
ones = torch.ones(1000, dtype=torch.bfloat16)
print(ones.sum().item(), np.add.accumulate(np.ones(3000, np.float16))[-1])
torch.set_num_threads(threads_before)

# %% [markdown]
# So keep sums, averages of losses, weights and the optimiser's state in float32. (`loss.item()`
# gives a Python float, which has the digits of float64.) Use few bits only for the inputs of
# products, as autocast does.
#
# ## Exercises
#
# **1.** `round_to_bfloat16(x)` takes a float32 NumPy array of any shape, without NaN. It returns a
# new float32 array with each number rounded to the nearest number of bfloat16. If two are equally
# near, take the one whose last kept bit is zero. bfloat16 keeps the upper 16 bits of a float32. Use
# these bits (`x.view(np.uint32)`), not `torch.bfloat16`.

# %%
from tutorial.exercises import check


def round_to_bfloat16(x):
    return x.copy()  # yours


check(round_to_bfloat16)

# %% [markdown]
# **2.** `dot_error_bound(dtype, n)` takes a PyTorch dtype and the length n of two vectors. It
# returns the factor `n u / (1 - n u)` as a float, where `u` is the unit roundoff of the dtype. (The
# inner product of the vectors, computed in that dtype throughout, has an error of at most this
# factor times the sum of all `|x[i] y[i]|`.) If `n u` is one or more, there is no bound: return
# infinity.


# %%
def dot_error_bound(dtype, n):
    return float(n * dtype.itemsize)  # yours


check(dot_error_bound)

# %% [markdown]
# **3.** `next_scale(scale, good_steps, overflowed, growth_interval)` is a scaler's update after one
# step. It returns the new `(scale, good_steps)`. After an overflow the scale is halved and the
# count is zero. If this step completes `growth_interval` good steps in a row, the scale is doubled
# and the count is zero. Otherwise there is one more good step.


# %%
def next_scale(scale, good_steps, overflowed, growth_interval):
    return scale, good_steps + growth_interval * overflowed  # yours


check(next_scale)

# %% [markdown]
# Check your answers here or with `python -m tutorial check precision`. Solutions are in
# `tutorial/solutions/precision.py`.
#
# ## To take along
#
# - bfloat16 has the range of float32 with few digits, float16 has more digits and little range.
# - Autocast computes products in few bits, and keeps weights in float32.
# - float16 needs its loss scaled, bfloat16 does not.
#
# ## Where to read on
#
# - {{ chapter("roofline") }}: why fewer bytes are faster; {{ chapter("matmul") }}: the error of a
#   float32 product; {{ chapter("gpu") }}; {{ chapter("reproducibility") }}.
# - PyTorch documentation: [Automatic Mixed Precision](https://pytorch.org/docs/stable/amp.html),
#   with the lists of operations; [CUDA semantics](https://pytorch.org/docs/stable/notes/cuda.html),
#   section "TensorFloat-32"; "Numerical accuracy".
# - P. Micikevicius et al., "Mixed precision training", ICLR 2018.
# - N. Higham, *Accuracy and Stability of Numerical Algorithms*, 2002, chapters 2 to 4.
