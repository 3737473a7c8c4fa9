"""Plausible wrong answers to the exercises on datasets, batches and splits."""

import torch
from torch.nn.utils.rnn import pad_sequence
from torch.utils.data import TensorDataset


def next_value_windows(series, width):
    """One item too few: the last value is never predicted."""
    return TensorDataset(series.unfold(0, width, 1)[:-2], series[width:-1])


def collate_with_mask(items):
    """Zeros that are data count as filling."""
    sequences, labels = zip(*items, strict=True)
    padded = pad_sequence(sequences, batch_first=True)
    return padded, padded != 0, torch.tensor(labels)


def stratified_split(labels, share, seed):
    """The right size and the right seed, but the classes are left to chance."""
    generator = torch.Generator().manual_seed(seed)
    order = torch.randperm(len(labels), generator=generator)
    count = round(share * len(labels))
    return order[count:], order[:count]
