# %% [markdown]
# # Why is a convolution a matrix product?
#
# Networks for images are made of convolution layers. PyTorch has them and NumPy does not. Written
# in NumPy as loops, such a layer is so slow that any library looks fast beside it. Written as a
# matrix product, it is a few lines of NumPy that a fair comparison can use.
#
# **What you will know at the end:**
#
# - what a convolution layer computes, index by index, and how large its output is
# - how copying patches turns it into one matrix product, and what the copy costs
# - why its gradient is a convolution again
# - why the claim of an enormous speedup may be a claim about a Python loop
#
# ## The layer, index by index
#
# Lay a small array of weights `w` over a corner of an image `x`, multiply where they overlap, and
# add up: that is one number of the output. Move the weights by one pixel for the next.

# %%
import timeit

import matplotlib.pyplot as plt
import numpy as np
import torch
from scipy.signal import convolve2d
from threadpoolctl import threadpool_limits
from torch.nn import functional as F

from bench.workloads.conv2d import WORKLOAD, conv2d_numpy, conv2d_torch

x = np.arange(16.0).reshape(4, 4)
w = np.array([[1.0, 2.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, -1.0]])


def slide(x, w):
    r, o = len(w), len(x) - len(w) + 1
    return np.array([[np.sum(x[i : i + r, j : j + r] * w) for j in range(o)] for i in range(o)])


slide(x, w)

# %% [markdown]
# `torch.nn.functional`, by custom called `F`, holds the operations of neural networks as plain
# functions. Its `conv2d` takes many images with many channels (the red, green and blue of a photo,
# say), so `x` has four axes, called NCHW: image, channel, row, column. So has `w`: output channel,
# input channel, row, column. Here all of the additional ones have length one:

# %%
tx, tw = torch.from_numpy(x)[None, None], torch.from_numpy(w)[None, None]
y = F.conv2d(tx, tw)
print(y.shape, np.array_equal(y[0, 0], slide(x, w)))

# %% [markdown]
# Two options change where the weights are laid. `padding` puts a border of zeros around the image;
# `stride` moves by more than one pixel at a time. For `h` pixels and `r` weights along an axis, the
# first window begins at zero and the last must end inside, which leaves room for this many:

# %%
for h, r, stride, padding in [(4, 3, 1, 0), (4, 3, 1, 1), (224, 7, 2, 3), (10, 3, 4, 0)]:
    size = (h + 2 * padding - r) // stride + 1
    y = F.conv2d(torch.ones(1, 1, h, h), torch.ones(1, 1, r, r), stride=stride, padding=padding)
    print(f"{h=} {r=} {stride=} {padding=}: {size}", y.shape[-1] == size)

# %% [markdown]
# ## Patches become rows
#
# Each output is the inner product of the weights with one patch of the image. Write every patch as
# a row of a matrix, and all of the inner products together are one matrix product. NumPy's
# `sliding_window_view` lists the patches without copying anything; `reshape` then has to copy them.

# %%
windows = np.lib.stride_tricks.sliding_window_view(x, (3, 3))
patches = windows.reshape(-1, 9)
print(windows.shape, np.shares_memory(windows, x), np.shares_memory(patches, x))
print(patches @ w.ravel())
np.array_equal(patches @ w.ravel(), slide(x, w).ravel())

# %%
fig, axes = plt.subplots(1, 2, figsize=(7.5, 2.8), width_ratios=(4, 9), layout="constrained")
colours = ("C3", "C4", "C7", "C8")
for ax, values in zip(axes, (x, patches), strict=True):
    for (i, j), value in np.ndenumerate(values):
        ax.text(j + 0.5, i + 0.5, f"{value:.0f}", ha="center", va="center")
    height, width = values.shape
    ax.set(xlim=(0, width), ylim=(height, 0), aspect="equal", xlabel="column", ylabel="row")
    ax.set(xticks=range(width + 1), yticks=range(height + 1))
    ax.grid(visible=True)
for n, (i, j) in enumerate(np.ndindex(2, 2)):
    edge, d = {"fill": False, "edgecolor": colours[n], "linewidth": 1.5}, 0.05 * (n + 1)
    axes[0].add_patch(plt.Rectangle((j + d, i + d), 3 - 2 * d, 3 - 2 * d, **edge))
    axes[1].add_patch(plt.Rectangle((0.05, n + 0.08), 8.9, 0.84, **edge))
axes[0].set_title("The image and its patches")
axes[1].set_title("Each patch is a row")
plt.show()

# %% [markdown]
# This is called **im2col**, image to columns, since each patch may as well be a column. So it is in
# the code that was timed: `unroll` gives each patch a column, with all input channels below one
# another, and the weights, a row for each output channel, are multiplied from the left.
#
# {{ function("bench/workloads/parts/im2col.py", "unroll") }}
#
# And these are the two bodies that are timed against each other, in which `b` holds one number to
# be added for each output channel:
#
# {{ pair("conv2d") }}
#
# They agree on images of handwritten digits, up to rounding:

# %%
rng = np.random.default_rng(0)
digits = next(size for size in WORKLOAD.sizes if size.label == "digits")
layer = WORKLOAD.make(rng, **digits.params)
tensors = {k: torch.from_numpy(v) if k in "xwb" else v for k, v in layer.items()}  # x, w and b
print({name: getattr(value, "shape", value) for name, value in layer.items()})
np.allclose(conv2d_torch(**tensors), conv2d_numpy(**layer))

# %% [markdown]
# ## What the copy costs
#
# With a stride of one, each pixel lies in up to `r * r` patches, and is copied for each. Counted
# for all images of each measured size at once, in float32:

# %%
for size in WORKLOAD.sizes:
    n, c, h, k, r, stride, padding = size.params.values()
    o = (h + 2 * padding - r) // stride + 1
    images, columns = n * c * h**2 * 4 / 1e6, n * c * r**2 * o**2 * 4 / 1e6
    print(f"{size.label:16}{images:6.2f} MB of images {columns:7.2f} MB of columns")

# %% [markdown]
# So `unroll` makes the columns of a few images at a time, which may then stay in the cache. The
# library that PyTorch calls (oneDNN on most processors, cuDNN on NVIDIA's GPUs) need not write
# columns at all: a *direct* kernel reads the patches where they lie. For small weights it may
# choose an algorithm with fewer multiplications, such as Winograd's.
#
# Such kernels take many channels of a pixel at once, and in NCHW these lie a whole image apart, so
# that they may have to be put in another order first. The memory format `channels_last` keeps shape
# and values, and puts the channels of a pixel side by side:

# %%
images = torch.rand(1, 3, 4, 5, generator=torch.Generator().manual_seed(0))
last = images.to(memory_format=torch.channels_last)
print(last.shape, torch.equal(last, images))
print("steps in memory along each axis:", images.stride(), last.stride())
print("PyTorch has oneDNN here:", torch.backends.mkldnn.is_available())  # by its old name

# %% [markdown]
# ## Who is faster
#
# Five layers, from one for handwritten digits to one of a ResNet, one core against one core:
#
# {{ figure("time/conv2d/float32/1") }}
#
# {{ figure("speedup/conv2d/float32") }}
#
# > {{ speedup("conv2d", "cifar-first") }}
#
# > {{ speedup("conv2d", "resnet-3x3") }}
#
# > {{ speedup("conv2d", "resnet-3x3", contender="torch-cpu-channels-last") }}
#
# > {{ quote("roof", workload="conv2d", contender="torch-cpu") }}
#
# {{ choose(speedup("conv2d", "resnet-3x3"),
#    faster="This layer needs the most arithmetic of the five, and there too the kernel that PyTorch
#    calls is the faster one on this machine.",
#    slower="This layer needs the most arithmetic of the five, and the matrix product behind im2col
#    does it so well on this machine that its copies do not decide.",
#    tie="This layer needs the most arithmetic of the five, and both sides do it equally well on
#    this machine.",
#    otherwise="The result file of this machine does not settle who is faster at this layer.") }}
#
# > {{ speedup("conv2d", "resnet-3x3", contender="torch-cuda") }}
#
# ## The gradient is a convolution again
#
# Output `[i, j]` holds `w[u, v] * x[i + u, j + v]`, summed over `u` and `v`. Let `grad_y` be the
# gradient of a loss by the output. Then the gradient by `w[u, v]` is the sum of
# `grad_y[i, j] * x[i + u, j + v]` over `i` and `j`: `grad_y`, sliding over the image. The gradient
# by a pixel `x[p, q]` is the sum of `grad_y[p - u, q - v] * w[u, v]` over `u` and `v`: the weights
# with both of their axes reversed, sliding over `grad_y` with zeros around it. Autograd agrees:

# %%
tx, tw = tx.requires_grad_(), tw.requires_grad_()
grad_y = torch.tensor([[1.0, -2.0], [3.0, 4.0]], dtype=torch.float64)
F.conv2d(tx, tw).backward(grad_y[None, None])
grad_w = slide(x, grad_y.numpy())
grad_x = slide(np.pad(grad_y, 2), w[::-1, ::-1])
print(np.array_equal(tw.grad[0, 0], grad_w), np.array_equal(tx.grad[0, 0], grad_x))

# %% [markdown]
# With many channels both are matrix products again: the gradient by `w` with the columns of
# `unroll`, that by `x` with a result in columns, which `fold` adds back into the image.
#
# {{ pair("conv2d_backward") }}
#
# > {{ speedup("conv2d_backward", "resnet-3x3") }}
#
# ## What mathematics calls a convolution
#
# In mathematics the weights of a convolution are reversed first. `np.convolve` and SciPy's
# `convolve2d` do that. PyTorch does not, and what its layers compute is properly called a
# cross-correlation:

# %%
signal, weights = np.array([1.0, 2.0, 3.0, 4.0]), np.array([1.0, 0.0, -2.0])
layer_1d = F.conv1d(*(torch.from_numpy(v)[None, None] for v in (signal, weights)))[0, 0].numpy()
print("F.conv1d:    ", layer_1d)
print("np.convolve: ", np.convolve(signal, weights, mode="valid"))
print("reversed:    ", np.convolve(signal, weights[::-1], mode="valid"))
print("np.correlate:", np.correlate(signal, weights, mode="valid"))
print("in two axes: ", np.array_equal(convolve2d(x, w[::-1, ::-1], mode="valid"), slide(x, w)))

# %% [markdown]
# A layer that learns its weights learns them in either order. A filter with given weights, such as
# one ported from SciPy, has to be reversed along its last two axes: `w.flip(-1, -2)`.
#
# ## A common mistake: a Python loop for a baseline
#
# This is a NumPy convolution as benchmarks sometimes have it, a loop over the places of the output.
# It gives the right numbers:


# %%
def conv2d_loop(x, w, b, stride, padding):
    r, o = w.shape[-1], (x.shape[-1] + 2 * padding - w.shape[-1]) // stride + 1
    x = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    y = np.empty((len(x), len(w), o, o), x.dtype)
    for i, j in np.ndindex(o, o):
        window = x[:, None, :, i * stride : i * stride + r, j * stride : j * stride + r]
        y[:, :, i, j] = np.sum(window * w, axis=(2, 3, 4)) + b
    return y


layer = WORKLOAD.make(rng, n=4, c=3, h=32, k=16, r=3, stride=1, padding=1)
layer = {k: v.astype(np.float32) if k in "xwb" else v for k, v in layer.items()}
tensors = {k: torch.from_numpy(v) if k in "xwb" else v for k, v in layer.items()}
np.allclose(conv2d_loop(**layer), conv2d_numpy(**layer), atol=1e-4)

# %% [markdown]
# Three ways to compute the same layer, each timed on one core, as the least of five runs:

# %%
ways = {
    "loop": lambda: conv2d_loop(**layer),
    "im2col": lambda: conv2d_numpy(**layer),
    "PyTorch": lambda: conv2d_torch(**tensors),
}
threads = torch.get_num_threads()
torch.set_num_threads(1)
with threadpool_limits(limits=1):
    time = {name: min(timeit.repeat(way, number=1, repeat=5)) for name, way in ways.items()}
torch.set_num_threads(threads)
print(f"loop / PyTorch:   {time['loop'] / time['PyTorch']:6.1f}")
print(f"loop / im2col:    {time['loop'] / time['im2col']:6.1f}")
print(f"im2col / PyTorch: {time['im2col'] / time['PyTorch']:6.1f}")

# %%
fig, ax = plt.subplots(figsize=(7.5, 2.4))
for (name, seconds), colour in zip(time.items(), ("C0", "C0", "C1"), strict=True):
    ax.semilogx(seconds * 1e3, name, "o", color=colour)
ax.set(xlabel="time (ms)", ylabel="written as")
ax.margins(y=0.3)
mostly = time["loop"] / time["im2col"] > time["im2col"] / time["PyTorch"]
ax.set_title(f"What makes the difference is mostly {'the loop' if mostly else 'the library'}")
plt.show()

# %% [markdown]
# The first ratio is the one that such benchmarks print; it is the product of the other two. The
# second is NumPy against itself. Only the third compares libraries, and it is the kind that this
# site reports. Of a claimed speedup, ask first how the slower side was written.
#
# ## Exercises
#
# **1.** `conv_output_shape(x_shape, w_shape, stride, padding)` takes two shapes `(n, c, h, w)` and
# `(k, c, r, s)`, not necessarily square, and returns the shape of the layer's output as a tuple.
#
# **2.** `patches_as_columns(x, r, stride)` takes an array of shape `(c, h, w)` and returns the
# columns of its patches, `(c * r * r, places)`, places in reading order, such that
# `weights.reshape(k, -1) @ columns` is the layer without padding.
#
# **3.** `correlation_matrix(w, n)` takes a tensor of shape `(r,)` and returns the matrix of shape
# `(n - r + 1, n)`, in the dtype of `w`, whose product with a signal of `n` numbers is what
# `F.conv1d` gives. It has equal diagonals: a Toeplitz matrix.
#
# Answers are checked here or by `python -m tutorial check 08`; solutions are in
# `tutorial/solutions/convolution.py`.

# %%
from tutorial.exercises import check


def conv_output_shape(x_shape, w_shape, stride, padding):
    return x_shape, w_shape, stride, padding  # yours


check(conv_output_shape)


# %%
def patches_as_columns(x, r, stride):
    return x[:, ::stride, ::stride].reshape(-1, r)  # yours


check(patches_as_columns)


# %%
def correlation_matrix(w, n):
    return w.repeat(n)  # yours


check(correlation_matrix)

# %% [markdown]
# ## Where to read on
#
# - {{ chapter("training_ladder") }}: networks, whose layers these are.
# - {{ chapter("precision") }}: what float32 means in a convolution on a GPU.
# - {{ family("convolution", "All convolutions that were measured") }}, on all cores too.
# - [torch.nn.functional.conv2d](https://pytorch.org/docs/stable/generated/torch.nn.functional.conv2d.html)
#   in the PyTorch documentation.
# - Dumoulin and Visin, *A guide to convolution arithmetic for deep learning* (2016), has pictures
#   of stride, padding and the gradient. Lavin and Gray, *Fast algorithms for convolutional neural
#   networks* (2016), is about Winograd's algorithm.
