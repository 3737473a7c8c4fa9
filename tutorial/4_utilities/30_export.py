# %% [markdown]
# # Export: torch.export, a model without its code
#
# `torch.export.export` · `Dim` · `torch.export.save` · `torch.cond` · TorchScript
#
# {{ opening("saving", "dynamic_graph") }}
#
# An `.npz` of weights holds only numbers. To use them you also need the functions that compute with
# them, in Python and in the right version. `torch.export` records what a model computes as one
# graph, and one file holds the graph and the weights. A program with PyTorch needs only this file
# to run the model. Other tools can turn the file into something that runs without Python.
#
# **What you will know at the end:**
#
# - what an exported program is, and how to read its graph;
# - how to save one, and how to run it in a program that does not have the model's class;
# - what becomes a constant in the export, and how to keep a size variable;
# - what cannot be exported, and how to rewrite it;
# - what the older `torch.jit.script` and `torch.jit.trace` do, and how to replace their models.

# %%
import contextlib
import io
import logging
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path

import matplotlib.pyplot as plt
import torch
from torch import nn
from torch.nn import functional as F

# %% [markdown]
# ## From a class to a graph
#
# Here is a small classifier with dropout. It learns which points of a plane are inside a circle:


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
# once and records each tensor operation, as `torch.compile` does ({{ chapter("dynamic_graph") }}).
# But `torch.compile` may record a part and let Python do the rest. An export must record all of
# `forward`. Of example tensors it uses only the shapes and dtypes, so zeros are enough:

# %%
model.eval()
example = torch.zeros(32, 2)
program = torch.export.export(model, (example,))
for row in program.graph_module.code.strip().splitlines():
    print(row.partition(";")[0])  # the rest of a line frees memory

# %% [markdown]
# Each line between the first and the last is a node of the graph: an operation of ATen, the library
# of operations that all of PyTorch uses. The class is gone, and the weights are arguments. The
# figure draws the same graph:

# %%
nodes = list(program.graph.nodes)
parameters = [node for node in nodes if node.name.startswith("p_")]
line = [node for node in nodes if node not in parameters]
at = {node: (place, 0) for place, node in enumerate(line)}
for node in parameters:  # beside its user, the bias below
    at[node] = (at[next(iter(node.users))][0] - 0.4, -1 if node.name.endswith("bias") else 1)
fig, ax = plt.subplots(figsize=(7.5, 3))
for node, place in at.items():
    ax.text(*place, node.name, ha="center", va="center", color=plt.rcParams["text.color"])
    colour, gap = ("C1", 22) if node in line else ("C3", 13)
    arrow = {"arrowstyle": "->", "color": colour, "shrinkA": gap, "shrinkB": gap}
    for user in node.users:
        ax.annotate("", at[user], place, arrowprops=arrow)
ax.set(xlim=(-0.3, len(line) - 0.6), ylim=(-1.3, 1.3))
ax.axis("off")
ax.set_title(f"Exported: {len(line) - 2} operations, and the weights as inputs")
plt.show()

# %% [markdown]
# ## One file, and a program that has no class
#
# `torch.export.save` writes the weights, the graph as JSON, and the examples. (So think before you
# export with private data.) `torch.export.load` reads them, and `module()` turns a program into a
# module again. Here a new Python process, which imports only `torch`, loads and runs it. The
# operations and the weights are the same, so the results are those of the model, to the last bit:

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
# The documentation of `torch.export.load` has two warnings. It uses pickle, so do not load a file
# from a stranger ({{ chapter("saving") }}). And later versions of PyTorch may not be able to read
# the file. So use the file to run a model. To keep a model for years, save its `state_dict` and its
# code.
#
# ## What becomes a constant
#
# Python ran once, during the export. The graph keeps the operations and the numbers of that run. If
# you change a number later, the graph does not change:


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
# A value that should vary has to be a tensor, and an argument. Shapes are constants as well, unless
# the argument `dynamic_shapes` names the axes that vary. For these sizes the graph has a symbol
# (`s77` or so) with a range (`VR`) in place of a number. When the program runs, it checks the sizes
# by *guards*, as compiled code does ({{ chapter("fusion") }}). (Give an example of two rows or
# more, because a size of one may be treated as a constant.) `refusal` below returns the error that
# a call raises:


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
# An `if` on a number that is known only with the data cannot be recorded. `torch.compile` would end
# its graph there and return to Python, but an exported program has no Python. (In the error, `u0`
# stands for the number.) If both sides may be computed, `torch.where` chooses
# ({{ chapter("dynamic_graph") }}). `torch.cond`, a prototype, makes a node that holds two graphs.
# It runs only one of them, but both must return the same shape and dtype.


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
# You can give `program.module()` to `torch.compile` ({{ chapter("fusion") }}). A *runtime* is a
# program that runs models. AOTInductor compiles a model in advance, as a library that a program in
# C++ can load. ExecuTorch is a runtime for phones and microcontrollers. ONNX is a file format that
# many runtimes read. `torch.onnx.export(..., dynamo=True)` exports in this way and then translates
# to ONNX ({{ chapter("ecosystem") }}).
#
# ## Old programs: TorchScript
#
# Older books and programs use TorchScript, the functions of `torch.jit`. They are deprecated, so
# write nothing new with them. But you will meet their files. There are two ways to make one:
#
# - `torch.jit.script` compiles the **source** of `forward`, in a subset of Python. An `if` stays an
#   `if`.
# - `torch.jit.trace` records **one run** on an example, as export does. At an `if` it takes the
#   branch of the example, warns, and goes on. The other branch is lost.
#
# Here a model with an `if` is converted in both ways, and the script is saved and loaded. The cell
# records the warnings and prints the first sentence of each:


# %%
class Gate(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(3, 3)

    def forward(self, x):
        y = self.linear(x)
        return torch.tanh(y) if y.sum() > 0 else y / 2


gate, archive = Gate().eval(), io.BytesIO()  # the archive: a file in memory
up, down = (sign * gate.linear.weight.detach().sum(0) * 9 for sign in (1, -1))
print("the sum is positive:", [gate.linear(x).sum().item() > 0 for x in (up, down)])
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    scripted, traced = torch.jit.script(gate), torch.jit.trace(gate, up)
    torch.jit.save(scripted, archive)
    archive.seek(0)
    old = torch.jit.load(archive)
for warning in dict.fromkeys((w.category.__name__, str(w.message).split(". ")[0]) for w in caught):
    print(*warning, sep=": ")

# %% [markdown]
# Now both run on two inputs, one for each branch. `code` shows what the trace holds. The `if` is
# gone:

# %%
for name, each in {"script": scripted, "trace": traced}.items():
    print(name, "is right:", [torch.equal(each(x), gate(x)) for x in (up, down)])
print(traced.code.strip())

# %% [markdown]
# | | an `if` on a value | what it says |
# |:---|:---|:---|
# | `torch.jit.script` | both branches are kept | deprecated |
# | `torch.jit.trace` | one branch, for all inputs | deprecated, and a `TracerWarning` |
# | `torch.export` | cannot be exported | an error, as above |
#
# **To replace a saved TorchScript model**, you need its weights and its computation. The weights
# are in its `state_dict`, by the names of the old class. `code` shows the computation as Python.
# Write it again as a module with the same names, load the weights, and export. Then compare both on
# data that takes every branch:


# %%
class NewGate(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(3, 3)

    def forward(self, x):
        y = self.linear(x)
        return torch.where(y.sum() > 0, torch.tanh(y), y / 2)


print(old.code.strip())
new = NewGate().eval()
new.load_state_dict(old.state_dict())
moved = torch.export.export(new, (up,)).module()
print("the same:", [torch.equal(moved(x), old(x)) for x in (up, down)])

# %% [markdown]
# ## A common mistake: exporting a model that is still training
#
# The mode is a Python value too, and so it is a constant. If you export a model before `eval()`,
# dropout stays active in the exported program: it sets random units to zero in every prediction. A
# later `eval()` is refused. The cell prints the arguments that the graph gives to dropout. The last
# of them says whether dropout is active. Then each program runs forty times on the same point:

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
# Call `eval()` before the export, and compare the program with the model on new data.
# Batch normalisation has the same problem. The third exercise is about both.
#
# ## Exercises
#
# **1.** `operation_names(program)` takes an `ExportedProgram`. It returns the list of the names of
# its operations in order, such as `["aten.linear.default", "aten.tanh.default"]`. A name is the
# `target`, as text, of a node whose `op` is `"call_function"`.
#
# **2.** `row_scaler()` returns an `nn.Module`. Its `forward(x)` takes a tensor of shape (batch, n)
# and returns each row divided by its largest absolute value. Rows of zeros stay as they are. The
# module has no parameters. It can be exported so that both sizes vary.
#
# **3.** `export_to_predict(model, example)` takes a module of one argument and an example of that
# argument, of shape (batch, ...) with a batch of two or more. It returns an `ExportedProgram` for
# prediction, exported in eval mode, that accepts a batch of any size from one up. Afterwards the
# model is in the mode in which it was before.
#
# Check your answers here or with `python -m tutorial check export`. Solutions are in
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
# ## To take along
#
# - An exported program is one graph with its weights, in one file.
# - Numbers, branches and sizes become constants, unless you say that a size varies.
# - Call `eval()` before you export.
#
# ## Where to read on
#
# - {{ chapter("dynamic_graph") }}: static graphs and what they cost; {{ chapter("checkpoints") }}.
# - PyTorch documentation: [torch.export](https://pytorch.org/docs/stable/export.html), on dynamic
#   shapes and limitations; "Control Flow - Cond"; "AOTInductor".
# - J. Reed et al., "torch.fx: Practical Program Capture and Transformation for Deep Learning in
#   Python", MLSys 2022: the kind of graph that an exported program holds.
