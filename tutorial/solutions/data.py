"""Solutions of the exercises of the chapter on data."""

import torch
from torch.nn.utils.rnn import pad_sequence
from torch.utils.data import TensorDataset


def next_value_windows(series, width):
    """Make all windows as one view with `unfold`; drop the last, which no value follows."""
    return TensorDataset(series.unfold(0, width, 1)[:-1], series[width:])


def collate_with_mask(items):
    """Make the mask from the lengths: the values do not show which zeros were added."""
    sequences, labels = zip(*items, strict=True)
    padded = pad_sequence(sequences, batch_first=True)
    lengths = torch.tensor([len(sequence) for sequence in sequences])
    return padded, torch.arange(padded.shape[1]) < lengths[:, None], torch.tensor(labels)


def stratified_split(labels, share, seed):
    """Shuffle each class separately, with a new generator."""
    generator = torch.Generator().manual_seed(seed)
    train, test = [], []
    for label in labels.unique():
        rows = torch.nonzero(labels == label).flatten()
        rows = rows[torch.randperm(len(rows), generator=generator)]
        count = round(share * len(rows))
        test.append(rows[:count])
        train.append(rows[count:])
    return torch.cat(train), torch.cat(test)
