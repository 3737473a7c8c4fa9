"""Answers to the exercises of the chapter on dynamic graphs."""

import torch


def leaves_reached(output):
    """Return the leaves of a graph: a set of nodes seen keeps each to one visit, a list no depth.

    `AccumulateGrad` nodes alone have a `variable`. An output without a graph begins with None.
    """
    seen, todo, leaves = set(), [output.grad_fn], []
    while todo:
        node = todo.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        if hasattr(node, "variable"):
            leaves.append(node.variable)
        todo += [before for before, _ in node.next_functions]
    return leaves


def discounted_return(rewards, discount):
    """Return r0 + d (r1 + d (r2 + ...)), from behind: all of it tensors, so all in the graph."""
    total = torch.zeros((), dtype=rewards.dtype)
    for reward in reversed(rewards):
        total = reward + discount * total
    return total


def shortened(x, limit):
    """Return x, at most `limit` long: what `torch.where` divides by is never zero."""
    norm = x.norm()
    safe = torch.where(norm > limit, norm, limit)
    return x * (limit / safe)
