# %% [markdown]
# # A whole program: from data to predictions
#
# `Dataset` · `DataLoader` · `nn.Module` · `nn.Conv2d` · `torch.optim.SGD` · `train` · `eval` ·
# `no_grad` · `state_dict`
#
# {{ opening("autograd") }}
#
# This chapter reads one complete PyTorch program: it loads handwritten digits, trains a network,
# validates it, saves it, loads it again and predicts. Nearly every training program has these
# parts, in this order. A program that does the same in NumPy follows.
#
# **What you will know at the end:**
#
# - what `Dataset`, `DataLoader`, `nn.Module` and an optimiser do in a program, and how they meet
# - what `train()`, `eval()` and `no_grad()` switch, and when to call them
# - why some images are for training, some for validation and some for the test
# - which lines of the NumPy program PyTorch replaces, and which it does not
#
# ## The program
#
# The network has one **convolution**, which compares 16 small patterns with every place of an
# image, and one linear layer, which turns the results, the **features**, into ten scores. The
# largest score is the answer. An **epoch** is one pass over all training images. Read the program
# once. The sections below explain its parts:
#
# {{ source("tutorial/digits_torch.py") }}
#
# This cell runs it for five epochs. The loss is that of the last batch alone, so it can rise from
# one epoch to the next:

# %%
import tempfile
import time
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import torch
from torch.nn import functional as F
from torch.utils.data import DataLoader

from tutorial import digits_numpy, digits_torch

threads = torch.get_num_threads()  # put back at the end
torch.set_num_threads(1)
folder = tempfile.TemporaryDirectory()  # for the files of this chapter; removed at its end
weights = Path(folder.name) / "weights.pt"
digits_torch.main(weights, epochs=5)

# %% [markdown]
# ## Data: items, and batches of them
#
# A **dataset** has a length and returns one item for an index: here an image and its label. An
# image is a tensor of shape (1, 8, 8), because a convolution expects channels first, and a grey
# image has one channel. The **loader** stacks items into batches. With `shuffle=True` it takes them
# in a new random order for every epoch:

# %%
validation = digits_torch.Digits(np.random.default_rng(0).permutation(1797)[1200:1500])
image, label = validation[0]
print(len(validation), image.shape, label)
loader = DataLoader(validation, batch_size=100)
images, labels = next(iter(loader))
print(len(loader), "batches of", tuple(images.shape), tuple(labels.shape))

# %% [markdown]
# The images are split three ways. The program learns from the **training** images. After each epoch
# it counts right answers on the **validation** images, so that you can choose the number of epochs
# or the learning rate. Such a choice suits the validation images, so the result on them may be
# too good. So the **test** images are used once, after all choices.
#
# ## The model: parts, and how they are connected
#
# A model is a class. `__init__` makes the parts, and `forward` connects them. `relu` replaces
# negative numbers by zero, and `max_pool2d` keeps the largest number of each 2 by 2 window. Calling
# the model calls `forward`. `nn.Module` finds all parameters in the parts:

# %%
model = digits_torch.Network()
for name, parameter in model.named_parameters():
    print(f"{name:14} {tuple(parameter.shape)}")
print(model(images).shape)

# %% [markdown]
# ## A training step: four lines
#
# 1. Compute the **loss**: `F.cross_entropy` is small if the score of the right class is far above
#    the others.
# 2. `zero_grad()` clears the gradients of the last step, because `backward` adds to them.
# 3. `backward()` computes the gradient of the loss for every parameter ({{ chapter("autograd") }}).
# 4. `step()` moves every parameter against its gradient. With `momentum`, steps in the same
#    direction add up.
#
# `SGD`, stochastic gradient descent, uses the gradient of one batch in each step. After one step
# the loss of this batch is smaller:

# %%
optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
model.eval()  # without dropout, so that the two losses can be compared
for _ in range(2):
    loss = F.cross_entropy(model(images), labels)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    print(f"{loss.item():.4f}")

# %% [markdown]
# ## Training and evaluation
#
# **Dropout** sets about a fifth of the features to zero in each step, at random, so that the
# network does not rely on a few. It divides the others by 0.8 to make up for them. For predictions
# it must be off. `model.train()` switches it on, and `model.eval()` off.
#
# `no_grad` switches something else: whether operations are recorded for `backward`. Predictions
# need no gradient, and without recording they take less memory. Neither switch sets the other:

# %%
for mode in (model.train, model.eval):
    first, second = mode()(images), model(images)
    with torch.no_grad():
        unrecorded = model(images)
    print(f"{mode.__name__:6} twice the same: {first.equal(second)}; recorded:", end=" ")
    print(f"{first.requires_grad}, under no_grad {unrecorded.requires_grad}")

# %% [markdown]
# ## Saving, loading, predicting
#
# `state_dict()` holds all parameters by name. A program that predicts makes the same network, loads
# the parameters, and calls `eval()`. With `weights_only=True`, `torch.load` runs no code from the
# file. `softmax` turns scores into probabilities:

# %%
restored = digits_torch.Network()
restored.load_state_dict(torch.load(weights, weights_only=True))
restored.eval()
with torch.no_grad():
    probability, answer = restored(validation.images).softmax(1).max(1)
unsure = probability.argsort()[:6]

fig, axes = plt.subplots(1, 6, figsize=(7.5, 1.9))
for ax, row in zip(axes, unsure, strict=True):
    ax.pcolormesh(validation.images[row, 0].flip(0), cmap="Blues")
    said = f"{answer[row]}, {probability[row]:.0%}"
    ax.set(aspect="equal", title=said, xticks=[], yticks=[])
    ax.set_xlabel(f"is {validation.labels[row]}")
fig.suptitle("The images of which the network is least sure: its answer, and what it is")
plt.show()

# %% [markdown]
# ## Where the device comes in
#
# The program runs on a GPU without a change, because `DEVICE` names an accelerator if there is one.
# Two things must be on the device: the model (`Network().to(DEVICE)`) and each batch
# (`images.to(DEVICE)`). `cpu()` brings the answers back.
#
# ## The same program in NumPy
#
# This program trains the same network in the same steps, with gradients by hand. Data and the loop
# over epochs take about as many lines as in PyTorch. The difference is in two functions, `forward`
# and `gradients`:
#
# {{ source("tutorial/digits_numpy.py") }}
#
# Do the two compute the same gradients? Here both get the same weights and the same images, in
# float64 and without dropout:

# %%
exact = digits_torch.Network().double().eval()
by_hand = {name: p.detach().numpy() for name, p in exact.named_parameters()}
by_hand["conv.weight"] = by_hand["conv.weight"].reshape(16, 9)
x, y = digits_numpy.digits(np.arange(100))
_, hand = digits_numpy.gradients(by_hand, x.astype("float64"), y, kept=1.0)
F.cross_entropy(exact(torch.from_numpy(x).double()[:, None]), torch.from_numpy(y)).backward()
for name, parameter in exact.named_parameters():
    print(f"{name:14} {np.allclose(parameter.grad.numpy().reshape(hand[name].shape), hand[name])}")

# %% [markdown]
# You need such a check. In a first version of `gradients`, two equal pixels in a window of the
# pooling both got the whole gradient, but PyTorch gives it to one of them. There was no error.
#
# How long does an epoch take in each program, on one core? The last line only takes the batches
# from the loader:

# %%
training = digits_torch.Digits(np.arange(1200))
loader = DataLoader(training, batch_size=32, shuffle=True)
rng = np.random.default_rng(0)
net = digits_numpy.network(rng)
still = {name: np.zeros_like(weight) for name, weight in net.items()}
arrays = digits_numpy.digits(np.arange(1200))
epochs = {
    "NumPy": lambda: digits_numpy.train(net, *arrays, still, rng),
    "PyTorch": lambda: digits_torch.train(model, loader, optimizer),
    "PyTorch's loader alone": lambda: [None for _ in loader],
}
for name, epoch in epochs.items():
    start = time.perf_counter()
    epoch()
    print(f"{name:23}{1e3 * (time.perf_counter() - start):5.0f} ms")

# %% [markdown]
# In a network this small, the fixed cost of calls counts. {{ chapter("data") }} shows how to load
# faster. These are larger networks, measured with more care:
#
# > {{ speedup("train_cnn", "channels=8,batch=32") }}
#
# > {{ speedup("train_mlp", "hidden=1024,batch=512") }}
#
# PyTorch's program is shorter by a dozen lines, but its advantage is another one. If you add a
# layer, or replace the loss or `relu`, in PyTorch you change the lines that name them. In NumPy you
# also derive new gradients.
#
# ## A common mistake: predictions without eval()
#
# Without `eval()`, dropout stays on in predictions. There is no error, but the answers are worse
# and change from call to call:

# %%
with torch.no_grad():
    restored.eval()
    steady = (restored(validation.images).argmax(1) == validation.labels).sum().item()
    restored.train()
    counts = [
        (restored(validation.images).argmax(1) == validation.labels).sum().item() for _ in range(5)
    ]
print(f"right answers of {len(validation)}, with eval(): {steady}, without, five times: {counts}")
torch.set_num_threads(threads)
folder.cleanup()

# %% [markdown]
# So call `eval()` in the function that predicts and `train()` in the function that trains, as
# `accuracy` and `train` do.
#
# ## Exercises
#
# **1.** `predict_one(model, image)` takes a network like the one above, on the CPU, and an image as
# a NumPy array of shape (8, 8) with pixels from 0 to 1. It returns the answer as an `int` and its
# probability as a `float`. Dropout must be off. Afterwards the model must be in the same mode as
# before (`model.training` is true after `train()`).
#
# **2.** `confusion(model, loader, classes)` returns a tensor of int64 of shape (classes, classes).
# Entry `[i, j]` counts the items of class `i` for which the model's answer is class `j`. Dropout
# must be off, and nothing may be recorded for `backward`.
#
# Check your answers here or with `python -m tutorial check whole_program`. Solutions are in
# `tutorial/solutions/whole_program.py`.

# %%
from tutorial.exercises import check


def predict_one(model, image):
    return model, image  # yours


check(predict_one)


# %%
def confusion(model, loader, classes):
    return model, loader, classes  # yours


check(confusion)

# %% [markdown]
# ## To take along
#
# - A training step is four lines: loss, `zero_grad`, `backward`, `step`.
# - `train()` and `eval()` switch layers. `no_grad()` switches recording. They are independent.
# - PyTorch replaces the gradients by hand. You still write the data and the loop.
#
# ## Where to read on
#
# - {{ chapter("training_ladder") }}: the same step by hand, with autograd, and with `nn`.
# - {{ chapter("convolution") }}: what the first layer computes.
# - {{ chapter("data") }}, {{ chapter("saving") }}: loaders and files in depth.
# - PyTorch documentation: [Learn the
#   Basics](https://pytorch.org/tutorials/beginner/basics/intro.html).
