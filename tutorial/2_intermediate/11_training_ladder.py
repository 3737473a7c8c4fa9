# %% [markdown]
# # What does each layer of PyTorch buy?
#
# Training a network needs no more than NumPy: its output, gradients by hand, and a step. Here one
# small network is trained four times, each time with one more part of PyTorch and every other line
# left as it was. Each of these programs is a **rung** of a ladder, and shows what one part takes
# over, and what it costs.
#
# **What you will know at the end:**
#
# - the gradients of a network with one hidden layer, and how to verify them;
# - what tensors, autograd, `nn` and `optim` each take over from NumPy by hand;
# - how modules and optimisers keep their parameters and their state;
# - what the layers cost, for a small network and for a larger one.

# %%
import matplotlib.pyplot as plt
import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from bench.workloads.parts import digits
from bench.workloads.parts.classifier import cross_entropy_numpy
from bench.workloads.parts.ladder import mlp_autograd, mlp_tensors
from bench.workloads.train_mlp import WORKLOAD, mlp_numpy, mlp_torch

inputs = WORKLOAD.make(np.random.default_rng(0), hidden=32, batch=32)
{name: np.shape(value) for name, value in inputs.items()}

# %% [markdown]
# `x` holds all batches of one **epoch**, a pass over the data: handwritten digits as rows of
# pixels, with their labels in `y`, in **mini-batches** of 32 images, one for each step. `w1` and
# `w2` are the weights to begin with, `b1` and `b2` the biases, which are added.

# %%
fig, axes = plt.subplots(1, 5, figsize=(5.5, 1.6))
for ax, pixels, label in zip(axes, inputs["x"][0], inputs["y"][0], strict=False):
    ax.pcolormesh(pixels.reshape(8, 8)[::-1], cmap="Blues")
    ax.set(title=label, aspect="equal")
    ax.set_axis_off()
fig.suptitle("The first images, and their labels")
plt.show()

# %% [markdown]
# ## The mathematics
#
# The network computes a score for each class, here each digit, by a linear layer, a tanh, and
# another linear layer. These scores are its **logits**, and what lies between is its hidden layer:
#
#     a = x @ w1.T + b1        (batch, hidden)
#     h = tanh(a)              (batch, hidden)
#     z = h @ w2.T + b2        (batch, 10)
#
# The **softmax** turns the logits of an image into probabilities, positive and of sum one. The
# loss, the **cross-entropy**, is minus the natural logarithm of the right class's probability, in
# the mean over the batch; its unit is the **nat**:
#
#     p[n, k] = exp(z[n, k]) / sum over j of exp(z[n, j])
#     loss    = - mean over n of log p[n, y[n]]

# %%
x, y = inputs["x"][0], inputs["y"][0]
w1, b1, w2, b2 = (inputs[name] for name in ("w1", "b1", "w2", "b2"))


def softmax(z):
    p = np.exp(z - z.max(1, keepdims=True))  # a shift of all scores leaves p, and avoids overflow
    return p / p.sum(1, keepdims=True)


def loss_of(z):
    return -np.log(softmax(z)[np.arange(len(y)), y]).mean()


h = np.tanh(x @ w1.T + b1)
z = h @ w2.T + b2
print(f"{loss_of(z):.3f}; with the same probability for all classes {np.log(10):.3f}")

# %% [markdown]
# Every gradient below is held against central differences, one for each entry of an array:


# %%
def slope(f, array, step=1e-5):
    grad = np.empty_like(array)
    for entry in np.ndindex(array.shape):
        move = np.zeros_like(array)
        move[entry] = step
        grad[entry] = (f(array + move) - f(array - move)) / (2 * step)
    return grad


def verify(name, grad, f, array):
    print(f"{name}: {np.allclose(grad, slope(f, array), rtol=0, atol=1e-8)}")


# %% [markdown]
# **By the logits.** For one image, `log p[y] = z[y] - log(sum over j of exp(z[j]))`. Its derivative
# by `z[k]` is `1 - p[k]` for the right class and `-p[k]` for any other. With the minus and the mean
# of the loss:
#
#     grad_z = (p - onehot(y)) / batch        (onehot: one for the right class, else zero)

# %%
grad_z = (softmax(z) - np.eye(10)[y]) / len(y)
verify("grad_z", grad_z, loss_of, z)

# %% [markdown]
# **By the second layer.** An entry of `w2` multiplies one unit of `h` into one logit, for each
# image, so its gradient is a sum over images of the two; `b2` is added as it is. And a unit of `h`
# goes into every logit, through a column of `w2`:
#
#     grad_w2 = grad_z.T @ h      grad_b2 = sum over n of grad_z      grad_h = grad_z @ w2

# %%
grad_w2, grad_b2, grad_h = grad_z.T @ h, grad_z.sum(0), grad_z @ w2
verify("grad_w2", grad_w2, lambda w2: loss_of(h @ w2.T + b2), w2)
verify("grad_b2", grad_b2, lambda b2: loss_of(h @ w2.T + b2), b2)
verify("grad_h", grad_h, lambda h: loss_of(h @ w2.T + b2), h)

# %% [markdown]
# **By the first layer.** The derivative of `tanh(a)` is `1 - tanh(a)**2`, which is `1 - h * h`. The
# rest is a linear layer again, and the same rules:


# %%
def loss_by(w1, b1):
    return loss_of(np.tanh(x @ w1.T + b1) @ w2.T + b2)


grad_a = grad_h * (1 - h * h)
grad_w1, grad_b1 = grad_a.T @ x, grad_a.sum(0)
verify("grad_w1", grad_w1, lambda w1: loss_by(w1, b1), w1)
verify("grad_b1", grad_b1, lambda b1: loss_by(w1, b1), b1)

# %% [markdown]
# **Stochastic gradient descent** (SGD) takes a step against the gradient of a batch,
# `w -= lr * grad` with the learning rate `lr`, and goes on to the next batch.
#
# ## Rung by rung
#
# **NumPy by hand** is those lines in a loop. This is the very code that was timed; `sgd` is the
# step above, for all weights:
#
# {{ function("bench/workloads/train_mlp.py", "mlp_numpy") }}
#
# {{ function("bench/workloads/parts/classifier.py", "cross_entropy_numpy") }}
#
# **Tensors by hand** are the same functions under PyTorch's names. No line is saved; what changes
# is whose kernels compute, and there is a choice of device:
#
# {{ diff("bench/workloads/train_mlp.py", "mlp_numpy", "bench/workloads/parts/ladder.py", "mlp_tensors") }}
#
# **Autograd** makes the lines of the gradients go. What is done with weights that are marked by
# `requires_grad_()` is recorded, and `torch.autograd.grad` returns the gradients of the loss by
# each of them. The step is taken under `no_grad`, since it is not to be recorded:
#
# {{ diff("bench/workloads/parts/ladder.py", "mlp_tensors", "bench/workloads/parts/ladder.py", "mlp_autograd") }}
#
# `F.cross_entropy` is softmax, logarithm and mean in one. It takes **logits**, not probabilities,
# and labels as integers:

# %%
loss, _ = cross_entropy_numpy(z, y)
np.allclose(F.cross_entropy(torch.from_numpy(z), torch.from_numpy(y)), loss)

# %% [markdown]
# ## The last rung: modules
#
# An `nn.Module` holds **parameters**, tensors that are to be trained, and computes with them. A
# `Linear` holds a weight of shape (out, in) and a bias, drawn at random when it is made:

# %%
torch.manual_seed(0)
layer = nn.Linear(64, 32)
batch = torch.from_numpy(x).float()
torch.allclose(layer(batch), batch @ layer.weight.T + layer.bias, atol=1e-6)

# %% [markdown]
# A module of your own names its parts in `__init__`, after `super().__init__()`, and computes in
# `forward`, which is run by calling the module. `parameters()` finds those of every attribute that
# is a module, but not of modules in a plain list: for those there is `nn.ModuleList`.


# %%
class Classifier(nn.Module):
    def __init__(self, hidden):
        super().__init__()
        self.first = nn.Linear(64, hidden)
        self.second = nn.Linear(hidden, 10)

    def forward(self, x):
        return self.second(torch.tanh(self.first(x)))


model = Classifier(32)
for name, parameter in model.named_parameters():
    print(f"{name:14} {tuple(parameter.shape)}, {parameter.numel()} numbers")

# %% [markdown]
# Parts that follow one after another need no class: `nn.Sequential(nn.Linear(64, 32), nn.Tanh(),
# nn.Linear(32, 10))` computes the same.
#
# ## The last rung: an optimiser
#
# `loss.backward()` adds the gradients to the `grad` of each parameter. An optimiser knows the
# parameters: its `step()` changes them in place by their `grad`, and its `zero_grad()` clears each
# `grad`, so that the next batch begins without:

# %%
optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
F.cross_entropy(model(batch), torch.from_numpy(y)).backward()
weight = model.first.weight
by_hand = weight.detach() - 0.5 * weight.grad
optimizer.step()
print(torch.allclose(weight, by_hand))
optimizer.zero_grad()
print(weight.grad)

# %% [markdown]
# Some optimisers remember. SGD with momentum keeps a **velocity** for each parameter,
# `v = momentum * v + grad`, and its step is `w -= lr * v`. Adam keeps running means (in which the
# past counts less and less) of the gradients and of their squares, and divides one by the root of
# the other. What an optimiser keeps is its state:

# %%
for kind, options in ((torch.optim.SGD, {"momentum": 0.9}), (torch.optim.Adam, {})):
    optimizer = kind(model.parameters(), lr=0.01, **options)
    F.cross_entropy(model(batch), torch.from_numpy(y)).backward()
    optimizer.step()
    print(kind.__name__, list(optimizer.state_dict()["state"][0]))

# %% [markdown]
# A module has a **mode**, since some layers do in training what they must not do later. Dropout,
# for instance, sets entries to zero at random and scales up the rest, so that a network does not
# come to rely on single ones. Call `eval()` before predicting, and `train()` before training goes
# on:

# %%
dropout = nn.Dropout(0.5)
print(dropout.train()(torch.ones(8)), dropout.eval()(torch.ones(8)), sep="\n")

# %% [markdown]
# Together they make the loop that training in PyTorch nearly always has:


# %%
images, labels = torch.from_numpy(inputs["x"]).float(), torch.from_numpy(inputs["y"])


def fit(model, device="cpu", epochs=15):  # on a GPU: device="cuda"
    model.to(device)  # moves the parameters, in place
    optimizer, losses = torch.optim.SGD(model.parameters(), lr=0.5), []
    for _ in range(epochs):
        for xb, yb in zip(images, labels, strict=True):
            loss = F.cross_entropy(model(xb.to(device)), yb.to(device))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.detach())  # no item(): that would wait for a GPU at each step
    return torch.stack(losses).reshape(epochs, -1).mean(1).cpu()


fit(Classifier(32), epochs=3)

# %% [markdown]
# The last rung that was timed is one epoch of this loop, from given weights. The model is two
# layers and no longer a line of products; what changes in the loop is in `train`, which serves
# other models too (`mixed`, for fewer bits, is off here):
#
# {{ diff("bench/workloads/parts/ladder.py", "mlp_autograd", "bench/workloads/train_mlp.py", "mlp_torch") }}
#
# {{ function("bench/workloads/parts/classifier.py", "train") }}
#
# On the `meta` device a tensor has a shape and no numbers: `load_state_dict` puts the given weights
# in. More is on the page of {{ family("training", "the training workloads") }}.
#
# ## Four rungs, one network
#
# All four train from the same weights on the same batches, in float64, for several epochs:


# %%
def train(body, inputs, epochs=15):
    losses = []
    for _ in range(epochs):
        of_epoch, *weights = body(**inputs)
        losses.append(np.asarray(of_epoch))
        inputs = inputs | dict(zip(("w1", "b1", "w2", "b2"), weights, strict=True))
    return np.concatenate(losses), [np.asarray(w) for w in weights]


tensors = {name: torch.as_tensor(value) for name, value in inputs.items()} | {"lr": inputs["lr"]}
trained = {"NumPy by hand": train(mlp_numpy, inputs)}
for name, body in (("tensors", mlp_tensors), ("autograd", mlp_autograd), ("nn, optim", mlp_torch)):
    trained[name] = train(body, tensors)
    losses, reference = trained[name][0], trained["NumPy by hand"][0]
    alike = np.allclose(losses, reference, rtol=0, atol=1e-10)
    print(f"{name:9} within 1e-10: {alike}; furthest {np.abs(losses - reference).max():.0e}")

# %% [markdown]
# The loss may also fall because the images are learned by heart. What counts is the share of
# **held-out** images, with which no program was trained, whose largest logit is that of the right
# class:

# %%
pixels, right = (part[digits.TRAIN :] for part in digits.load())
for name, (_, (w1, b1, w2, b2)) in trained.items():
    scores = np.tanh(pixels @ w1.T + b1) @ w2.T + b2
    print(f"{name:13} {(scores.argmax(1) == right).mean():.1%} of {len(right)}")

# %% [markdown]
# The programs that were timed ran in float32. Their losses, drawn over one another:
#
# {{ figure("losses/train_mlp") }}
#
# ## What the rungs cost
#
# A call of PyTorch has a price, whatever the size of its arguments. The first part is **dispatch**:
# finding the kernel for device and dtype. Then a tensor is made for the result, and autograd adds a
# node to the tape. In one addition to few numbers, there is little but that:
#
# > {{ speedup("dispatch", "n=8") }}
#
# A step on a small batch is dozens of such calls, so there the prices show most:
#
# > {{ quote("ladder", workload="train_mlp", size="hidden=32,batch=32") }}
#
# {{ choose(quote("ladder", workload="train_mlp", size="hidden=32,batch=32"),
#   numpy="On this machine NumPy is the fastest rung for this network.",
#   tensors="On this machine tensors by hand are the fastest rung even for this network.",
#   autograd="On this machine autograd is the fastest rung even for this network.",
#   nn="On this machine the last rung is the fastest even for this network.",
#   otherwise="Which rung is the fastest was not measured here.") }}
# With more units and larger batches each call has more work, and the prices are a smaller share:
#
# > {{ quote("ladder", workload="train_mlp", size="hidden=1024,batch=512") }}
#
# {{ figure("ladder") }}
#
# Does the last rung overtake NumPy as the network grows?
#
# > {{ quote("crossover", workload="train_mlp", contender="torch-cpu") }}
#
# {{ choose(quote("crossover", workload="train_mlp", contender="torch-cpu"),
#   overtakes="It does: in calls that are large enough, PyTorch saves more time than it asks for.",
#   behind="It does not. So the price of a call is not all that counts here: the work inside the
#   calls is not faster either, or not by enough.",
#   ahead="It is ahead from the start: even in small calls it saves more time than it asks for.",
#   otherwise="That is all that the numbers of this machine say.") }}
#
# And gradients by hand are lines that somebody has to derive and verify, as above.
# On a GPU, the last rung at the same size:
#
# > {{ speedup("train_mlp", "hidden=1024,batch=512", contender="torch-cuda") }}
#

# ## A common mistake: a softmax before the cross-entropy
#
# A classifier is to give probabilities, so one ends it with a softmax. But `F.cross_entropy` has
# one already. No error is raised, and the loss falls, yet not below a floor: the first softmax
# gives at most one and at least zero, of which the second makes at most `e / (e + 9)` for the right
# class.

# %%
torch.manual_seed(0)
models = {
    "logits": Classifier(32),
    "a softmax too many": nn.Sequential(Classifier(32), nn.Softmax(1)),
}
fig, ax = plt.subplots()
for (name, model), colour in zip(models.items(), ("C1", "C3"), strict=True):
    ax.plot(np.arange(1, 16), fit(model), color=colour, label=name)
ax.axhline(-np.log(np.e / (np.e + 9)), color="C3", linestyle=":", label="its floor")
ax.set_title("With a softmax too many, the loss stays above a floor")
ax.set(xlabel="epoch", ylabel="mean cross-entropy (nats)", ylim=(0, None))
ax.legend()
plt.show()

# %% [markdown]
# Give `F.cross_entropy` the logits. Where probabilities are wanted, take `model(x).softmax(1)`
# after the training; for the most likely class, logits will do.
#
# ## Exercises
#
# **1.** `logits_cross_entropy(z, y)` takes arrays, logits of shape (batch, classes) and integer
# labels of shape (batch,), and returns the mean cross-entropy as a float. It is right for logits of
# any size, a thousand among them, and leaves `z` as it was.
#
# **2.** `momentum_step(weights, grads, velocities, lr, momentum)` takes three lists with a tensor
# for each parameter, and changes `weights` and `velocities` in place as `torch.optim.SGD` with that
# momentum does. Before the first step the velocities are zero.
#
# **3.** `tanh_network(sizes)` takes a list of two or more sizes, such as `[64, 32, 10]`, and
# returns an `nn.Module` with a linear layer from each to the next and a tanh between the layers.
#
# Answers are checked here or by `python -m tutorial check 11`; solutions are in
# `tutorial/solutions/training_ladder.py`.

# %%
from tutorial.exercises import check


def logits_cross_entropy(z, y):
    return float(z[0, y[0]])  # yours


check(logits_cross_entropy)


# %%
def momentum_step(weights, grads, velocities, lr, momentum):
    for w, grad, v in zip(weights, grads, velocities, strict=True):
        w.sub_(lr * (grad + momentum * v))  # yours


check(momentum_step)


# %%
def tanh_network(sizes):
    return nn.Linear(sizes[0], sizes[-1])  # yours


check(tanh_network)

# %% [markdown]
# ## Where to read on
#
# - {{ chapter("autograd") }}: what is recorded, and how it is gone through.
# - {{ chapter("data") }}: where batches come from. {{ chapter("saving") }}: states on disc.
# - {{ chapter("profiler") }}: where the time of a step goes.
# - Goodfellow, Bengio and Courville, Deep Learning (2016), sections 6.2.2.3 (softmax and its loss)
#   and 6.5 (back-propagation).
# - PyTorch documentation: [torch.nn](https://pytorch.org/docs/stable/nn.html) and
#   [torch.optim](https://pytorch.org/docs/stable/optim.html).
