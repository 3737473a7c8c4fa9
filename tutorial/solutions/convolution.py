"""Answers to the exercises of the chapter on convolution."""

import numpy as np
import torch


def conv_output_shape(x_shape, w_shape, stride, padding):
    """One output for each image and each row of weights, and one place for each window."""
    places = (
        (size + 2 * padding - r) // stride + 1
        for size, r in zip(x_shape[2:], w_shape[2:], strict=True)
    )
    return x_shape[0], w_shape[0], *places


def patches_as_columns(x, r, stride):
    """Windows are axes (c, i, j, u, v); weights lie as (c, u, v), so these axes come first."""
    windows = np.lib.stride_tricks.sliding_window_view(x, (r, r), axis=(1, 2))
    windows = windows[:, ::stride, ::stride]
    return windows.transpose(0, 3, 4, 1, 2).reshape(len(x) * r * r, -1)


def correlation_matrix(w, n):
    """Row i holds the weights from column i on: where the window lies for output i."""
    r = len(w)
    matrix = torch.zeros(n - r + 1, n, dtype=w.dtype)
    for i, row in enumerate(matrix):
        row[i : i + r] = w
    return matrix
