# %% [markdown]
# # The ecosystem: ONNX, safetensors, metrics, array API
#
# `sklearn.metrics` · `safetensors` · `torch.onnx.export` · `onnxruntime` · `SCIPY_ARRAY_API`
#
# {{ opening("whole_program", "export") }}
#
# A model is one part of a program. Other parts measure it, share it, or run it where there is no
# PyTorch. Most of these parts exist already as libraries. Here four libraries use one small
# classifier. After each we check that the numbers are the same.
#
# **What you will know at the end:**
#
# - how to give tensors to a library that was written for NumPy, and what it gives back;
# - how some functions of SciPy compute with tensors;
# - how a program without PyTorch reads your weights;
# - how another *runtime*, a program that runs models, runs yours.
#
# ## The model
#
# The model learns handwritten digits. The pixels go from 0 to 16, and the program divides them by
# 16:

# %%
import importlib.util
import logging
import os
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import safetensors.numpy
import safetensors.torch
import torch
from scipy import special
from sklearn import metrics
from sklearn.datasets import load_digits
from torch import nn
from torch.nn import functional as F

threads = torch.get_num_threads()  # put back at the end
torch.set_num_threads(1)
folder = tempfile.TemporaryDirectory()  # for the files of this chapter; removed at its end
place = Path(folder.name)

pixels, labels = (torch.from_numpy(part) for part in load_digits(return_X_y=True))
pixels = pixels.float()  # an image is a row of 64
train, test = slice(0, 1200), slice(1200, None)

torch.manual_seed(0)
model = nn.Sequential(nn.Linear(64, 32), nn.Tanh(), nn.Linear(32, 10))
optimizer = torch.optim.AdamW(model.parameters(), lr=0.01)
for _ in range(100):
    optimizer.zero_grad()
    F.cross_entropy(model(pixels[train] / 16), labels[train]).backward()
    optimizer.step()
model.eval()
scores = model(pixels[test] / 16)
answers = scores.argmax(1)
print(f"right: {(answers == labels[test]).float().mean():.1%} of {len(answers)}")

# %% [markdown]
# ## A metric from a library
#
# The share of right answers is the simplest metric. For others use a library, because their
# definitions have details that are easy to get wrong. **Recall** is the share of a digit's images
# that are answered with this digit. **Precision** is the share of the answers with this digit that
# are right. scikit-learn was written for NumPy. It calls `np.asarray` on its arguments, and this
# turns a tensor on the CPU into an array:

# %%
print(type(np.asarray(answers)))
measured = metrics.precision_recall_fscore_support(labels[test], answers)
print("digit  precision  recall  images")
for digit, (precision, recall, _, count) in enumerate(zip(*measured, strict=True)):
    print(f"{digit:5}{precision:11.1%}{recall:8.1%}{count:8}")

# %% [markdown]
# The **confusion matrix** counts, for each class, what the model took it for. The classes are rows.

# %%
confusion = metrics.confusion_matrix(labels[test], answers)
fig, ax = plt.subplots(figsize=(4.6, 4.2))
mistaken = confusion - np.diag(np.diag(confusion))
ax.pcolormesh(mistaken, cmap="Blues")
for row, column in np.ndindex(mistaken.shape):
    if mistaken[row, column]:
        colour = "white" if mistaken[row, column] > 0.7 * mistaken.max() else "black"
        at = column + 0.5, row + 0.5
        ax.text(*at, mistaken[row, column], ha="center", va="center", color=colour)
ticks = np.arange(10)
ax.set(xticks=ticks + 0.5, yticks=ticks + 0.5, xticklabels=ticks, yticklabels=ticks)
ax.set(xlabel="the model's answer", ylabel="the digit", aspect="equal")
ax.invert_yaxis()
ax.set_title(f"The {mistaken.sum()} wrong answers of {confusion.sum()}")
plt.show()

# %% [markdown]
# Two kinds of tensors cannot be read as arrays: one that needs a gradient, and one on another
# device. Call `detach()` for the first, `cpu()` for the second. (A metric needs no gradient.) The
# metric here is the area under the ROC curve. It is the probability that an image of the digit gets
# a higher score than an image of another digit:

# %%
digit = 8
is_digit, score = labels[test] == digit, scores[:, digit]
try:
    metrics.roc_auc_score(is_digit, score)
except RuntimeError as error:
    print(error)
print(f"area under the curve for {digit}: {metrics.roc_auc_score(is_digit, score.detach()):.4f}")

# %% [markdown]
# `torchmetrics` has the same metrics for tensors. It updates them batch by batch, on a GPU without
# copies. Other libraries that you will meet: torchvision (images, pretrained models), Transformers
# (language models), Lightning (training loops) and Captum (which inputs decide an answer).
#
# ## The array API: one function, arrays of any library
#
# The **array API standard** lists names and behaviour that array libraries have in common. A
# function that uses only these names works with the arrays of any library. Parts of SciPy and
# scikit-learn are written that way. Given a tensor, they return a tensor on the same device. But
# both libraries do this only after a switch. Without it, SciPy makes an array of the tensor first:

# %%
special.logsumexp(torch.arange(6.0).reshape(2, 3), axis=1)

# %% [markdown]
# SciPy's switch is the environment variable `SCIPY_ARRAY_API`. (scikit-learn also needs
# `sklearn.set_config(array_api_dispatch=True)`.) SciPy reads the variable when it is imported, so
# the same call runs again in a new process:

# %%
PROGRAM = """
import torch
from scipy import special

print(special.logsumexp(torch.arange(6.0).reshape(2, 3), axis=1))
"""
switched = os.environ | {"SCIPY_ARRAY_API": "1"}
command = [sys.executable, "-c", PROGRAM]
ran = subprocess.run(  # noqa: S603 - that program
    command, env=switched, check=True, capture_output=True, text=True
)
print(ran.stdout.strip())

# %% [markdown]
# The documentation of each SciPy function says whether it can do this, and on which devices.
#
# ## safetensors: the weights for any program
#
# A safetensors file holds named arrays: a short header in JSON, then the numbers. It holds no code,
# so a file from a stranger can be loaded ({{ chapter("checkpoints") }}). Libraries for many
# languages read it. Here NumPy reads the weights and computes the model's scores, without PyTorch:

# %%
path = place / "digits.safetensors"
safetensors.torch.save_file(model.state_dict(), path)
weights = safetensors.numpy.load_file(path)
print({name: array.shape for name, array in weights.items()})

x = pixels[test].numpy() / 16
hidden = np.tanh(x @ weights["0.weight"].T + weights["0.bias"])
by_numpy = hidden @ weights["2.weight"].T + weights["2.bias"]
print("the same scores:", np.allclose(by_numpy, scores.detach(), atol=1e-4))

# %% [markdown]
# The file says nothing about the tanh between the layers. You have to know the model to use the
# file.
#
# ## ONNX: the model for another runtime
#
# An ONNX file holds the weights **and** the operations. The operations come from a public list, so
# that programs in many languages can run them. `torch.onnx.export` records the model as
# `torch.export` does ({{ chapter("export") }}) and translates each operation. This needs two more
# packages: `pip install onnxscript onnxruntime`. Name the axes that vary, here the batch:

# %%
INSTALLED = all(importlib.util.find_spec(name) for name in ("onnxscript", "onnxruntime"))
if not INSTALLED:
    print("skipped: pip install onnxscript onnxruntime")


def to_onnx(model, path):
    """Export a model of rows of 64 pixels, for any number of rows."""
    logging.disable(logging.WARNING)  # it names the operations of packages that are not here
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # about PyTorch's own code
            exported = torch.onnx.export(
                model,
                (torch.zeros(2, 64),),
                dynamo=True,
                verbose=False,
                input_names=["pixels"],
                output_names=["scores"],
                dynamic_shapes=({0: torch.export.Dim("batch")},),
            )
    finally:
        logging.disable(logging.NOTSET)
    exported.save(path)
    return [node.op_type for node in exported.model.graph]


if INSTALLED:
    path = place / "digits.onnx"
    print(to_onnx(model, path), f"in {path.stat().st_size:,} bytes")
    print(f"weights: {sum(p.nbytes for p in model.parameters()):,} bytes")

# %% [markdown]
# `Gemm`, general matrix multiplication, is a linear layer. Now another runtime loads the file. ONNX
# Runtime is written in C++ and has its own kernels for CPUs and other devices. Its input and output
# are NumPy arrays. Its kernels add in another order, so the last digits may differ:


# %%
def run_onnx(path, pixels):
    import onnxruntime  # noqa: PLC0415 - it may not be installed

    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    (scores,) = session.run(["scores"], {"pixels": pixels})
    return scores


if INSTALLED:
    by_onnx = run_onnx(path, x)
    print(type(by_onnx).__name__, by_onnx.dtype, by_onnx.shape)
    print("the same scores:", np.allclose(by_onnx, by_numpy, atol=1e-4))
    print("the same answers:", np.array_equal(by_onnx.argmax(1), answers))
else:
    print("skipped: pip install onnxscript onnxruntime")

# %% [markdown]
# ## A common mistake: exporting the model without its preparation
#
# The program above divides pixels by 16 outside the model. So this division is in neither file. A
# colleague who gives raw pixels to the model gets no error, but worse answers. Here is what they
# see:

# %%
with torch.no_grad():
    raw = model(pixels[test])
for name, each in {"pixels / 16": scores, "raw pixels": raw}.items():
    accuracy = metrics.accuracy_score(labels[test], each.detach().argmax(1))
    certainty = each.detach().softmax(1).amax(1).mean()
    print(f"{name:11} {accuracy:.1%} right, mean probability of the answer {certainty:.1%}")

# %% [markdown]
# With raw pixels the model is wrong more often, and yet more certain. Make the preparation a
# part of what you export. A **buffer** is a tensor that belongs to a module and is saved with it,
# but is not trained:


# %%
class Prepared(nn.Module):
    def __init__(self, model, largest):
        super().__init__()
        self.model = model
        self.register_buffer("largest", torch.tensor(largest))

    def forward(self, pixels):
        return self.model(pixels / self.largest)


whole = Prepared(model, 16.0).eval()
print("the same scores:", torch.allclose(whole(pixels[test]), scores, atol=1e-4))
print(list(whole.state_dict()))
folder.cleanup()
torch.set_num_threads(threads)

# %% [markdown]
# ## Exercises
#
# **1.** `recalls(scores, labels)` takes scores as a tensor of shape (n, classes), which may need a
# gradient, and labels as a tensor of shape (n,). It returns a NumPy array of float64 of shape
# (classes,): the recall of each class, which is the share of its items whose largest score is that
# of the class. A class without items gets 0.
#
# **2.** `portable(model, mean, std)` takes a module and two tensors, each of the shape of one row
# of its input. It returns a module in eval mode that takes raw rows `x` and computes `model((x -
# mean) / std)`. `mean` and `std` are in its `state_dict`, but are not parameters.
#
# Check your answers here or with `python -m tutorial check ecosystem`. Solutions are in
# `tutorial/solutions/ecosystem.py`.

# %%
from tutorial.exercises import check


def recalls(scores, labels):
    return scores.argmax(1) == labels  # yours


check(recalls)


# %%
def portable(model, mean, std):
    return model, mean, std  # yours


check(portable)

# %% [markdown]
# ## To take along
#
# - Libraries for NumPy read CPU tensors as arrays: `detach()` and `cpu()` first.
# - safetensors holds weights alone. ONNX holds weights and operations.
# - After each export compare the results, and export the preparation too.
#
# ## Where to read on
#
# - {{ chapter("checkpoints") }}: safetensors and the trouble with pickle.
# - {{ chapter("export") }}: what an export records, and what it cannot.
# - {{ chapter("numpy_bridge") }}: memory that arrays and tensors share.
# - [The array API standard](https://data-apis.org/array-api/latest/), and SciPy's page on it.
# - [ONNX Runtime](https://onnxruntime.ai/docs/) and the [operators of
#   ONNX](https://onnx.ai/onnx/operators/).
