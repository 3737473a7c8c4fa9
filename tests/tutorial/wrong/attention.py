"""Plausible wrong answers to the exercises of the chapter on attention."""

import torch


def causal_attention(q, k, v):
    """Hides after the softmax: the weights of a row no longer sum to one."""
    weights = (q @ k.T / q.shape[1] ** 0.5).softmax(1)
    return weights.tril() @ v


def split_heads(x, heads):
    """Has the right shape, but mixes positions and features."""
    return x.reshape(len(x), heads, x.shape[1], -1)


def merged(first, second):
    """Adds what was scaled by two different numbers."""
    largest = torch.maximum(first[0], second[0])
    return largest, first[1] + second[1], first[2] + second[2]
