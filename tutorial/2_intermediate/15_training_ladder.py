# %% [markdown]
# # The training ladder: NumPy, tensors, autograd, nn and optim
#
# `F.cross_entropy` · `nn.Linear` · `nn.Module` · `nn.Sequential` · `torch.optim.SGD` ·
# `torch.optim.Adam`
#
# {{ opening("whole_program") }}
#
# You can train a network with NumPy alone: compute its output, derive the gradients by hand, and
# take a step. Here four programs train the same small network. The first is in NumPy. The others
# use more and more of PyTorch: tensors, then autograd, then `nn` and `optim`. These programs are
# the **rungs** of a ladder. Each shows what a part of PyTorch does for you, and what it costs.
#
# **What you will know at the end:**
#
# - the gradients of a network with one hidden layer, and how to verify them;
# - what tensors, autograd, `nn` and `optim` each do that you did by hand in NumPy;
# - how modules and optimisers keep their parameters and their state;
# - what the parts cost, for a small network and for a larger one.

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

cores = torch.get_num_threads()  # put back at the end
torch.set_num_threads(1)  # the arrays are small
inputs = WORKLOAD.make(np.random.default_rng(0), hidden=32, batch=32)
{name: np.shape(value) for name, value in inputs.items()}

# %% [markdown]
# `x` holds all batches of one **epoch**, a pass over the data. The data are handwritten digits as
# rows of pixels, with their labels in `y`. They come in **mini-batches** of 32 images, one for each
# step. `w1` and `w2` are the initial weights, `b1` and `b2` the initial biases.

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
# The network computes a score for each class, here each digit, with a linear layer, a tanh, and
# another linear layer. These scores are its **logits**. The values `h` between the two linear
# layers are its hidden layer:
#
#     a = x @ w1.T + b1        (batch, hidden)
#     h = tanh(a)              (batch, hidden)
#     z = h @ w2.T + b2        (batch, 10)
#
# Without the tanh, both layers together would be one linear layer: `(x @ w1.T) @ w2.T` is
# `x @ (w2 @ w1).T`. The weights start as random numbers. Their variance is 1 / (number of inputs),
# so `a` is about as large as `x`. There tanh, which is flat far from 0, still has a slope.
# `nn.Linear` draws its weights in a similar way, and `torch.nn.init` has the usual choices.
#
# The **softmax** turns the logits of an image into probabilities: positive numbers whose sum is
# one. The loss is the **cross-entropy**: minus the natural logarithm of the probability of the
# right class, averaged over the batch. Its unit is the **nat**:
#
#     p[n, k] = exp(z[n, k]) / sum over j of exp(z[n, j])
#     loss    = - mean over n of log p[n, y[n]]

# %%
x, y = inputs["x"][0], inputs["y"][0]
w1, b1, w2, b2 = (inputs[name] for name in ("w1", "b1", "w2", "b2"))


def softmax(z):
    p = np.exp(z - z.max(1, keepdims=True))  # the shift avoids overflow and does not change p
    return p / p.sum(1, keepdims=True)


def loss_of(z):
    return -np.log(softmax(z)[np.arange(len(y)), y]).mean()


h = np.tanh(x @ w1.T + b1)
z = h @ w2.T + b2
print(f"{loss_of(z):.3f}; with the same probability for all classes {np.log(10):.3f}")

# %% [markdown]
# The cells below compare every gradient with central differences:


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
# **Logits.** For one image, `log p[y] = z[y] - log(sum over j of exp(z[j]))`. Its derivative with
# respect to `z[k]` is `1 - p[k]` for the right class and `-p[k]` for any other. The loss is minus the
# mean of these logarithms, so:
#
#     grad_z = (p - onehot(y)) / batch        (onehot: one for the right class, else zero)

# %%
grad_z = (softmax(z) - np.eye(10)[y]) / len(y)
verify("grad_z", grad_z, loss_of, z)

# %% [markdown]
# **Second layer.** For each image `n`, `w2[k, i] * h[n, i]` is added to the logit `z[n, k]`. So the
# gradient of `w2[k, i]` is the sum of `grad_z[n, k] * h[n, i]` over `n`, and the gradient of `h[n, i]`
# is the sum of `grad_z[n, k] * w2[k, i]` over `k`. `b2[k]` is added to each `z[n, k]`. All sums at
# once:
#
#     grad_w2 = grad_z.T @ h      grad_b2 = sum over n of grad_z      grad_h = grad_z @ w2

# %%
grad_w2, grad_b2, grad_h = grad_z.T @ h, grad_z.sum(0), grad_z @ w2
verify("grad_w2", grad_w2, lambda w2: loss_of(h @ w2.T + b2), w2)
verify("grad_b2", grad_b2, lambda b2: loss_of(h @ w2.T + b2), b2)
verify("grad_h", grad_h, lambda h: loss_of(h @ w2.T + b2), h)

# %% [markdown]
# **First layer.** The derivative of `tanh(a)` is `1 - tanh(a)**2`, which is `1 - h * h`. The
# rest is a linear layer again, with the same rules:


# %%
def loss_by(w1, b1):
    return loss_of(np.tanh(x @ w1.T + b1) @ w2.T + b2)


grad_a = grad_h * (1 - h * h)
grad_w1, grad_b1 = grad_a.T @ x, grad_a.sum(0)
verify("grad_w1", grad_w1, lambda w1: loss_by(w1, b1), w1)
verify("grad_b1", grad_b1, lambda b1: loss_by(w1, b1), b1)

# %% [markdown]
# **Stochastic gradient descent** (SGD) takes a step against the gradient of a batch,
# `w -= lr * grad` with the learning rate `lr`. Then it goes on to the next batch.
#
# ## Rung by rung
#
# **NumPy by hand** puts these lines into a loop. This is the code that was timed. `sgd` is the step
# above, for all weights:
#
# {{ function("bench/workloads/train_mlp.py", "mlp_numpy") }}
#
# {{ function("bench/workloads/parts/classifier.py", "cross_entropy_numpy") }}
#
# **Tensors by hand** is the same program with PyTorch's names. It saves no line, but PyTorch's
# kernels do the work, and you can choose the device:
#
# {{ diff("bench/workloads/train_mlp.py", "mlp_numpy", "bench/workloads/parts/ladder.py", "mlp_tensors") }}
#
# **Autograd** replaces the lines of the gradients. `requires_grad_()` marks the weights, and
# PyTorch records what is computed from them. `torch.autograd.grad` returns the gradient of the loss
# for each weight. The step runs under `no_grad`, because it must not be recorded:
#
# {{ diff("bench/workloads/parts/ladder.py", "mlp_tensors", "bench/workloads/parts/ladder.py", "mlp_autograd") }}
#
# `F.cross_entropy` does softmax, logarithm and mean in one call. It takes **logits**, not
# probabilities, and labels as integers:

# %%
loss, _ = cross_entropy_numpy(z, y)
np.allclose(F.cross_entropy(torch.from_numpy(z), torch.from_numpy(y)), loss)

# %% [markdown]
# ## The last rung: modules
#
# An `nn.Module` holds **parameters**, the tensors that training changes, and computes with them. A
# `Linear` holds a weight of shape (out, in) and a bias. Both are drawn at random when the layer is
# made:

# %%
torch.manual_seed(0)
layer = nn.Linear(64, 32)
batch = torch.from_numpy(x).float()
torch.allclose(layer(batch), batch @ layer.weight.T + layer.bias, atol=1e-6)

# %% [markdown]
# In your own module, `__init__` makes the parts, after `super().__init__()`, and `forward`
# computes. To run `forward`, call the module. `parameters()` finds the parameters of every
# attribute that is a module. It does not find modules in a plain list: use `nn.ModuleList` for
# those.


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
# If the parts simply follow one after another, you need no class.
# `nn.Sequential(nn.Linear(64, 32), nn.Tanh(), nn.Linear(32, 10))` computes the same.
#
# ## The last rung: an optimiser
#
# `loss.backward()` adds the gradients to the `grad` of each parameter. An optimiser knows the
# parameters. Its `step()` uses each `grad` to change the parameter in place. Its `zero_grad()`
# clears each `grad`, so that the next batch starts without gradients:

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
# Some optimisers keep a **state** from step to step. SGD with momentum keeps a **velocity** `v` for
# each parameter:
#
#     v = momentum * v + grad
#     w -= lr * v
#
# Adam keeps a running mean `m` of the gradients and a running mean `s` of their squares. Both start
# at zero, so they are too small at first. The divisions by `1 - beta**t` in step `t` are the **bias
# correction**, and a small `eps` prevents a division by zero:
#
#     m = beta1 * m + (1 - beta1) * grad
#     s = beta2 * s + (1 - beta2) * grad**2
#     w -= lr * (m / (1 - beta1**t)) / (sqrt(s / (1 - beta2**t)) + eps)
#
# `state_dict()` shows what each optimiser keeps:

# %%
for kind, options in ((torch.optim.SGD, {"momentum": 0.9}), (torch.optim.Adam, {})):
    optimizer = kind(model.parameters(), lr=0.01, **options)
    F.cross_entropy(model(batch), torch.from_numpy(y)).backward()
    optimizer.step()
    print(kind.__name__, list(optimizer.state_dict()["state"][0]))

# %% [markdown]
# Module and optimiser together make the loop that nearly all training in PyTorch has:


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
# The timed program makes its model in one line. `classifier.train` (in
# `bench/workloads/parts/classifier.py`) is this loop for one epoch, from given weights. `mixed`
# would compute in fewer bits, and is off here:
#
# {{ function("bench/workloads/train_mlp.py", "mlp_torch") }}
#
# On the `meta` device a tensor has a shape and no numbers. The given weights are loaded later. The
# page of {{ family("training", "the training workloads") }} has more.
#
# ## Four rungs, one network
#
# All four programs train from the same weights on the same batches, in float64, for several epochs:


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
# The loss also falls if the network only memorises the images. So we test the programs on
# **held-out** images, which no program used for training. An answer is right if the largest logit
# is that of the right class. The cell prints the share of right answers:

# %%
pixels, right = (part[digits.TRAIN :] for part in digits.load())
for name, (_, (w1, b1, w2, b2)) in trained.items():
    scores = np.tanh(pixels @ w1.T + b1) @ w2.T + b2
    print(f"{name:13} {(scores.argmax(1) == right).mean():.1%} of {len(right)}")

# %% [markdown]
# The programs that were timed ran in float32. The figure draws their losses in one chart:
#
# {{ figure("losses/train_mlp") }}
#
# ## What the rungs cost
#
# A call of PyTorch takes some time, whatever the size of its arguments. The first part is
# **dispatch**: finding the kernel for device and dtype. Then PyTorch makes a tensor for the result,
# and autograd adds a node to the graph. In an addition to few numbers, this is nearly all of the
# time:
#
# > {{ speedup("dispatch", "n=8") }}
#
# A step on a small batch consists of dozens of such calls, so their overhead matters most there:
#
# > {{ quote("ladder", workload="train_mlp", size="hidden=32,batch=32") }}
#
# (A line counts here if there is code on it, in the program or in a function of this project that
# it calls.)
#
# {{ choose(quote("ladder", workload="train_mlp", size="hidden=32,batch=32"),
#     numpy="On this machine NumPy takes the least time for this network.",
#     tensors="On this machine tensors by hand take the least time even for this network.",
#     autograd="On this machine autograd takes the least time even for this network.",
#     nn="On this machine the last rung takes the least time even for this network.",
#     otherwise="The fastest rung was not measured here.") }}
# With larger layers and batches each call has more work, and the overhead is a smaller share:
#
# > {{ quote("ladder", workload="train_mlp", size="hidden=1024,batch=512") }}
#
# {{ figure("ladder") }}
#
# Does the last rung become faster than NumPy as the network grows?
#
# > {{ quote("crossover", workload="train_mlp", contender="torch-cpu") }}
#
# {{ choose(quote("crossover", workload="train_mlp", contender="torch-cpu"),
#     overtakes="It does: in calls that are large enough, PyTorch saves more time than its overhead
#     costs.",
#     behind="It does not. At these sizes PyTorch's work inside the calls does not save enough time to
#     make up for the overhead.",
#     ahead="It is faster from the start: even in small calls PyTorch saves more time than its
#     overhead costs.",
#     otherwise="The numbers of this machine say no more.") }}
#
# This is the last rung on a GPU, for the larger network:
#
# > {{ speedup("train_mlp", "hidden=1024,batch=512", contender="torch-cuda") }}
#
# ## What the rungs save
#
# The last rung is not the shortest program. But when the network changes, it has the fewest lines
# to change. Here each statement of the training function is one line, however it is formatted, and
# a line counts if it is new or changed:
#
# > {{ quote("added-layer") }}
#
# > {{ quote("three-added-layers") }}
#
# > {{ quote("convolutions") }}
#
# By hand, each new layer needs lines for its output, lines for its gradients, and a place in every
# list of weights. You could write a list of layers, each with its own two functions, and a loop
# over them. Then you would have begun to write `nn`. With `nn`, a model is a list of layers, and
# the loop does not mention them. This is the program with four hidden layers:
#
# {{ function("bench/workloads/parts/deeper.py", "four_torch") }}
#
# So each part of PyTorch saves something, and costs something:
#
# | part | you no longer write | what it costs |
# |:---|:---|:---|
# | tensors | a second program for the GPU | a call takes longer |
# | autograd | gradients, and their tests | memory for the record |
# | `nn.functional` | losses, convolutions and others | conventions, such as logits |
# | `nn.Module` | initial weights, lists of weights | objects around the formula |
# | `torch.optim` | the step, and its state | `zero_grad` in each step |
#
# ## A common mistake: a softmax before the cross-entropy
#
# A classifier should return probabilities, so it seems natural to end it with a softmax. But
# `F.cross_entropy` already contains one. There is no error, and the loss falls, but only to a
# floor. The first softmax gives numbers between zero and one. From these the second softmax makes a
# probability of at most `e / (e + 9)` for the right class.

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
torch.set_num_threads(cores)

# %% [markdown]
# Give the logits to `F.cross_entropy`. If you want probabilities, take `model(x).softmax(1)` after
# the training. For the most likely class, the logits are enough.
#
# ## Exercises
#
# **1.** `logits_cross_entropy(z, y)` takes arrays: logits of shape (batch, classes) and integer
# labels of shape (batch,). It returns the mean cross-entropy as a float. It must be right for large
# logits too, for example 1000, and must not change `z`.
#
# **2.** `momentum_step(weights, grads, velocities, lr, momentum)` takes three lists with a tensor
# for each parameter. It changes `weights` and `velocities` in place as `torch.optim.SGD` with that
# momentum does. Before the first step the velocities are zero.
#
# **3.** `tanh_network(sizes)` takes a list of two or more sizes, such as `[64, 32, 10]`. It returns
# an `nn.Module` with a linear layer from each size to the next and a tanh between the layers.
#
# Check your answers here or with `python -m tutorial check training_ladder`. Solutions are in
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
# ## To take along
#
# - Tensors give devices, autograd gives gradients, `nn` and `optim` give the rest.
# - All four programs train the same network, with the same losses.
# - `F.cross_entropy` takes logits: no softmax before it.
#
# ## Where to read on
#
# - {{ chapter("autograd") }}: what is recorded, and how `backward` goes through it.
# - {{ chapter("data") }}: where batches come from. {{ chapter("saving") }}: states in files.
# - {{ chapter("profiler") }}.
# - Goodfellow, Bengio and Courville, Deep Learning (2016), sections 6.2.2.3 (softmax and its loss)
#   and 6.5 (back-propagation).
# - PyTorch documentation: [torch.nn](https://pytorch.org/docs/stable/nn.html) and
#   [torch.optim](https://pytorch.org/docs/stable/optim.html).
