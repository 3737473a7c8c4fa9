"""Solutions of the exercises of the chapter on dynamic graphs."""

import torch


def leaves_reached(output):
    """Visit each node once; a list of open nodes needs no recursion, so the graph may be deep.

    Only `AccumulateGrad` nodes have a `variable`. The `grad_fn` of an output without a graph is
    None.
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
    """Compute r0 + d (r1 + d (r2 + ...)) from the end, only with tensors, so all is in the graph."""
    total = torch.zeros((), dtype=rewards.dtype)
    for reward in reversed(rewards):
        total = reward + discount * total
    return total


def shortened(x, limit):
    """Choose the divisor with `torch.where`, so that it is never zero, on neither side."""
    norm = x.norm()
    safe = torch.where(norm > limit, norm, limit)
    return x * (limit / safe)
