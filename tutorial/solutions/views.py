"""Answers to the exercises of the chapter on views."""


def standardise_columns(x):
    """Reduce over dim 0: (p,) meets (n, p) at the right. NumPy divides by n, so correction is 0."""
    return (x - x.mean(dim=0)) / x.std(dim=0, correction=0)


def sliding_windows(x, width):
    """Walk x by one element down and along; what an element is in memory, its own stride says."""
    return x.as_strided((len(x) - width + 1, width), (x.stride(0), x.stride(0)))


def squared_distances(x, y):
    """Give each its own axis, (n, 1, d) and (1, m, d): broadcasting makes every pair."""
    return ((x[:, None] - y[None]) ** 2).sum(dim=2)
