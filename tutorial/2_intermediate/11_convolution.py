# %% [markdown]
# # Convolutions: from loops to one matrix product
#
# `nn.functional.conv2d` · `sliding_window_view` · im2col · `channels_last`
#
# {{ opening("matmul", "autograd") }}
#
# Networks for images consist mostly of convolution layers. PyTorch has such layers and NumPy does
# not. If you write one with loops in Python, it is so slow that any library looks fast beside it.
# If you write it as a matrix product, it takes a few lines of NumPy, and the comparison is fair.
#
# **What you will know at the end:**
#
# - what a convolution layer computes, index by index, and how large its output is
# - how copying patches turns it into one matrix product, and what the copy costs
# - why the gradient of a convolution is also a convolution
# - why some enormous speedups over NumPy are speedups over a Python loop
#
# ## The layer, index by index
#
# Place a small array of weights `w` over a corner of an image `x`, multiply where they overlap, and
# add up. This gives one number of the output. Move the weights by one pixel for the next number.

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
# `torch.nn.functional` holds the operations of neural networks as plain functions. It is usually
# imported as `F`. Its `conv2d` takes many images with many channels (for example the red, green and
# blue of a photo). So `x` has four axes, called NCHW: image, channel, row, column. `w` has four
# axes too: output channel, input channel, row, column. Here all additional axes have length one:

# %%
tx, tw = torch.from_numpy(x)[None, None], torch.from_numpy(w)[None, None]
y = F.conv2d(tx, tw)
print(y.shape, np.array_equal(y[0, 0], slide(x, w)))

# %% [markdown]
# Two options change where the weights are placed. `padding` puts a border of zeros around the
# image. `stride` moves the weights by more than one pixel at a time. Let an axis have `h` pixels
# and `r` weights. With the border it has `h + 2 * padding` pixels. The first window begins at the
# first of them and the last must not go beyond the end, so this many windows fit:

# %%
for h, r, stride, padding in [(4, 3, 1, 0), (4, 3, 1, 1), (224, 7, 2, 3), (10, 3, 4, 0)]:
    size = (h + 2 * padding - r) // stride + 1
    y = F.conv2d(torch.ones(1, 1, h, h), torch.ones(1, 1, r, r), stride=stride, padding=padding)
    print(f"{h=} {r=} {stride=} {padding=}: {size}", y.shape[-1] == size)

# %% [markdown]
# ## Patches become rows
#
# Each output is the inner product of the weights with one patch of the image. If every patch is a
# row of a matrix, all inner products together are one matrix product. NumPy's `sliding_window_view`
# lists the patches without copying anything. `reshape` then has to copy them.

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
# This is called **im2col**, image to columns, because each patch can also be a column. The timed
# code does it that way. `unroll` makes each patch a column, with all input channels one below
# another. It takes a few images at a time (`in_cache`), for a reason that the next section shows.
# The weights have a row for each output channel and are multiplied from the left.
#
# {{ function("bench/workloads/parts/im2col.py", "unroll") }}
#
# These two functions are timed against each other. `b` is the bias, one number for each output
# channel. It is added to all outputs of its channel:
#
# {{ pair("conv2d") }}
#
# The two functions agree on images of handwritten digits, up to rounding:

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
# With a stride of one, each pixel is in up to `r * r` patches, and is copied for each of them. For
# each measured size, the cell prints the size of all images and the size of all their columns, in
# float32:

# %%
for size in WORKLOAD.sizes:
    n, c, h, k, r, stride, padding = size.params.values()
    o = (h + 2 * padding - r) // stride + 1
    images, columns = n * c * h**2 * 4 / 1e6, n * c * r**2 * o**2 * 4 / 1e6
    print(f"{size.label:16}{images:6.2f} MB of images {columns:7.2f} MB of columns")

# %% [markdown]
# The columns of the last layer are too large for most caches. So `unroll` makes the columns of a
# few images at a time, which may then stay in the cache. PyTorch calls a library (oneDNN on most
# processors, cuDNN on NVIDIA's GPUs) that need not write columns at all: a *direct* kernel reads
# the patches where they are. For small weights it may choose an algorithm with fewer
# multiplications, such as Winograd's.
#
# Such kernels take many channels of a pixel at once. In NCHW the channels of a pixel are a whole
# plane of `h * w` numbers apart, so the kernel may have to reorder them first. The memory format
# `channels_last` keeps shape and values, and stores the channels of a pixel side by side:

# %%
images = torch.rand(1, 3, 4, 5, generator=torch.Generator().manual_seed(0))
last = images.to(memory_format=torch.channels_last)
print(last.shape, torch.equal(last, images))
print("steps in memory along each axis:", images.stride(), last.stride())
print("PyTorch has oneDNN here:", torch.backends.mkldnn.is_available())  # by its old name

# %% [markdown]
# ## Which side is faster
#
# The sizes are five layers: one for handwritten digits, one for the small photos of the data set
# CIFAR, and three of VGG and ResNet, known networks for photos. Here is one core against one core:
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
#     faster="This layer needs the most arithmetic of the five. On this machine the kernel that
#     PyTorch calls is faster at it.",
#     slower="This layer needs the most arithmetic of the five. On this machine the matrix product
#     of im2col is faster at it, copies included.",
#     tie="This layer needs the most arithmetic of the five, and both sides do it equally fast on
#     this machine.",
#     otherwise="The result file of this machine does not show which side is faster at this
#     layer.") }}
#
# This is the same layer on a GPU:
#
# > {{ speedup("conv2d", "resnet-3x3", contender="torch-cuda") }}
#
# ## The gradient is also a convolution
#
# Output `[i, j]` is the sum of `w[u, v] * x[i + u, j + v]` over `u` and `v`. Let `grad_y` be the
# gradient of a loss with respect to the output. Then the chain rule gives two sums:
#
# - The gradient with respect to `w[u, v]` is the sum of `grad_y[i, j] * x[i + u, j + v]` over `i`
#   and `j`. So `grad_y` slides over the image.
# - The gradient with respect to `x[p, q]` is the sum of `grad_y[p - u, q - v] * w[u, v]` over `u`
#   and `v`. So the weights, with both axes reversed, slide over `grad_y` with zeros around it.
#
# Autograd gives the same:

# %%
tx, tw = tx.requires_grad_(), tw.requires_grad_()
grad_y = torch.tensor([[1.0, -2.0], [3.0, 4.0]], dtype=torch.float64)
F.conv2d(tx, tw).backward(grad_y[None, None])
grad_w = slide(x, grad_y.numpy())
grad_x = slide(np.pad(grad_y, 2), w[::-1, ::-1])
print(np.array_equal(tw.grad[0, 0], grad_w), np.array_equal(tx.grad[0, 0], grad_x))

# %% [markdown]
# With many channels both gradients are matrix products. The gradient of `w` uses the columns of
# `unroll`. The gradient of `x` comes as columns, and `fold` adds them back into the image.
# PyTorch's two functions are from `torch.nn.grad`:
#
# {{ pair("conv2d_backward") }}
#
# This compares the time of both gradients together:
#
# > {{ speedup("conv2d_backward", "resnet-3x3") }}
#
# ## What mathematics calls a convolution
#
# In mathematics the weights of a convolution are reversed first. `np.convolve` and SciPy's
# `convolve2d` do that. PyTorch does not, and the correct name for what its layers compute is
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
# A layer that learns its weights can learn them in either order. But if a filter has given weights,
# for example from SciPy, reverse it along its last two axes: `w.flip(-1, -2)`.
#
# ## A common mistake: a Python loop as the baseline
#
# This is a NumPy convolution as some benchmarks write it, a loop over the places of the output. Its
# numbers are right:


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
# The cell times three ways to compute the same layer, on one core, as the shortest of five runs:

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
# The first ratio is the one that such benchmarks print. It is the product of the other two. The
# second compares NumPy with itself. Only the third compares the libraries, as this site does. If
# you read of a large speedup, ask first how the slower side was written.
#
# ## Exercises
#
# **1.** `conv_output_shape(x_shape, w_shape, stride, padding)` takes two shapes `(n, c, h, w)` and
# `(k, c, r, s)`, not necessarily square. It returns the shape of the layer's output as a tuple.
#
# **2.** `patches_as_columns(x, r, stride)` takes an array of shape `(c, h, w)`. It returns the
# columns of its patches, `(c * r * r, places)`, where the places go row by row. Then
# `weights.reshape(k, -1) @ columns` must be the layer without padding.
#
# **3.** `correlation_matrix(w, n)` takes a tensor of shape `(r,)`. It returns the matrix of shape
# `(n - r + 1, n)`, in the dtype of `w`, whose product with a signal of `n` numbers equals
# `F.conv1d`. Each diagonal of this matrix has equal entries: it is a Toeplitz matrix.
#
# Check your answers here or with `python -m tutorial check convolution`. Solutions are in
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
# ## To take along
#
# - A convolution layer is a matrix product over copied patches.
# - Its gradients are convolutions too.
# - A very large speedup over NumPy may be a speedup over a Python loop.
#
# ## Where to read on
#
# - {{ chapter("training_ladder") }}: networks that are built from layers.
# - {{ chapter("precision") }}: what float32 means in a convolution on a GPU.
# - {{ family("convolution", "All convolutions that were measured") }}, also on all cores.
# - [torch.nn.functional.conv2d](https://pytorch.org/docs/stable/generated/torch.nn.functional.conv2d.html)
#   in the PyTorch documentation.
# - Dumoulin and Visin, *A guide to convolution arithmetic for deep learning* (2016), has pictures
#   of stride, padding and the gradient. Lavin and Gray, *Fast algorithms for convolutional neural
#   networks* (2016), is about Winograd's algorithm.
