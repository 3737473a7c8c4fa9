# %% [markdown]
# # Autograd: a program that knows its own derivative
#
# `requires_grad` · `backward` · `grad` · `grad_fn` · `no_grad` · `detach` · `torch.autograd.grad`
#
# {{ opening("views") }}
#
# To fit a model you follow a gradient. In NumPy you derive the gradient on paper and type it in,
# and you repeat both when the model changes. PyTorch derives it from the program while the program
# runs. This chapter shows how that works and rebuilds it in NumPy. It compares each gradient with
# one by hand and one by finite differences.
#
# **What you will know at the end:**
#
# - what the derivative of a program is, and how to check one yourself;
# - what a leaf, the graph and `backward` are, and why gradients flow in a certain order;
# - why gradients add up in `.grad`, and what to do about it;
# - how to keep an operation out of the graph, and how to get gradients without changing `.grad`.
#
# ## The derivative of a program
#
# A program that turns numbers into one number by smooth steps is a function. So it has a
# derivative: how fast the result changes with an input. The **central difference** estimates it
# with two runs, one step `h` to either side. It is one of the **finite differences**. If the step
# is too large, the curvature of the function makes the estimate wrong. If it is too small, rounding
# does. A step near the cube root of the machine epsilon balances the two errors (Press et al.,
# *Numerical Recipes*, section 5.7). `central` takes a step for each element of `x`, and `compare`
# says whether gradients agree:

# %%
import numpy as np
import torch


def central(f, x):
    h = torch.finfo(x.dtype).eps ** (1 / 3)
    steps = h * torch.eye(x.numel(), dtype=x.dtype).reshape(-1, *x.shape)
    return torch.stack([(f(x + s) - f(x - s)) / (2 * h) for s in steps], dim=-1).squeeze()


def compare(**gradients):
    for name, gradient in gradients.items():
        print(f"{name:8}", np.round(np.asarray(gradient), 6))
    first, *others = gradients.values()
    print("agree:", all(np.allclose(first, other, rtol=1e-7) for other in others))


# %% [markdown]
# Take `u = w * w` and `y = u * tanh(u)`. On paper, the chain rule gives
# `(tanh(u) + u * (1 - tanh(u) ** 2)) * 2 * w`:


# %%
def program(w):
    u = w * w
    return u * u.tanh()


start = torch.tensor(0.8, dtype=torch.float64)
u = start * start
hand = (u.tanh() + u * (1 - u.tanh() ** 2)) * 2 * start
finite = central(program, start)
compare(hand=hand, finite=finite)

# %% [markdown]
# Now the same in PyTorch. PyTorch records what is computed from a tensor with `requires_grad=True`.
# Calling `backward` on the result stores the derivative in the `.grad` of that tensor:

# %%
w = start.clone().requires_grad_()
y = program(w)
y.backward()
compare(hand=hand, finite=finite, autograd=w.grad)

# %% [markdown]
# ## Leaves and the graph
#
# PyTorch keeps its record as a **graph** of nodes. Each recorded operation adds a **node**, which
# is the `grad_fn` of its result. In `backward` the node receives the gradient of the result and
# sends a gradient to each input of the operation. `next_functions` holds the nodes of these inputs.
#
# A **leaf** is a tensor that no recorded operation made, such as `w`. It has no `grad_fn`. Its node
# is an `AccumulateGrad`, which adds each gradient that it receives to `.grad`. The graph grows
# while the program runs, so it holds only the branches that the program took. `ordered` lists each
# node after the nodes of its inputs, which is called a **topological order**:

# %%
y = program(w)
print("leaf:", w.is_leaf, y.is_leaf, " grad_fn:", w.grad_fn, y.grad_fn.name())


def inputs_of(node):
    return [each for each, _ in node.next_functions if each is not None]


def ordered(node, inputs, order):
    if node not in order:
        for each in inputs(node):
            ordered(each, inputs, order)
        order.append(node)
    return order


nodes = ordered(y.grad_fn, inputs_of, [])
for place, node in enumerate(nodes):
    sends = [nodes.index(each) for each in inputs_of(node)]
    print(place, node.name().split("::")[-1], "sends to", sends or ".grad")

# %% [markdown]
# The figure shows the nodes in that order, with an arrow for each gradient that a node sends:

# %%
import matplotlib.pyplot as plt

fig, ax = plt.subplots(figsize=(7.5, 2.6))
for place, name in enumerate(["w", "u = w * w", "tanh(u)", "y = u * tanh(u)"]):
    ax.text(place, 0, name, ha="center", va="center")
arrows = [(1, 0, 0.35), (1, 0, -0.35), (2, 1, 0.35), (3, 1, 0.35), (3, 2, -0.35)]
for sender, receiver, bend in arrows:
    height = 0.25 if bend > 0 else -0.25
    line = {"arrowstyle": "->", "connectionstyle": f"arc3,rad={bend}", "color": "C1"}
    ax.annotate("", (receiver + 0.05, height), (sender - 0.05, height), arrowprops=line)
ax.set(xlim=(-0.5, 3.5), ylim=(-1, 1.4), xticks=range(4), yticks=[])
ax.set(xlabel="place in the order (backward runs from right to left)")
ax.spines.left.set_visible(False)
ax.set_title("Where each node of y = u * tanh(u), u = w * w sends its gradient")
plt.show()

# %% [markdown]
# ## Why the order matters
#
# `u` is used twice: by `tanh` and by the last product. By the chain rule its gradient is the sum of
# what both send. The node of `u` must have this whole sum before it sends its own gradient to `w`.
# So `backward` visits the nodes in reverse topological order: each node once, after all nodes that
# send to it.
#
# ## The same, in a page of NumPy
#
# You need no framework for this. A `Value` knows its sources, the values that it was computed from.
# For each source it has a function that turns the gradient of the result into the share of that
# source:


# %%
class Value:
    def __init__(self, data, *sources):
        self.data, self.sources, self.grad = data, sources, 0.0

    def __mul__(self, other):
        ours, theirs = (lambda g: g * other.data), (lambda g: g * self.data)
        return Value(self.data * other.data, (self, ours), (other, theirs))

    def tanh(self):
        t = np.tanh(self.data)
        return Value(t, (self, lambda g: g * (1 - t * t)))

    def nodes(self):
        return ordered(self, lambda value: [source for source, _ in value.sources], [])

    def backward(self, order=None):
        self.grad = 1.0
        for value in order or reversed(self.nodes()):
            for source, share in value.sources:
                source.grad += share(value.grad)


# %% [markdown]
# The same `program` runs on a `Value`. The second half of the cell uses another order, in which `u`
# sends its gradient before the share from `tanh` has arrived. Then the gradient is wrong, and there
# is no error:

# %%
right, early = Value(0.8), Value(0.8)
program(right).backward()
compare(hand=hand, finite=finite, autograd=w.grad, scratch=right.grad)
y = program(early)
_, u, t, _ = y.nodes()
y.backward(order=[y, u, t])
compare(hand=hand, early=early.grad)

# %% [markdown]
# A workload that was measured is the gradient of the loss `mean((tanh(x @ w) - y) ** 2) / 2`. Here
# it is by hand and by autograd:
#
# {{ pair("gradient_cost") }}

# %%
from bench.workloads.gradient_cost import WORKLOAD, gradient_cost_numpy, gradient_cost_torch
from bench.workloads.parts.gradients import loss

arrays = WORKLOAD.make(np.random.default_rng(0), p=3)
x, y, start_w = (torch.from_numpy(arrays[name]) for name in ("x", "y", "w"))
by_hand, by_autograd = gradient_cost_numpy(**arrays), gradient_cost_torch(x, y, start_w)
by_steps = central(lambda w: loss(x, y, w), start_w)
compare(hand=by_hand, finite=by_steps, autograd=by_autograd)

# %% [markdown]
# This is what the two take, with few parameters and with many. (The lines of autograd include those
# of `loss`.)
#
# > {{ quote("gradients", workload="gradient_cost", size="p=4", contender="torch-cpu") }}
#
# > {{ quote("gradients", workload="gradient_cost", size="p=1024", contender="torch-cpu") }}
#
# {{ choose(quote("gradients", workload="gradient_cost", size="p=1024", contender="torch-cpu"),
#     faster="With many parameters autograd is faster, although it records a graph first.",
#     slower="Autograd saves no time here, because it records each operation before it goes back
#     over it. But it saves you the derivation, and the mistakes in it.",
#     tie="With many parameters both take the same time. But autograd saves the derivation.",
#     otherwise="Whatever the time is, autograd saves the derivation, and the mistakes in it.") }}
#
# Central differences run the program twice for each parameter. Use them as a check, not as a
# method. The contender `torch-cpu-finite` computes them in PyTorch. Here it is compared with the
# gradient by hand in NumPy:
#
# > {{ speedup("gradient_cost", "p=1024", contender="torch-cpu-finite") }}
#
# ## Gradients add up
#
# `AccumulateGrad` adds. Within one `backward` this is the chain rule. But the next `backward` also
# adds to the gradient of the last one, unless `w.grad = None` clears it. A second `backward` needs
# a new run of the program, because the first frees what the nodes of the graph have kept:

# %%
w.grad = None
program(w).backward()
y = program(w)
y.backward()
compare(twice=2 * hand, autograd=w.grad)
try:
    y.backward()
except RuntimeError as error:
    print(str(error)[:50], "...")

# %% [markdown]
# ## The gradient of a vector
#
# `backward` starts from one number. A result of several numbers has a matrix of derivatives, the
# **Jacobian**: `J[i, j]` is how much result `i` changes with input `j`. `backward` does not build
# this matrix. Given a vector `v`, it computes the **vector-Jacobian product** `v @ J`, which is the
# gradient of `(v * y).sum()`:


# %%
def neighbours(x):
    return x[:-1] * x[1:]


x = torch.tensor([2.0, 3.0, 5.0], dtype=torch.float64, requires_grad=True)
v = torch.tensor([1.0, 10.0], dtype=torch.float64)
try:
    neighbours(x).backward()
except RuntimeError as error:
    print(error)
neighbours(x).backward(v)
J = torch.tensor([[3.0, 2.0, 0.0], [0.0, 5.0, 3.0]], dtype=torch.float64)  # by hand
compare(hand=v @ J, finite=v @ central(neighbours, x.detach()), autograd=x.grad)

# %% [markdown]
# ## Outside the graph
#
# Under `torch.no_grad()` nothing is recorded. `detach()` returns a view of the same numbers, which
# autograd treats as constants. Here `c` is `w * w`, detached. For autograd `c` is a constant, so
# the derivative of `c * w` is `c`. Without `detach` it would be the derivative of `w * w * w`,
# three times as large, as finite differences show:

# %%
with torch.no_grad():
    print("recorded under no_grad:", program(w).requires_grad)
w.grad = None
c = (w * w).detach()
(c * w).backward()
compare(hand=c, autograd=w.grad)
compare(finite=central(lambda w: w * w * w, start), autograd=w.grad)

# %% [markdown]
# PyTorch refuses to record an in-place change of a leaf that requires a gradient, because the leaf
# would become the result of an operation. (The message calls a tensor a Variable.) So take a
# gradient step under `no_grad`. Then `w` stays a leaf:

# %%
try:
    w -= 0.1 * w.grad
except RuntimeError as error:
    print(error)
with torch.no_grad():
    w -= 0.1 * w.grad
print(w.is_leaf, w.requires_grad, torch.equal(w.detach(), start - 0.1 * c))

# %% [markdown]
# `backward` fills only the `.grad` of leaves. `torch.autograd.grad` returns the gradients of any
# tensors that you name and changes no `.grad`:

# %%
w = start.clone().requires_grad_()
u = w * w
(asked,) = torch.autograd.grad(u * u.tanh(), u)
print("filled:", w.grad)
c = u.detach()
compare(hand=c.tanh() + c * (1 - c.tanh() ** 2), asked=asked)

# %% [markdown]
# ## A common mistake: gradients of earlier steps are still there
#
# The loop below fits a line by gradient descent. If you leave out the line that clears the
# gradient, each step follows the sum of all gradients so far. That sum does not shrink as the loss
# does:

# %%
rng = np.random.default_rng(0)
x = torch.from_numpy(rng.standard_normal((40, 2)))
y = x @ torch.tensor([2.0, -1.0], dtype=torch.float64)


def descend_line(*, clear, steps=60, rate=0.05):
    w, losses = torch.zeros(2, dtype=torch.float64, requires_grad=True), []
    for _ in range(steps):
        if clear:
            w.grad = None
        loss = ((x @ w - y) ** 2).mean()
        loss.backward()
        with torch.no_grad():
            w -= rate * w.grad
        losses.append(loss.item())
    return losses


# %%
fig, ax = plt.subplots()
for clear, colour in [(False, "C3"), (True, "C1")]:
    losses = descend_line(clear=clear)
    name = "cleared before each step" if clear else "never cleared"
    ax.plot(losses, color=colour, label=f"{name}: {losses[-1]:.2g} at the end")
ax.set_title("The loss of the same fit, with gradients cleared and never cleared")
ax.set(xlabel="step of gradient descent", ylabel="mean squared error", ylim=(None, 6))
ax.legend(loc="upper right")
plt.show()

# %% [markdown]
# PyTorch raises no error, because the sum is sometimes what you want. For example, you may process
# data in parts because all of it does not fit into memory. Otherwise clear the gradients before
# every `backward`. Or call `zero_grad()` on the optimiser, which clears them for all parameters
# ({{ chapter("training_ladder") }}).
#
# ## Exercises
#
# **1.** `logistic_gradient(x, y, w)` takes NumPy arrays of shapes (n, p), (n,) and (p,), where `y`
# is 1 or -1. It returns the gradient of `np.log(1 + np.exp(-y * (x @ w))).mean()` with respect to
# `w`, of shape (p,). Derive it by hand, without PyTorch.
#
# **2.** `directional_derivative(f, x, v)` takes a function from a float64 tensor to a tensor of one
# element, a tensor `x`, and a tensor `v` of the same shape. It returns the derivative of `f(x + s *
# v)` with respect to `s`, at `s = 0`, as a `float`. Use one central difference: two runs, however
# large `x` is.
#
# **3.** `descend(loss, parameters, rate)` takes a loss, a list of the leaves that it was computed
# from, and a number. It moves each leaf by `-rate` times its gradient. Each leaf must stay the same
# tensor, in the same memory, and each `.grad` must stay as it was.
#
# Check your answers here or with `python -m tutorial check autograd`. Solutions are in
# `tutorial/solutions/autograd.py`.

# %%
from tutorial.exercises import check


def logistic_gradient(x, y, w):
    return x[0] * y[0] * w  # yours


check(logistic_gradient)


# %%
def directional_derivative(f, x, v):
    return f(x + v).item()  # yours


check(directional_derivative)


# %%
def descend(loss, parameters, rate):
    return loss, parameters, rate  # yours


check(descend)

# %% [markdown]
# ## To take along
#
# - PyTorch records the operations that run, and `backward` goes through this graph from the end.
# - `backward` adds to `.grad`: clear it before every step.
# - Finite differences check a gradient. To compute one they take too long.
#
# ## Where to read on
#
# - {{ chapter("autograd_in_depth") }}: derivatives of derivatives, functions of your own, and what
#   the graph keeps in memory; {{ family("autograd", "all that was measured of autograd") }}.
# - PyTorch documentation:
#   [Autograd mechanics](https://pytorch.org/docs/stable/notes/autograd.html).
# - Andrej Karpathy, [micrograd](https://github.com/karpathy/micrograd), the same idea on scalars.
# - Griewank and Walther, *Evaluating Derivatives* (2008), chapter 3.
