# %% [markdown]
# # How does one hand on a model without its code?
#
# An `.npz` of weights is numbers: whoever wants to use them also needs the functions that compute
# with them, in Python and in the right version. `torch.export` writes down what a model computes as
# one graph, which goes into one file with the weights. With PyTorch, a program needs no more than
# that file to run the model, and other tools can turn it into something that needs no Python.
#
# **What you will know at the end:**
#
# - what an exported program is, and how to read its graph;
# - how to save one, and to run it in a program that knows nothing of the model;
# - what turns into a constant on the way, and how to keep a size open;
# - what cannot be exported, and how to rewrite it.

# %%
import contextlib
import io
import logging
import subprocess
import sys
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import torch
from torch import nn
from torch.nn import functional as F

# %% [markdown]
# ## From a class to a graph
#
# A small classifier, with dropout, that learns which points of a plane lie within a circle:


# %%
class Classifier(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Linear(2, 32), nn.Linear(32, 2)
        self.drop = nn.Dropout(0.5)

    def forward(self, x):
        return self.second(self.drop(torch.tanh(self.first(x))))


torch.manual_seed(0)
points, model = torch.randn(256, 2), Classifier()
inside = (points.norm(dim=1) < 1).long()
optimizer = torch.optim.Adam(model.parameters(), lr=0.05)
for _ in range(100):
    optimizer.zero_grad()
    F.cross_entropy(model(points), inside).backward()
    optimizer.step()

# %% [markdown]
# `torch.export.export` takes a module and a tuple of examples for its arguments. It calls `forward`
# once and writes down each tensor operation, as `torch.compile` does
# ({{ chapter("dynamic_graph") }}), but of the whole `forward`, in advance, and without a way back
# to Python. Of the examples it uses shapes and dtypes alone, so zeros will do:

# %%
model.eval()
example = torch.zeros(32, 2)
program = torch.export.export(model, (example,))
for row in program.graph_module.code.strip().splitlines():
    print(row.partition(";")[0])  # what follows sets free what is no longer used

# %% [markdown]
# Each line between the first and the last is a node of the graph: an operation of ATen, the library
# of operations below all of PyTorch. The class is gone, and the weights are arguments. This is the
# same graph, drawn:

# %%
nodes = list(program.graph.nodes)
line = [node for node in nodes if not node.name.startswith("p_")]
at = {node: (place, 0) for place, node in enumerate(line)}
for node in set(nodes) - set(line):  # a parameter: beside its user, the bias below
    at[node] = (at[next(iter(node.users))][0] - 0.4, -1 if node.name.endswith("bias") else 1)
fig, ax = plt.subplots(figsize=(7.5, 3))
for node, place in at.items():
    ax.text(*place, node.name, ha="center", va="center", color=plt.rcParams["text.color"])
    colour, gap = ("C1", 30) if node in line else ("C3", 13)
    arrow = {"arrowstyle": "->", "color": colour, "shrinkA": gap, "shrinkB": gap}
    for user in node.users:
        ax.annotate("", at[user], place, arrowprops=arrow)
ax.set(xlim=(-0.3, len(line) - 0.6), ylim=(-1.3, 1.3))
ax.axis("off")
ax.set_title(f"The exported classifier: {len(line) - 2} operations, and its weights as inputs")
plt.show()

# %% [markdown]
# ## One file, and a program that has no class
#
# `torch.export.save` writes the weights, the graph as JSON, and the examples (so think before you
# export with private data). `torch.export.load` reads them, and `module()` makes a module of a
# program again. The proof is a new Python that imports `torch` alone. It runs the same operations
# on the same weights, so its results are those of the model, to the last bit:

# %%
folder = tempfile.TemporaryDirectory()  # for the files of this chapter
path = Path(folder.name) / "circle.pt2"
torch.export.save(program, path)
weights = sum(p.nbytes for p in model.parameters())
print(f"{path.stat().st_size} bytes, of which weights {weights}, example {example.nbytes}")
PROGRAM = """
import sys, torch

model, points, out = sys.argv[1:]
run = torch.export.load(model).module()
torch.save(run(torch.load(points)), out)
"""
script, given, out = (path.with_name(name) for name in ("predict.py", "points.pt", "out.pt"))
script.write_text(PROGRAM)
x = points[:32].clone()
torch.save(x, given)
subprocess.run([sys.executable, script, path, given, out], check=True)  # noqa: S603 - that program
print("same:", torch.equal(torch.load(out), model(x)))
folder.cleanup()

# %% [markdown]
# The documentation of `torch.export.load` warns of two things: it uses pickle, so load no file of a
# stranger ({{ chapter("saving") }}); and later versions of PyTorch may not read the file. So the
# file is for running a model. To keep a model for years, save its `state_dict` and its code.
#
# ## What turns into a constant
#
# Python ran once, at the export. What it did then, and every number that it used, is in the graph
# as it was; what changes later does not reach it:


# %%
class Cooled(nn.Module):
    temperature = 2.0

    def forward(self, x):
        print("Python runs, at temperature", self.temperature)
        return x / self.temperature


cooled = Cooled()
exported = torch.export.export(cooled, (torch.ones(2),)).module()
cooled.temperature = 4.0
print("exported:", exported(torch.ones(2)))
print("the model:", cooled(torch.ones(2)))

# %% [markdown]
# What is to vary has to be a tensor, and an argument. Shapes are constants as well, unless
# `dynamic_shapes` says otherwise. It names for each argument the axes that stay open. In the graph
# a symbol then stands where the number was, and it has a range. (Give an example of two rows or
# more, since a size of one may be taken for a constant.) `refusal` below returns what a call
# raises:


# %%
def refusal(call):
    """Return the first line of an error; what PyTorch reports beside it is left out."""
    logging.disable(logging.WARNING)
    try:
        with contextlib.redirect_stderr(io.StringIO()):
            return call()
    except (AssertionError, RuntimeError) as error:
        return str(error).splitlines()[0]
    finally:
        logging.disable(logging.NOTSET)


print(refusal(lambda: program.module()(x[:5])))
batch = torch.export.Dim("batch", min=1, max=1024)
program = torch.export.export(model, (example,), dynamic_shapes={"x": {0: batch}})
print([tuple(n.meta["val"].shape) for n in program.graph.nodes if n.op == "call_function"])
print(program.range_constraints)
run, many = program.module(), torch.randn(1025, 2)
print([torch.equal(run(many[:n]), model(many[:n])) for n in (1, 5, 32, 1024)])
print(refusal(lambda: run(many)))

# %% [markdown]
# ## A branch on a value
#
# An `if` on a number that is known only when there are data cannot be written down. `torch.compile`
# would end its graph there and ask Python, but here there is no Python to ask. (In the error, `u0`
# stands for the number.) Where both sides may be computed, `torch.where` chooses
# ({{ chapter("dynamic_graph") }}). `torch.cond`, a prototype, is a node that holds two graphs and
# runs one of them; both must return the same shape and dtype.


# %%
class Gated(nn.Module):
    def forward(self, x):
        return torch.tanh(x) if x.sum() > 0 else x / 2


class Cond(nn.Module):
    def forward(self, x):
        return torch.cond(x.sum() > 0, torch.tanh, lambda x: x / 2, (x,))


ones = torch.ones(3)
print(refusal(lambda: torch.export.export(Gated(), (ones,))).partition(" (")[0])
found = torch.export.export(Cond(), (ones,))
print([node.name for node in found.graph.nodes])
print([torch.equal(found.module()(x), Gated()(x)) for x in (ones, -ones)])

# %% [markdown]
# ## Where a program can go
#
# `program.module()` can be given to `torch.compile` ({{ chapter("fusion") }}). AOTInductor compiles
# a program in advance, to a library that C++ loads. ExecuTorch runs it on phones and
# microcontrollers. ONNX is a format that other runtimes read; `torch.onnx.export(..., dynamo=True)`
# exports in this way and then translates.
#
# Older books use TorchScript, the functions of `torch.jit`, for this. They compiled a subset of
# Python, loops and branches included, or recorded one run, and saved the result for C++. They are
# deprecated, and point at `torch.compile` and `torch.export`. So they are not taught here.
#
# ## A common mistake: exporting a model that is still training
#
# The mode is a Python value too, and so a constant. A model that is exported before `eval()` sets
# units to zero at random for ever: a later `eval()` comes too late. Printed is what the graph
# passes to dropout; the last value says whether it drops. Then both programs run on one point,
# again and again:

# %%
careless = torch.export.export(model.train(), (example,), dynamic_shapes={"x": {0: batch}})
print(refusal(lambda: careless.module().eval()))
model.eval()
fig, ax = plt.subplots()
different = {}
for mode, colour, found in (("train", "C3", careless), ("eval", "C1", program)):
    print(mode, next(n.args[1:] for n in found.graph.nodes if "dropout" in n.name))
    again = found.module()
    shares = [again(points[:1]).softmax(1)[0, inside[0]].item() for _ in range(40)]
    different[mode] = len(set(shares))
    ax.plot(shares, "o", color=colour, label=f"exported in {mode} mode")
ax.set(xlabel="run of the program on the same point", ylabel="probability of the right class")
ax.set_title("Different answers: {train} in train mode, {eval} in eval mode".format(**different))
ax.legend()
plt.show()

# %% [markdown]
# Call `eval()` before the export, and compare the program with the model on new data. Batch
# normalisation is no better: the third exercise has both.
#
# ## Exercises
#
# **1.** `operation_names(program)` takes an `ExportedProgram` and returns the list of the names of
# its operations in order, such as `["aten.linear.default", "aten.tanh.default"]`. That is the text
# of the `target` of each node whose `op` is `"call_function"`.
#
# **2.** `row_scaler()` returns an `nn.Module` whose `forward(x)` takes a tensor of shape (batch, n)
# and returns each row divided by its largest absolute value, and rows of zeros as they are. It can
# be exported with both sizes open, and has no parameters.
#
# **3.** `export_to_predict(model, example)` takes a module of one argument and an example of it, of
# shape (batch, ...) with a batch of two or more. It returns an `ExportedProgram` for prediction, in
# eval mode, for every batch from one row up. The model is left in the mode that it was in.
#
# Answers are checked here or by `python -m tutorial check 22`; solutions are in
# `tutorial/solutions/export.py`.

# %%
from tutorial.exercises import check


def operation_names(program):
    return [node.name for node in program.graph.nodes]  # yours


check(operation_names)


# %%
def row_scaler():
    return nn.Identity()  # yours


check(row_scaler)


# %%
def export_to_predict(model, example):
    return torch.export.export(model, (example,))  # yours


check(export_to_predict)

# %% [markdown]
# ## Where to read on
#
# - {{ chapter("dynamic_graph") }}: static graphs and what they cost; {{ chapter("checkpoints") }}.
# - PyTorch documentation: [torch.export](https://pytorch.org/docs/stable/export.html), on dynamic
#   shapes and limitations; "Control Flow - Cond"; "AOTInductor".
# - J. Reed et al., "torch.fx: Practical Program Capture and Transformation for Deep Learning in
#   Python", MLSys 2022: the kind of graph that an exported program holds.
