"""Solutions of the exercises of the chapter on linear algebra."""

import torch


def ridge(x, y, penalty):
    """The gradient is zero where (x.T x + penalty I) w = x.T y."""
    matrix = x.T @ x + penalty * torch.eye(x.shape[1], dtype=x.dtype)
    return torch.linalg.solve(matrix, x.T @ y)


def low_rank(a, rank):
    """Keep the largest singular values (Eckart and Young, 1936)."""
    u, s, vh = torch.linalg.svd(a, full_matrices=False)
    return (u[:, :rank] * s[:rank]) @ vh[:rank]


def whiten(x):
    """The columns of u are orthogonal and of length one; times sqrt(n) their variance is one."""
    u, _, _ = torch.linalg.svd(x - x.mean(0), full_matrices=False)
    return u * len(x) ** 0.5
