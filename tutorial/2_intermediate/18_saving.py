# %% [markdown]
# # Saving and loading: state_dict, files and trust
#
# `state_dict` · `load_state_dict` · `torch.save` · `torch.load` · `weights_only` · `map_location`
#
# {{ opening("training_ladder") }}
#
# `np.save` writes an array, and `np.load` reads it back. A trained network consists of many named
# arrays, and its optimiser has a state too. What you save depends on the program that will load it:
# one that predicts, or one that continues the training. And a file can run code when it is loaded,
# unless you prevent that.
#
# **What you will know at the end:**
#
# - what a `state_dict` holds, and what it does not;
# - how to save and load one, and what loading checks;
# - how a file of weights can run code, and how to prevent that;
# - what else you must save to continue a training as if it had never stopped.

# %%
import copy
import io
import pickle
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from bench.workloads.parts import digits

folder = tempfile.TemporaryDirectory()  # for the files of this chapter; removed at its end
path = Path(folder.name) / "digits.pt"
threads = torch.get_num_threads()  # put back at the end
torch.set_num_threads(1)  # as in the other program below: sums in the same order

# %% [markdown]
# ## A model is tensors with names
#
# This is the network of {{ chapter("training_ladder") }} with one more layer. `BatchNorm1d` shifts
# and scales each of its inputs to mean zero and variance one, and then multiplies it by a weight
# and adds a bias. In training it uses the mean and variance of the batch, and it keeps running
# means of both. After `eval()` it uses these running means:

# %%
images, labels = (torch.from_numpy(part) for part in digits.batches(32))
images = images.float()


def make(seed=0):
    torch.manual_seed(seed)
    return nn.Sequential(nn.BatchNorm1d(64), nn.Linear(64, 32), nn.Tanh(), nn.Linear(32, 10))


def train(model, optimizer, steps):
    model.train()
    losses = []
    for step in steps:
        loss = F.cross_entropy(model(images[step]), labels[step])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


model = make()
train(model, torch.optim.SGD(model.parameters(), lr=0.1), range(20))[-1]

# %% [markdown]
# `state_dict()` returns the **state dict**, a dictionary of all tensors of the model by name. A
# name is the path of attributes to the tensor. (A `Sequential` numbers its parts.) Some are
# parameters, which an optimiser changes. The others are **buffers**: the model needs them to
# compute, but gradients do not train them.

# %%
trained = {name for name, _ in model.named_parameters()}
for name, tensor in model.state_dict().items():
    print(f"{name:22} {'parameter' if name in trained else 'buffer':10} {tuple(tensor.shape)}")


# %% [markdown]
# In your own module, `register_buffer` makes a tensor a buffer. A tensor that is a plain attribute
# is neither saved nor moved to a device:


# %%
class Centred(nn.Module):
    def __init__(self, mean):
        super().__init__()
        self.register_buffer("mean", mean)
        self.forgotten = mean

    def forward(self, x):
        return x - self.mean


list(Centred(torch.zeros(3)).state_dict())

# %% [markdown]
# The tensors of a `state_dict` are the model's own tensors, not copies. When training continues,
# they change. To keep their values, make a copy:

# %%
held, copied = model.state_dict(), copy.deepcopy(model.state_dict())
train(model, torch.optim.SGD(model.parameters(), lr=0.1), range(20, 30))
now = model.state_dict()["1.weight"]
print(torch.equal(held["1.weight"], now), torch.equal(copied["1.weight"], now))

# %% [markdown]
# ## To a file and back
#
# `torch.save` writes a dictionary of tensors, and `torch.load` reads it. `load_state_dict` copies
# the numbers into a model that you have made before. The result is the same model, to the last bit:

# %%
torch.save(model.state_dict(), path)

restored = make(seed=1)  # other weights to begin with
print(restored.load_state_dict(torch.load(path, weights_only=True)))
wanted = model.eval()(images[0])
torch.equal(restored.eval()(images[0]), wanted)

# %% [markdown]
# You do not need PyTorch's file format for this. `np.savez` writes arrays by name, and any program
# with NumPy can read them. But NumPy knows no devices, and not all of PyTorch's dtypes (for
# instance not bfloat16, as {{ chapter("numpy_bridge") }} showed):

# %%
np.savez(path.with_suffix(".npz"), **{k: v.numpy() for k, v in model.state_dict().items()})
with np.load(path.with_suffix(".npz")) as arrays:
    restored.load_state_dict({name: torch.from_numpy(arrays[name]) for name in arrays})
torch.equal(restored.eval()(images[0]), wanted)

# %% [markdown]
# ## In another program
#
# A file is useful if another program can use it. Here a new Python process makes the model, loads
# the file, and saves what it computes:

# %%
PROGRAM = """
import sys, torch
from torch import nn

weights, images, out = sys.argv[1:]
torch.set_num_threads(1)
model = nn.Sequential(nn.BatchNorm1d(64), nn.Linear(64, 32), nn.Tanh(), nn.Linear(32, 10))
model.load_state_dict(torch.load(weights, weights_only=True))
torch.save(model.eval()(torch.load(images, weights_only=True)), out)
"""
program, given, out = (path.with_name(name) for name in ("predict.py", "images.pt", "out.pt"))
program.write_text(PROGRAM)
torch.save(images[0].clone(), given)  # clone: see the common mistake below
command = [sys.executable, program, path, given, out]
subprocess.run(command, check=True)  # noqa: S603 - that program
torch.equal(torch.load(out, weights_only=True), wanted)

# %% [markdown]
# That program also needed the line that makes the model, because a state dict holds numbers, not
# code. So keep the code that made the model, a class and its sizes, beside the file.
# {{ chapter("export") }} is about a file that needs no class.
#
# ## What loading checks
#
# Loading checks all names and shapes. Here one model has a layer of another size, and the other
# model has a layer that the file lacks:

# %%
larger = nn.Sequential(nn.BatchNorm1d(64), nn.Linear(64, 48), nn.Tanh(), nn.Linear(48, 10))
deeper = nn.Sequential(*make(), nn.Tanh(), nn.Linear(10, 10))
state = torch.load(path, weights_only=True)
for other in (larger, deeper):
    try:
        other.load_state_dict(state)
    except RuntimeError as error:
        print(error)

# %% [markdown]
# With `strict=False`, missing and unexpected names are no error, and the call returns them. Use
# this for a model that starts from the weights of another. Look at the names that it returns: if
# all names differ a little, nothing is loaded, and there is no error. A wrong shape is still an
# error:

# %%
print(deeper.load_state_dict(state, strict=False).missing_keys)
renamed = {f"model.{name}": tensor for name, tensor in state.items()}
report = make().load_state_dict(renamed, strict=False)
print(f"{len(report.unexpected_keys)} of {len(renamed)} not expected: {report.unexpected_keys[:2]}")
try:
    larger.load_state_dict(state, strict=False)
except RuntimeError as error:
    print(str(error).splitlines()[1].strip())

# %% [markdown]
# ## The device of loaded tensors
#
# A file stores the device of each tensor, and loading puts the tensor there. If the machine has no
# such device, name another with `map_location`. `"cpu"` always works. `"meta"` is a device on which
# tensors have shapes but no numbers. So it shows what is in a file without loading the numbers:

# %%
shapes = torch.load(path, map_location="meta")
{name: tuple(tensor.shape) for name, tensor in shapes.items() if "weight" in name}

# %% [markdown]
# ## A file that is a program
#
# Beside the numbers, `torch.save` writes a **pickle**, Python's own format for objects. A pickle
# says how to rebuild an object: call some function with some arguments. Loading makes that call.
# The method `__reduce__` of an object chooses this call, and it can be any call:


# %%
class Stranger:
    def __reduce__(self):
        return print, ("this line was printed by loading a file",)


data = pickle.dumps(Stranger())
pickle.loads(data)  # noqa: S301 - the danger is the subject, and this pickle is ours

# %% [markdown]
# So `torch.load` has `weights_only=True`, the default since PyTorch 2.6. It rebuilds tensors and
# plain Python values, such as dictionaries, lists, numbers and strings. It refuses to call any
# function that is not on a short list. Even the function for a NumPy number is not on it:

# %%
for extra in (Stranger(), np.float64(0.5)):
    torch.save({"weights": torch.ones(2), "extra": extra}, out)
    try:
        torch.load(out)
    except pickle.UnpicklingError as error:
        refused = re.search(r"GLOBAL (\S+)", str(error))[1]
        print(f"{type(extra).__name__}: refused to call {refused}")

# %% [markdown]
# The line of `Stranger` was not printed again. If you trust a class or a function and need it,
# `torch.serialization.add_safe_globals([...])` adds only this one to the list. `weights_only=False`
# would call any function that the file names, so use it only for files that you wrote yourself. A
# whole model, `torch.save(model, path)`, is refused too, because loading would have to call its
# class. This is one more reason to save the state dict. (`np.load` is careful in the same way: it
# loads arrays of Python objects only with `allow_pickle=True`.)
#
# ## To continue, save the optimiser too
#
# Adam keeps running means for every parameter and the number of its steps. They are in the
# optimiser's own state dict. The cell saves a training after some steps, in a **checkpoint**. Then
# it continues the training twice: once with the model's state alone, and once with everything that
# the next step depends on:


# %%
def adam(model):
    return torch.optim.Adam(model.parameters(), lr=0.01)


model = make()
optimizer = adam(model)
before = train(model, optimizer, range(20))
everything = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "next step": 20}
torch.save(everything, path)
unbroken = train(model, optimizer, range(20, 40))

# %%
resumed = {}
for kind in ("weights alone", "weights and optimiser"):
    saved, model = torch.load(path), make()
    model.load_state_dict(saved["model"])
    optimizer = adam(model)
    if kind == "weights and optimiser":
        optimizer.load_state_dict(saved["optimizer"])
    resumed[kind] = train(model, optimizer, range(saved["next step"], 40))
{kind: losses == unbroken for kind, losses in resumed.items()}

# %%
fig, ax = plt.subplots()
for colour, (kind, losses) in zip(("C3", "C1"), resumed.items(), strict=True):
    ax.plot(range(20, 40), np.subtract(losses, unbroken), color=colour, label=f"from {kind}")
ax.set(xticks=range(20, 40, 5), xlabel="step", ylabel="difference in cross-entropy (nats)")
ax.set_title("Resumed at step 20: the loss, less that of the training that was never interrupted")
ax.legend()
plt.show()

# %% [markdown]
# With the optimiser's state, every loss is the same to the last bit. Without it, Adam starts with
# empty means, as at the very beginning. If a training shuffles, it also depends on the state of its
# random generators. {{ chapter("checkpoints") }} is about the checkpoints of a long training.
#
# ## A common mistake: saving a view, which saves the whole tensor
#
# A view uses the memory of the tensor that it was taken from ({{ chapter("views") }}). PyTorch
# calls a block of memory a **storage**, and `torch.save` writes whole storages. So if you save one
# row of a matrix, the file holds the whole matrix, and loading loads all of it:


# %%
def in_file(save, data):
    file = io.BytesIO()
    save(file, data)
    return file.tell()


matrix = torch.zeros(1000, 250)
row = matrix[0]
sizes = {
    "np.save(row)": in_file(np.save, row.numpy()),
    "torch.save(row)": in_file(lambda file, data: torch.save(data, file), row),
    "torch.save(row.clone())": in_file(lambda file, data: torch.save(data, file), row.clone()),
}
print(f"numbers in the row: {row.nbytes} bytes")
sizes

# %%
fig, ax = plt.subplots(figsize=(7.5, 2.6))
bars = ax.barh(list(sizes), np.array(list(sizes.values())) / 1000, color=["C0", "C3", "C1"])
ax.bar_label(bars, fmt="{:,.1f}", padding=4)
ax.margins(x=0.15)
ax.set(xlabel="size of the file (kB)", title="One row of a matrix in a file")
ax.invert_yaxis()
plt.show()

# %% [markdown]
# `clone()` a part of a tensor before you save it. PyTorch has a reason to write the whole storage:
# tensors that shared memory before share it again after loading. If each had its own copy in the
# file, they would not share.

# %%
torch.save({"matrix": matrix, "row": row}, path)
both = torch.load(path)
both["matrix"][0, 0] = 7
print(both["row"][0].item())
torch.set_num_threads(threads)
folder.cleanup()

# %% [markdown]
# ## Exercises
#
# **1.** `trainable_state(model)` takes a module. It returns a dictionary of the parameters whose
# `requires_grad` is true, by their names in the `state_dict`. The values are copies that require no
# gradient and do not change when the model trains on.
#
# **2.** `changed_tensors(before, after)` takes two state dictionaries. It returns the sorted list
# of the names that are in only one of them, or whose tensors differ in shape, in dtype or in any
# number.
#
# **3.** `load_what_fits(model, state)` copies each tensor of a state dictionary into the model if
# its name and shape fit, and changes nothing else. It returns the sorted list of the names in
# `state` that did not fit. It never raises.
#
# Check your answers here or with `python -m tutorial check saving`. Solutions are in
# `tutorial/solutions/saving.py`.

# %%
from tutorial.exercises import check


def trainable_state(model):
    return model.state_dict()  # yours


check(trainable_state)


# %%
def changed_tensors(before, after):
    return sorted(before.keys() ^ after.keys())  # yours


check(changed_tensors)


# %%
def load_what_fits(model, state):
    model.load_state_dict(state, strict=False)  # yours
    return []


check(load_what_fits)

# %% [markdown]
# ## To take along
#
# - Save the `state_dict`, not the model: numbers with names, no code.
# - `weights_only=True` runs no code from the file. Without it, loading can run any code.
# - To continue a training, save the optimiser too.
#
# ## Where to read on
#
# - {{ chapter("checkpoints") }}: checkpoints of long trainings, and a file format without pickle.
# - {{ chapter("reproducibility") }}: what else has to be the same in two equal trainings.
# - PyTorch documentation: [Serialization
#   semantics](https://pytorch.org/docs/stable/notes/serialization.html), sections "Saving and
#   loading tensors preserves views" and "torch.load with weights_only=True".
# - NumPy documentation:
#   [numpy.savez](https://numpy.org/doc/stable/reference/generated/numpy.savez.html). Python
#   documentation: [pickle](https://docs.python.org/3/library/pickle.html), with its warning.
