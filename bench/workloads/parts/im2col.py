"""Convolution as a matrix product for NumPy: images to columns, and columns back to images.

Source: Chellapilla, Puri & Simard, High performance convolutional neural networks for document
processing (2006). No loop runs over pixels: the windows are a strided view of the image, which is
copied into columns. Each copy takes as many images as fit the cache. Copying all images at once
would need r * r times their memory.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]
CACHE_BYTES = 2**18  # columns of one copy; one image may need more


def output_size(h: int, r: int, stride: int, padding: int) -> int:
    """Return how many positions a window of width r has along h pixels."""
    return (h + 2 * padding - r) // stride + 1


def unroll(x: Array, r: int, stride: int, padding: int) -> Iterator[tuple[slice, Array]]:
    """Yield slices of the images of x (n, c, h, h), each with its columns (images, c r r, o o)."""
    x = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    windows = np.lib.stride_tricks.sliding_window_view(x, (r, r), axis=(2, 3))
    windows = windows[:, :, ::stride, ::stride].transpose(0, 1, 4, 5, 2, 3)
    n, c, _, _, o, _ = windows.shape
    for images in in_cache(n, c * r * r * o * o * x.itemsize):
        yield images, windows[images].reshape(-1, c * r * r, o * o)


def fold(columns: Array, x: Array, r: int, stride: int, padding: int) -> None:
    """Set each pixel of x (images, c, h, h) to the sum of its columns: the adjoint of `unroll`."""
    n, c, h, _ = x.shape
    o = output_size(h, r, stride, padding)
    columns = columns.reshape(n, c, r, r, o, o)
    padded = np.zeros((n, c, h + 2 * padding, h + 2 * padding), x.dtype)
    reach = stride * (o - 1) + 1
    for u in range(r):
        for v in range(r):
            padded[:, :, u : u + reach : stride, v : v + reach : stride] += columns[:, :, u, v]
    x[...] = padded[:, :, padding : padding + h, padding : padding + h]


def in_cache(n: int, image_bytes: int) -> Iterator[slice]:
    """Yield slices that cover n images; each holds as many as fit into `CACHE_BYTES`."""
    step = max(1, CACHE_BYTES // image_bytes)
    yield from (slice(i, i + step) for i in range(0, n, step))
