"""Wrong answers to the exercises of the chapter on views."""


def standardise_columns(x):
    """Leave PyTorch's own correction: divided by n - 1."""
    return (x - x.mean(dim=0)) / x.std(dim=0)


def sliding_windows(x, width):
    """Take x to be contiguous: strides of 1 whatever x is."""
    return x.as_strided((len(x) - width + 1, width), (1, 1))


def squared_distances(x, y):
    """Give the new axes to the wrong sides: (m, n) in place of (n, m)."""
    return ((x[None] - y[:, None]) ** 2).sum(dim=2)
