# %% [markdown]
# # How does one save what was learned?
#
# `np.save` writes an array, and `np.load` brings it back. A trained network is many arrays with
# names, some trained and some only measured, and an optimiser that remembers. What of it has to be
# in the file depends on who reads it: a program that predicts, or one that goes on training. And
# whether you can trust a file depends on who wrote it.
#
# **What you will know at the end:**
#
# - what a `state_dict` holds, and what it does not;
# - how to save and load one, and what loading checks;
# - why a file of weights can be a program, and what keeps it from running;
# - what else must be saved for a training that goes on as if it had never stopped.

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
# The network of {{ chapter("training_ladder") }}, with one layer more. `BatchNorm1d` brings each of
# its inputs to mean zero and variance one. In training it does so by the mean and variance of the
# batch, of which it keeps running means; after `eval()` it does so by these:

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
# `state_dict()`, the **state dict**, is a dictionary of all tensors that belong to the model, by
# the names of its attributes. Some are parameters, which an optimiser changes. The others are
# **buffers**: part of what the model needs to compute, but not trained by gradients.

# %%
trained = {name for name, _ in model.named_parameters()}
for name, tensor in model.state_dict().items():
    print(f"{name:22} {'parameter' if name in trained else 'buffer':10} {tuple(tensor.shape)}")


# %% [markdown]
# In a module of your own, `register_buffer` makes a tensor a buffer. A tensor that is a plain
# attribute is neither saved nor moved to a device:


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
# The tensors of a `state_dict` are those of the model, and no copies: as it trains on, they change.
# What is to stay needs a copy:

# %%
held, copied = model.state_dict(), copy.deepcopy(model.state_dict())
train(model, torch.optim.SGD(model.parameters(), lr=0.1), range(20, 30))
now = model.state_dict()["1.weight"]
print(torch.equal(held["1.weight"], now), torch.equal(copied["1.weight"], now))

# %% [markdown]
# ## To a file and back
#
# `torch.save` writes a dictionary of tensors, `torch.load` reads it, and `load_state_dict` copies
# the numbers into a model that has been made beforehand. The same model, to the last bit:

# %%
torch.save(model.state_dict(), path)

restored = make(seed=1)  # other weights to begin with
print(restored.load_state_dict(torch.load(path, weights_only=True)))
wanted = model.eval()(images[0])
torch.equal(restored.eval()(images[0]), wanted)

# %% [markdown]
# Nothing in this needs PyTorch's file format. `np.savez` writes arrays by name, and any program
# that has NumPy can read them; but NumPy knows no devices, and not all of PyTorch's dtypes
# (bfloat16, for instance, as {{ chapter("numpy_bridge") }} showed):

# %%
np.savez(path.with_suffix(".npz"), **{k: v.numpy() for k, v in model.state_dict().items()})
with np.load(path.with_suffix(".npz")) as arrays:
    restored.load_state_dict({name: torch.from_numpy(arrays[name]) for name in arrays})
torch.equal(restored.eval()(images[0]), wanted)

# %% [markdown]
# ## In another program
#
# A file is enough if a program that has nothing else can use it. Here a new Python makes the model,
# loads the file, and saves what it computes:

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
torch.save(images[0].clone(), given)  # why a clone is below, in the common mistake
command = [sys.executable, program, path, given, out]
subprocess.run(command, check=True)  # noqa: S603 - that program
torch.equal(torch.load(out, weights_only=True), wanted)

# %% [markdown]
# The line that makes the model had to be in that program too: a state dict holds numbers, not code.
# Keep beside a file what made it, a class and its sizes. A file that needs no class is the subject
# of {{ chapter("export") }}.
#
# ## What loading checks
#
# Names and shapes, all of them. Here the file lacks a layer, and another one has a different size:

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
# With `strict=False`, names that are missing or too many are forgiven and returned, for a model
# that is to begin from the weights of another. Look at what is returned: if all names are a little
# different, nothing is loaded, and there is no error. A wrong shape remains an error:

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
# ## Where the tensors come back
#
# A file notes the device of each tensor, and loading puts it there. On a machine that has no such
# device, `map_location` names another: `"cpu"` always works. `"meta"` is a device on which tensors
# have shapes and no numbers, so it shows what is in a file without holding it:

# %%
shapes = torch.load(path, map_location="meta")
{name: tuple(tensor.shape) for name, tensor in shapes.items() if "weight" in name}

# %% [markdown]
# ## A file that is a program
#
# What `torch.save` writes beside the numbers is a **pickle**, Python's own format for objects. A
# pickle says how to rebuild an object, by a call of some function with some arguments, and loading
# makes that call. By its method `__reduce__` an object can ask for any call:


# %%
class Stranger:
    def __reduce__(self):
        return print, ("this line was printed by loading a file",)


data = pickle.dumps(Stranger())
pickle.loads(data)  # noqa: S301 - the danger is the subject, and this pickle is ours

# %% [markdown]
# It might have been any other function. So `torch.load` has `weights_only=True`, the default since
# PyTorch 2.6: it rebuilds tensors and plain Python values, such as dictionaries, lists, numbers and
# strings, and refuses to call what is not on a short list. Not even a NumPy number is on it:

# %%
for extra in (Stranger(), np.float64(0.5)):
    torch.save({"weights": torch.ones(2), "extra": extra}, out)
    try:
        torch.load(out)
    except pickle.UnpicklingError as error:
        refused = re.search(r"GLOBAL (\S+)", str(error))[1]
        print(f"{type(extra).__name__}: refused to call {refused}")

# %% [markdown]
# The stranger's line was not printed again. `weights_only=False` would call what the file says, so
# it is for files that you wrote yourself. A whole model, `torch.save(model, path)`, is refused too,
# since its class would have to be called: one more reason to save the state dict. (`np.load` takes
# the same care: for arrays of Python objects it has to be told `allow_pickle=True`.)
#
# ## To go on, save the optimiser too
#
# Adam keeps running means for every parameter, and the number of its steps, in a state dict of its
# own. Here a training is saved after some steps, in a **checkpoint**, and goes on twice: once from
# the model's state alone, and once from all that the next step depends on:


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
# empty means, as at the very beginning. A training that shuffles also depends on the state of its
# random generators. {{ chapter("checkpoints") }} is about the checkpoints of a long training.
#
# ## A common mistake: saving a view, and with it all that it looks at
#
# A view shares the storage of the tensor that it was taken from ({{ chapter("views") }}), and
# `torch.save` writes storages. So one row of a matrix is saved with the whole of the matrix, and
# loaded with it:


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
# `clone()` what you cut out before you save it. There is a reason why the whole storage is written:
# tensors that shared memory before share it again after loading, which a copy of each would undo.

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
# **1.** `trainable_state(model)` takes a module and returns a dictionary of those tensors of its
# `state_dict` that training can change: the parameters whose `requires_grad` is true. The names are
# those of the `state_dict`, and the tensors are copies without a gradient, so that they stay as
# they are when the model trains on.
#
# **2.** `changed_tensors(before, after)` takes two state dictionaries and returns the sorted list
# of the names whose tensors are not the same: in one dictionary only, of another shape, of another
# dtype, or with any other number.
#
# **3.** `load_what_fits(model, state)` copies into the model each tensor of a state dictionary
# whose name and shape fit, leaves all else as it was, and returns the sorted list of the names in
# `state` that did not fit. It never raises.
#
# Answers are checked here or by `python -m tutorial check 13`; solutions are in
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
# ## Where to read on
#
# - {{ chapter("checkpoints") }}: checkpoints of long trainings, and a file format without pickle;
#   {{ chapter("reproducibility") }}: what else two equal trainings have to share.
# - PyTorch documentation:
#   [Serialization semantics](https://pytorch.org/docs/stable/notes/serialization.html), sections
#   "Saving and loading tensors preserves views" and "torch.load with weights_only=True".
# - NumPy documentation:
#   [numpy.savez](https://numpy.org/doc/stable/reference/generated/numpy.savez.html). Python
#   documentation: [pickle](https://docs.python.org/3/library/pickle.html), with its warning.
