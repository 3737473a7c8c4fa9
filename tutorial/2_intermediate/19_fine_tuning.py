# %% [markdown]
# # Fine-tuning: from a trained model to a new task
#
# `load_state_dict` · `requires_grad_` · parameter groups · low-rank adapters ·
# `nn.utils.parametrize`
#
# {{ opening("saving", "training_in_practice") }}
#
# Few people train a network from nothing. They take one that was trained on much data, and fit it
# to a task of their own, for which they have few examples. In NumPy you would leave out gradients
# that you do not need. In PyTorch you mark the parameters that need one.
#
# A pretrained model for images or text is a download of many megabytes. This tutorial downloads
# nothing, so it trains its own: a network that reads ten digits. The new task is to say whether a
# digit is odd, with ten examples of each kind. The steps are the same as with a large model.
#
# **What you will know at the end:**
#
# - how to put the weights of a trained model into a model with a new last layer
# - how to freeze layers, and how few numbers are then trained
# - how to train all layers with different learning rates
# - what a low-rank adapter is, and how few numbers it trains
# - how to tell whether any of this helped

# %%
import matplotlib.pyplot as plt
import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from bench.workloads.parts import digits

cores = torch.get_num_threads()  # put back at the end
torch.set_num_threads(1)
pixels, labels = (torch.from_numpy(part) for part in digits.load())
pixels = pixels.float()


def network(classes):
    return nn.Sequential(
        nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 64), nn.ReLU(), nn.Linear(64, classes)
    )


def train(model, optimizer, x, y, steps, batch=50):
    model.train()
    for _ in range(steps):
        rows = torch.randint(len(y), (batch,))
        loss = F.cross_entropy(model(x[rows]), y[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


@torch.no_grad()
def share_right(model, x, y):
    model.eval()
    return (model(x).argmax(1) == y).float().mean().item()


# %% [markdown]
# ## The pretrained model
#
# It is trained once, on a thousand images of digits. A copy of its state stands for the file that
# you would download:

# %%
known, new = slice(0, 1000), slice(1000, None)
torch.manual_seed(0)
pretrained = network(10)
optimizer = torch.optim.AdamW(pretrained.parameters(), lr=0.003)
train(pretrained, optimizer, pixels[known], labels[known], steps=500)
downloaded = {name: tensor.clone() for name, tensor in pretrained.state_dict().items()}
print(f"right on new images: {share_right(pretrained, pixels[new], labels[new]):.1%}")
{name: tuple(tensor.shape) for name, tensor in downloaded.items()}

# %% [markdown]
# ## Its layers, and a new last one
#
# The new task has other classes, so the last layer (`4.weight` and `4.bias`) is of no use. All
# others, the **body**, are loaded. `strict=False` allows missing names, and the call returns them.
# Look at them: they must be exactly those of the new layer.

# %%
x, y = pixels[new], labels[new] % 2  # the new task: is it odd?
order = torch.randperm(len(y), generator=torch.Generator().manual_seed(0))
few = torch.cat([order[y[order] == odd][:10] for odd in range(2)])  # ten of each kind
rest = torch.tensor(sorted(set(order.tolist()) - set(few.tolist())))


def from_pretrained(seed):
    torch.manual_seed(seed)
    model = network(2)
    body = {name: tensor for name, tensor in downloaded.items() if not name.startswith("4.")}
    report = model.load_state_dict(body, strict=False)
    return model, report.missing_keys


model, missing = from_pretrained(seed=0)
print("new:", missing, f" before training {share_right(model, x[rest], y[rest]):.1%} right")

# %% [markdown]
# ## Freeze, or train everything
#
# A frozen parameter has `requires_grad=False`. Autograd computes no gradient for it. If the first
# layers are frozen, `backward` does not go through them at all. The optimiser gets only the
# parameters to train. The cell counts them for three ways:


# %%
def from_nothing(seed):
    torch.manual_seed(seed)
    model = network(2)
    return model, torch.optim.AdamW(model.parameters(), lr=0.003)


def last_layer(seed):
    model, _ = from_pretrained(seed)
    model[:4].requires_grad_(requires_grad=False)
    return model, torch.optim.AdamW(model[4].parameters(), lr=0.01)


def all_layers(seed):
    model, _ = from_pretrained(seed)
    groups = [
        {"params": model[:4].parameters(), "lr": 0.0003},  # what is known changes slowly
        {"params": model[4].parameters(), "lr": 0.003},
    ]
    return model, torch.optim.AdamW(groups)


ways = {"from nothing": from_nothing, "last layer": last_layer, "all layers": all_layers}
for name, way in ways.items():
    model, _ = way(0)
    trained = sum(p.numel() for p in model.parameters() if p.requires_grad)
    print(
        f"{name:13} trains {trained:6,} numbers of {sum(p.numel() for p in model.parameters()):,}"
    )

# %% [markdown]
# ## A low-rank adapter
#
# There is a way between the last two. The weight `W` of a frozen layer has shape (out, in). Add to
# it a matrix `B A` of rank `r`, where `B` has shape (out, r) and `A` has shape (r, in). Only `A`
# and `B` are trained. `B` begins at zero, so at first nothing changes (Hu et al., *LoRA*, 2021).
# For large layers these are few numbers: `r (out + in)` in place of `out * in`.
# `register_parametrization` replaces a weight by a function of it. The parameters of this function
# become parameters of the model:


# %%
class LowRank(nn.Module):
    def __init__(self, out, inputs, rank):
        super().__init__()
        self.a = nn.Parameter(torch.randn(rank, inputs) / inputs**0.5)
        self.b = nn.Parameter(torch.zeros(out, rank))

    def forward(self, weight):
        return weight + self.b @ self.a


def adapters(seed, rank=4):
    model, _ = from_pretrained(seed)
    model[:4].requires_grad_(requires_grad=False)
    for layer in (model[0], model[2]):
        nn.utils.parametrize.register_parametrization(
            layer, "weight", LowRank(*layer.weight.shape, rank)
        )
    return model, torch.optim.AdamW((p for p in model.parameters() if p.requires_grad), lr=0.003)


ways["adapters"] = adapters
model, _ = adapters(0)
before = model(x[:1])
print(sum(p.numel() for p in model.parameters() if p.requires_grad), "numbers are trained")
torch.equal(before, from_pretrained(0)[0](x[:1]))

# %% [markdown]
# ## Did it help?
#
# Each way is trained on the twenty images and tested on all others of the new ones. One run proves
# little, since the new layer starts at random. So there are five runs of each, with different
# seeds:

# %%
runs = {}
for name, way in ways.items():
    runs[name] = []
    for seed in range(5):
        model, optimizer = way(seed)
        train(model, optimizer, x[few], y[few], steps=150)
        runs[name].append(share_right(model, x[rest], y[rest]))

fig, ax = plt.subplots(figsize=(7.5, 2.9))
for place, shares in enumerate(runs.values()):
    ax.plot(shares, [place] * len(shares), "o", color="C3", alpha=0.6)
    ax.plot(np.mean(shares), place, "|", color="C1", markersize=22, markeredgewidth=3)
ax.set(yticks=range(len(runs)), yticklabels=list(runs), xlabel="share of right answers")
ax.set_title("Odd or even, from ten examples of each: five runs of each way, and their mean")
ax.invert_yaxis()
plt.show()

# %% [markdown]
# All ways that start from the pretrained weights are better here than training from nothing, by
# more than the runs scatter.
#
# And the old task? If all layers were trained, the old last layer no longer fits them exactly. The
# network gets worse at the old task, which is called forgetting. Frozen layers forget nothing. The
# cell puts the old last layer back:

# %%
for name in ("last layer", "all layers"):
    model, optimizer = ways[name](0)
    train(model, optimizer, x[few], y[few], steps=150)
    model[4] = pretrained[4]
    print(f"{name:11} ten digits, with the old last layer: ", end="")
    print(f"{share_right(model, pixels[new], labels[new]):.1%} right")

# %% [markdown]
# ## A common mistake: frozen, but not in evaluation mode
#
# `requires_grad=False` freezes parameters. It does not freeze **buffers**: a batch normalisation in
# training mode goes on updating its running means, from the few images of the new task. Then a
# "frozen" network changes with every batch:

# %%
body = nn.Sequential(nn.Linear(64, 8), nn.BatchNorm1d(8)).requires_grad_(requires_grad=False)
for mode in (body.train, body.eval):
    mode()
    before = body[1].running_mean.clone()
    body(x[few])
    print(
        f"{mode.__name__:5} running mean changed: {not torch.equal(before, body[1].running_mean)}"
    )
torch.set_num_threads(cores)

# %% [markdown]
# So call `eval()` on the frozen part, after every `model.train()`.
#
# ## Exercises
#
# **1.** `replace_last(model, classes)` takes an `nn.Sequential` that ends with an `nn.Linear`. It
# freezes all parameters. Then it replaces the last layer by a new one that is not frozen, with the
# same number of inputs and `classes` outputs. It changes the model in place and returns it.
#
# **2.** `groups_by_depth(model, lr, decay)` takes an `nn.Sequential`. It returns a list of
# parameter groups for an optimiser, one for each layer that has parameters, in the order of the
# layers. The last group has the learning rate `lr`. Each group before it has `decay` times the rate
# of the next group.
#
# **3.** `merge_adapter(layer, a, b)` takes an `nn.Linear` and the tensors of a low-rank adapter:
# `a` of shape (rank, in) and `b` of shape (out, rank). It returns a new `nn.Linear` that computes
# what the layer with the adapter computes. The given layer stays as it is.
#
# Check your answers here or with `python -m tutorial check fine_tuning`. Solutions are in
# `tutorial/solutions/fine_tuning.py`.

# %%
from tutorial.exercises import check


def replace_last(model, classes):
    return nn.Sequential(*model, nn.Linear(classes, classes))  # yours


check(replace_last)


# %%
def groups_by_depth(model, lr, decay):
    return [{"params": model.parameters(), "lr": lr * decay}]  # yours


check(groups_by_depth)


# %%
def merge_adapter(layer, a, b):
    return nn.Linear(a.shape[1], b.shape[0], bias=layer.bias is not None)  # yours


check(merge_adapter)

# %% [markdown]
# ## To take along
#
# - Load the body, make a new last layer, and look at the missing names.
# - Freeze with `requires_grad_(False)` and `eval()`, or train the body with a smaller rate.
# - Compare with training from nothing, over several seeds. Otherwise you do not know that it helped.
#
# ## Where to read on
#
# - {{ chapter("saving") }}: what `strict=False` checks. {{ chapter("linear_algebra") }}: rank.
# - {{ chapter("reproducibility") }}: how to report a spread.
# - PyTorch documentation: [Parametrizations
#   tutorial](https://pytorch.org/tutorials/intermediate/parametrizations.html), and [Transfer
#   learning](https://pytorch.org/tutorials/beginner/transfer_learning_tutorial.html) with a
#   downloaded model.
# - Yosinski et al., *How transferable are features in deep neural networks?* (2014). Hu et al., *LoRA:
#   Low-Rank Adaptation of Large Language Models* (2021).
