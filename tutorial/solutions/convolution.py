"""Solutions of the exercises of the chapter on convolution."""

import numpy as np
import torch


def conv_output_shape(x_shape, w_shape, stride, padding):
    """Return one output for each image and output channel, with one place for each window."""
    places = (
        (size + 2 * padding - r) // stride + 1
        for size, r in zip(x_shape[2:], w_shape[2:], strict=True)
    )
    return x_shape[0], w_shape[0], *places


def patches_as_columns(x, r, stride):
    """Windows have axes (c, i, j, u, v) and weights (c, u, v), so move these axes to the front."""
    windows = np.lib.stride_tricks.sliding_window_view(x, (r, r), axis=(1, 2))
    windows = windows[:, ::stride, ::stride]
    return windows.transpose(0, 3, 4, 1, 2).reshape(len(x) * r * r, -1)


def correlation_matrix(w, n):
    """Put the weights into row i from column i on, where the window of output i begins."""
    r = len(w)
    matrix = torch.zeros(n - r + 1, n, dtype=w.dtype)
    for i, row in enumerate(matrix):
        row[i : i + r] = w
    return matrix
