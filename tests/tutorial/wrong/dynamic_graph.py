"""Plausible wrong answers to the exercises of the chapter on dynamic graphs."""

import torch


def leaves_reached(output):
    """Follow every way to a leaf: one that is used twice is listed twice."""
    todo, leaves = [output.grad_fn], []
    while todo:
        node = todo.pop()
        if hasattr(node, "variable"):
            leaves.append(node.variable)
        if node is not None:
            todo += [before for before, _ in node.next_functions]
    return leaves


def discounted_return(rewards, discount):
    """Take the discount out of the graph: the value is right, its gradient is missing."""
    powers = torch.tensor([discount.item() ** t for t in range(len(rewards))], dtype=rewards.dtype)
    return (rewards * powers).sum()


def shortened(x, limit):
    """Choose after dividing: for a vector of zeros the gradient is zero times infinity."""
    norm = x.norm()
    return torch.where(norm > limit, x * (limit / norm), x)
