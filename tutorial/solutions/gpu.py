"""Solutions of the exercises of the chapter on GPUs."""

import math

import torch


def uses_until_it_pays(host_s, device_s, moved_bytes, link_bytes_s):
    """Divide the time of the move by the time that each use saves; a tie needs one use more."""
    if device_s >= host_s:
        return None
    return math.floor(moved_bytes / link_bytes_s / (host_s - device_s)) + 1


def double_buffered_s(copies, kernels):
    """Begin each job when everything it waits for is done: its engine, its data, its buffer."""
    copied, done = 0.0, [0.0, 0.0]
    for copy_s, kernel_s in zip(copies, kernels, strict=True):
        copied = max(copied, done[-2]) + copy_s
        done.append(max(copied, done[-1]) + kernel_s)
    return done[-1]


def mean_loss(losses):
    """Stack the losses on their device, take the mean there, and read only the mean."""
    return torch.stack(list(losses)).mean().item()
