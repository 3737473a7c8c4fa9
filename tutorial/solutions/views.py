"""Solutions of the exercises of the chapter on views."""


def standardise_columns(x):
    """Reduce over dim 0: (p,) broadcasts with (n, p). NumPy divides by n, so correction is 0."""
    return (x - x.mean(dim=0)) / x.std(dim=0, correction=0)


def sliding_windows(x, width):
    """Step by one element of x along both axes; the stride of x is the size of that step."""
    return x.as_strided((len(x) - width + 1, width), (x.stride(0), x.stride(0)))


def squared_distances(x, y):
    """Give each its own axis, (n, 1, d) and (1, m, d): broadcasting makes all pairs."""
    return ((x[:, None] - y[None]) ** 2).sum(dim=2)
