"""Plausible wrong answers to the exercises on exported programs."""

import torch
from torch import nn


def operation_names(program):
    """The names of the nodes, which are numbered where an operation comes twice."""
    return [node.name for node in program.graph.nodes if node.op == "call_function"]


class _RowScaler(nn.Module):
    def forward(self, x):
        rows = [row if row.abs().max() == 0 else row / row.abs().max() for row in x]
        return torch.stack(rows)


def row_scaler():
    """Right in eager mode, but with a loop over rows and a branch on their values."""
    return _RowScaler()


def export_to_predict(model, example):
    """Any batch, but in the mode that the model happens to be in."""
    rows = {0: torch.export.Dim("batch", min=1)}
    return torch.export.export(model, (example,), dynamic_shapes=(rows,))
