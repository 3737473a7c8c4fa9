"""Checks of the exercises of the chapter on export."""

import contextlib
import io
import logging

import torch
from torch import nn

from tutorial.exercises import NotYetError, expect


def operation_names(answer):
    """`program.graph.nodes` has inputs and outputs too. Keep only the calls.

    `node.op` is the kind of a node, and `node.target` is what it calls. `str` makes text of it.
    """
    torch.manual_seed(0)
    network = nn.Sequential(nn.Linear(3, 2), nn.Tanh(), nn.Linear(2, 2)).eval()
    program = torch.export.export(network, (torch.ones(4, 3),))
    wanted = ["aten.linear.default", "aten.tanh.default", "aten.linear.default"]
    expect("a linear layer, a tanh, a linear layer", answer(program), wanted)
    program = torch.export.export(nn.Flatten(), (torch.ones(2, 3, 4),))
    expect("flattening alone", answer(program), ["aten.flatten.using_ints"])


def row_scaler(answer):
    """Work on all rows at once, without a loop and without `if`.

    `x.abs().amax(1, keepdim=True)` has the largest of each row. Where it is zero, divide by
    one.

    `torch.where` chooses the divisor before the division, as in the chapter on dynamic graphs.
    """
    module = answer()
    if not isinstance(module, nn.Module):
        raise NotYetError(f"expected an nn.Module, got {type(module).__name__}")
    x = torch.tensor([[1.0, -4.0, 2.0], [0.0, 0.0, 0.0], [-0.5, 0.25, 0.5]])
    wanted = torch.tensor([[0.25, -1.0, 0.5], [0.0, 0.0, 0.0], [-1.0, 0.5, 1.0]])
    expect(f"rows {x.tolist()}", module(x.clone()), wanted)
    expect("number of parameters", len(list(module.parameters())), 0)
    run = _open(module, x.clone()).module()
    expect("exported, the same rows", run(x.clone()), wanted)
    wide = torch.tensor([[-2.0, 1.0, 0.0, 0.0, 0.5]] * 7)
    expect("exported, seven rows of five numbers", run(wide), wide / 2)


def _open(module, x):
    """Export with both sizes variable; hide what PyTorch prints beside an error."""
    sizes = {axis: torch.export.Dim(name, min=1, max=4096) for axis, name in enumerate("bn")}
    logging.disable(logging.WARNING)
    try:
        with contextlib.redirect_stderr(io.StringIO()):
            return torch.export.export(module, (x,), dynamic_shapes=(sizes,))
    except (AssertionError, RuntimeError) as error:
        lines = [line.strip(" -") for line in str(error).splitlines()]
        said = next((line for line in lines if "speciali" in line), lines[0])
        raise NotYetError(f"expected an export with both sizes variable, got: {said}") from error
    finally:
        logging.disable(logging.NOTSET)


def export_to_predict(answer):
    """Note the mode of the model in the beginning, and put it back at the end.

    `model.training` is the mode, and `model.train(mode)` sets it. `try` and `finally` put it
    back after an error too.

    The batch is the first axis: `dynamic_shapes` is `({0: a Dim},)` for one argument, with
    `min=1` in the `Dim`.
    """
    torch.manual_seed(0)
    model = nn.Sequential(nn.BatchNorm1d(5), nn.Dropout(0.5), nn.Linear(5, 2))
    x = torch.randn(9, 5)
    model(x)  # changes the running means
    for training in (True, False):
        mode = "train" if training else "eval"
        model.train(training)
        program = answer(model, x)
        if not isinstance(program, torch.export.ExportedProgram):
            raise NotYetError(f"expected an ExportedProgram, got {type(program).__name__}")
        if model.training is not training:
            raise NotYetError(
                f"expected the model in {mode} mode afterwards, got it in the other mode"
            )
        wanted = model.eval()(x).detach()
        model.train(training)
        _run_each_batch(program, x, wanted, mode)


def _run_each_batch(program, x, wanted, mode):
    run = program.module()
    for rows in (9, 1, 4):
        what = f"a batch of {rows}, exported by a model in {mode} mode"
        try:
            got = run(x[:rows])
        except (AssertionError, RuntimeError) as error:
            said = str(error).partition("\n")[0]
            raise NotYetError(f"{what}: expected a result, got an error: {said}") from error
        expect(what, got.detach(), wanted[:rows])
