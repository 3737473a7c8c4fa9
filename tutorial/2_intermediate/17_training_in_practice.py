# %% [markdown]
# # Training in practice: AdamW, schedules, clipping, early stopping
#
# `torch.optim.AdamW` · `weight_decay` · `LambdaLR` · `clip_grad_norm_` · `autocast` · `deepcopy`
#
# {{ opening("training_ladder", "data") }}
#
# The loop of {{ chapter("whole_program") }} is enough to train. Programs in practice have a few
# more lines. They change the learning rate on the way, keep weights small, survive a bad batch,
# stop in time and write a log. In NumPy each of these is a formula to write. In PyTorch each is a
# line or two.
#
# **What you will know at the end:**
#
# - what weight decay is in Adam and in AdamW, and why it is not the same
# - how to warm up a learning rate and let it fall, and when `step()` of a schedule is called
# - what clipping does to a gradient, and what its return value tells you
# - how to stop early, and how to keep the best weights
# - what to log
#
# ## The loop, with a log
#
# This is the loop of {{ chapter("training_ladder") }} with three additions: it clips the gradients,
# steps a schedule and returns a log. The sections below explain them. `nn.ReLU` computes
# `max(x, 0)`.

# %%
import copy
import math

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
training, validation = (pixels[:200], labels[:200]), (pixels[1437:], labels[1437:])


def network(seed=0):
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 10))


def batches(size=20):
    order = torch.randperm(len(training[1]))
    return [(training[0][rows], training[1][rows]) for rows in order.split(size)]


@torch.no_grad()
def evaluate(model):
    model.eval()
    scores = model(validation[0])
    right = (scores.argmax(1) == validation[1]).float().mean()
    return F.cross_entropy(scores, validation[1]).item(), right.item()


def train(model, optimizer, epochs, schedule=None, most=math.inf):
    """Train; return a row for each epoch: losses, accuracy, learning rate, gradient norm."""
    log = []
    for epoch in range(epochs):
        model.train()
        losses, norms = [], []
        for x, y in batches():
            loss = F.cross_entropy(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            norms.append(nn.utils.clip_grad_norm_(model.parameters(), most))
            optimizer.step()
            if schedule is not None:
                schedule.step()
            losses.append(loss.detach())
        valid, right = evaluate(model)
        lr = optimizer.param_groups[0]["lr"]
        log.append((epoch, torch.stack(losses).mean().item(), valid, right, lr, max(norms).item()))
    return log


model = network()
log = train(model, torch.optim.AdamW(model.parameters(), lr=0.003), epochs=5)
print("epoch   loss  validation  right     lr   largest norm")
for row in log:
    print("{:5} {:6.3f} {:11.3f} {:6.1%} {:6.4f} {:14.2f}".format(*row))

# %% [markdown]
# Log these numbers: the loss of the training, the loss and the share of right answers on data that
# the training does not use, the learning rate, and the norm of the gradient. They help when a
# training fails. A norm that grows without end means that the steps are too large. A validation
# loss that rises means that the network memorises its images. {{ chapter("tensorboard") }} draws
# such a log.
#
# ## Weight decay: AdamW, not Adam
#
# **Weight decay** pulls every weight a little towards zero at each step, so that a network
# memorises less. The old way adds `weight_decay * w` to the gradient. With SGD the pull is then
# proportional to `w`. But Adam divides the gradient by its size, and the pull with it. So all
# weights, large or small, are pulled by about the learning rate. **AdamW** pulls in a separate
# step: `w -= lr * weight_decay * w` (Loshchilov and Hutter, 2019). Here the loss has no gradient at
# all, so only the pull is left:

# %%
for kind in (torch.optim.SGD, torch.optim.Adam, torch.optim.AdamW):
    w = torch.tensor([10.0, 0.1], requires_grad=True)
    w.grad = torch.zeros(2)
    kind([w], lr=0.01, weight_decay=0.1).step()
    moved = torch.tensor([10.0, 0.1]) - w.detach()
    print(f"{kind.__name__:6} moves 10.0 by {moved[0]:.4f} and 0.1 by {moved[1]:.4f}")

# %% [markdown]
# Biases and the parameters of normalisations ({{ chapter("saving") }} has one) usually get no
# weight decay. An optimiser takes **groups** of parameters, each with its own options:

# %%
named = dict(model.named_parameters())
groups = [
    {"params": [p for p in named.values() if p.ndim > 1], "weight_decay": 0.1},
    {"params": [p for p in named.values() if p.ndim <= 1], "weight_decay": 0.0},
]
optimizer = torch.optim.AdamW(groups, lr=0.003)
[(len(group["params"]), group["weight_decay"]) for group in optimizer.param_groups]

# %% [markdown]
# ## A schedule for the learning rate
#
# A large learning rate is fast at first, but at the end its steps are too large. A small one is
# slow. So most trainings let the rate fall, here along half a cosine. The very first steps can do
# harm too, so a **warm-up** comes first: the rate grows from near zero. A **schedule** multiplies
# the rate of the optimiser by a factor. Its `step()` comes after `optimizer.step()`, here once for
# each batch:


# %%
def factor(step, warmup=20, total=300):
    if step < warmup:
        return (step + 1) / warmup
    return 0.5 * (1 + math.cos(math.pi * min((step - warmup) / (total - warmup), 1)))


logs = {}
for name in ("constant", "warm-up and cosine"):
    model = network()
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.1)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, factor) if "cosine" in name else None
    logs[name] = train(model, optimizer, epochs=30, schedule=schedule)

fig, axes = plt.subplots(1, 2)
for (name, log), colour in zip(logs.items(), ("C3", "C1"), strict=True):
    _, losses, _, _, rates, _ = zip(*log, strict=True)
    axes[0].plot(rates, color=colour, label=name)
    axes[1].semilogy(losses, color=colour)
    print(f"{name:19} training loss at the end {losses[-1]:.4f}")
axes[0].set(title="Learning rate", xlabel="epoch", ylabel="learning rate")
axes[1].set(title="Loss of the training", xlabel="epoch", ylabel="cross-entropy (nats)")
axes[0].legend(fontsize=8, loc="lower left")
plt.show()

# %% [markdown]
# A schedule has a state, the number of its steps. To resume a training, save it as well
# ({{ chapter("checkpoints") }}).
#
# ## Clipping: a limit for one step
#
# One odd batch can have a gradient a thousand times as large as the others, and a single step can
# undo the training so far. `clip_grad_norm_` computes the norm of all gradients together. If the
# norm is above a limit, it scales all gradients down to the limit by one factor, so their direction
# stays. It returns the norm before clipping, which belongs in the log. Here one batch in the middle
# is broken: its pixels are a thousand times too large.


# %%
BROKEN = 30  # the step whose batch is broken


def with_broken_batch(most):
    model = network()
    optimizer, losses = torch.optim.SGD(model.parameters(), lr=0.1), []
    torch.manual_seed(1)
    for step, (x, y) in enumerate(batch for _ in range(6) for batch in batches()):
        loss = F.cross_entropy(model(1000 * x if step == BROKEN else x), y)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), most)
        optimizer.step()
        losses.append(evaluate(model)[0])
    return losses


fig, ax = plt.subplots()
for most, colour, name in ((math.inf, "C3", "not clipped"), (1.0, "C1", "clipped to norm 1")):
    ax.semilogy(with_broken_batch(most), color=colour, label=name)
ax.set_title("The validation loss when one batch is broken")
ax.set(xlabel="step", ylabel="cross-entropy (nats)")
ax.legend()
plt.show()

# %% [markdown]
# Without the limit, one step on the broken batch undoes the training. With the limit, the training
# goes on as before.
#
# ## Early stopping
#
# With 200 images and many more weights, the network memorises its images. Its training loss keeps
# falling, while the validation loss rises. **Early stopping** keeps the weights of the best
# validation loss, and stops when it has not improved for some epochs, the **patience**:

# %%
model = network()
optimizer = torch.optim.AdamW(model.parameters(), lr=0.01, weight_decay=0)
best, patience, log = (math.inf, 0, None), 8, []
for epoch in range(60):
    log += train(model, optimizer, epochs=1)
    valid = log[-1][2]
    if valid < best[0]:
        best = valid, epoch, copy.deepcopy(model.state_dict())
    elif epoch - best[1] >= patience:
        break

fig, ax = plt.subplots()
ax.semilogy([row[1] for row in log], color="C3", label="training")
ax.semilogy([row[2] for row in log], color="C1", label="validation")
ax.axvline(best[1], color="C0", linestyle=":", label=f"best epoch: {best[1]}")
ax.set_title(f"Stopped after epoch {epoch}: no better for {patience} epochs")
ax.set(xlabel="epoch", ylabel="cross-entropy (nats)")
ax.legend()
plt.show()

# %% [markdown]
# The validation images have now chosen the epoch, so their loss is too good. Report the loss of
# other images, the test images.
#
# ## Mixed precision
#
# Under **autocast**, PyTorch computes matrix products in bfloat16, a float of two bytes. Weights,
# losses and steps stay in float32. This saves time only where the hardware is faster in bfloat16
# ({{ chapter("precision") }}):

# %%
model = network()
optimizer = torch.optim.AdamW(model.parameters(), lr=0.003)
for x, y in batches():
    with torch.autocast("cpu", torch.bfloat16):
        scores = model(x)
        loss = F.cross_entropy(scores, y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
print(scores.dtype, loss.dtype, model[0].weight.dtype, model[0].weight.grad.dtype)

# %% [markdown]
# ## A common mistake: the best weights that were never copied
#
# `state_dict()` returns the model's own tensors. If you keep it without a copy, "the best weights"
# change with every later step, and at the end they are the last weights:

# %%
model = network()
optimizer = torch.optim.AdamW(model.parameters(), lr=0.01, weight_decay=0)
kept = {}
best = math.inf
for _ in range(40):
    train(model, optimizer, epochs=1)
    valid, _ = evaluate(model)
    if valid < best:
        best = valid
        kept = {"kept": model.state_dict(), "copied": copy.deepcopy(model.state_dict())}
print(f"the best validation loss was {best:.4f}")
for name, state in kept.items():
    restored = network()
    restored.load_state_dict(state)
    print(f"{name:7} {evaluate(restored)[0]:.4f}")
torch.set_num_threads(cores)

# %% [markdown]
# Copy with `copy.deepcopy`, or save to a file.
#
# ## Exercises
#
# **1.** `warmup_linear(step, warmup, total)` returns the factor for the learning rate as a float.
# It grows in equal steps from `1 / warmup` at step 0 to 1 at step `warmup - 1`. At step `warmup` it
# is 1 again. From there it falls in equal steps to 0 at step `total`, and stays 0.
#
# **2.** `clipped(gradients, most)` takes a list of tensors and a positive number. It returns a list
# of new tensors. If the norm of all numbers together is above `most`, they are scaled so that it is
# `most`. Otherwise they are equal to the given ones.
#
# **3.** `stopped(losses, patience)` takes the validation losses of all epochs and applies early
# stopping to them. The training stops after the first epoch that is `patience` epochs later than
# the best so far. If there is none, it stops after the last epoch. The function returns a tuple of
# two ints: the best epoch until then, and the epoch after which it stops. Of equal losses the first
# is the best.
#
# Check your answers here or with `python -m tutorial check training_in_practice`. Solutions are in
# `tutorial/solutions/training_in_practice.py`.

# %%
from tutorial.exercises import check


def warmup_linear(step, warmup, total):
    return step / warmup - step / total  # yours


check(warmup_linear)


# %%
def clipped(gradients, most):
    return [gradient.clamp(-most, most) for gradient in gradients]  # yours


check(clipped)


# %%
def stopped(losses, patience):
    return int(np.argmin(losses)), patience  # yours


check(stopped)

# %% [markdown]
# ## To take along
#
# - The pull of AdamW is proportional to the weight. The pull of Adam's `weight_decay` is not.
# - Warm up, let the rate fall, clip the norm, and log it.
# - Keep a copy of the best weights: a `state_dict` changes with the model.
#
# ## Where to read on
#
# - {{ chapter("saving") }} and {{ chapter("checkpoints") }}: files of weights and of whole trainings.
# - {{ chapter("reproducibility") }}: how much of a difference is luck.
# - PyTorch documentation: [torch.optim](https://pytorch.org/docs/stable/optim.html), section "How to
#   adjust learning rate".
# - Loshchilov and Hutter, *Decoupled Weight Decay Regularization* (2019). Goodfellow, Bengio and
#   Courville, *Deep Learning* (2016), sections 7.8 (early stopping) and 10.11.1 (clipping).
