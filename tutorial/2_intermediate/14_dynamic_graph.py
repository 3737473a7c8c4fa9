# %% [markdown]
# # The dynamic graph: loops and branches on data
#
# `grad_fn` · `torch.where` · `torch.cond` · `torch.compile` · `fullgraph`
#
# {{ opening("autograd", "whole_program") }}
#
# A program may have loops and branches that depend on the data. The gradient of such a program
# needs the graph of the operations that ran, and each input may give a different graph. This
# chapter shows these graphs, and what autograd differentiates in them. Then it shows the other way:
# to build the graph before there are any data.
#
# **What you will know at the end:**
#
# - why loops and branches on data need nothing special in PyTorch;
# - what the gradient of code with a decision is, and what it does not see;
# - what a graph that is built in advance needs in place of `if` and `while`;
# - what `torch.compile` does with an `if` that depends on data.

# %%
import matplotlib.pyplot as plt
import numpy as np
import torch

# %% [markdown]
# ## The graph is whatever Python ran
#
# This loop halves a number until it is at most one. How often it runs depends on the number:


# %%
def shrink(x):
    while abs(x) > 1:
        x = x / 2
    return x


inputs = [torch.tensor(v, dtype=torch.float64, requires_grad=True) for v in (0.6, 3.0, 5.0)]
outputs = [shrink(x) for x in inputs]
[y.item() for y in outputs]

# %% [markdown]
# `graph` goes back from `grad_fn` through `next_functions`, as in {{ chapter("autograd") }}. For
# each node it also keeps the number of steps to the output. If there are several ways, the longest
# counts.


# %%
def graph(output):
    distance, todo = {}, [(output.grad_fn, 0)]
    while todo:
        node, steps = todo.pop()
        if node is not None:
            distance[node] = max(steps, distance.get(node, 0))
            todo += [(before, steps + 1) for before, _ in node.next_functions]
    return distance


def title(node):
    return node.name().rpartition("::")[2].removesuffix("Backward0")


for x, y in zip(inputs, outputs, strict=True):
    print(f"{x.item()}: {' -> '.join(map(title, graph(y))) or 'no operation, so no node'}")

# %% [markdown]
# The same function with three inputs makes three graphs. None of them holds a loop or a comparison.
# A graph records the operations that ran, and by then Python has made all decisions. That is the
# meaning of **dynamic**: each call builds a new graph while it runs.
#
# ## A network whose depth depends on its input
#
# The same works with layers. This network applies its only layer until the resulting vector has at
# most length one. The matrix `w` turns a vector and makes it a fifth shorter, and `tanh` makes no
# vector longer. So the loop ends. You train such a network like any other: each step has the graph
# of its own input.

# %%
rng = np.random.default_rng(4)
turn, _ = np.linalg.qr(rng.normal(size=(3, 3)))
w = torch.from_numpy(0.8 * turn).requires_grad_()


def network(x, w):
    while x.norm() > 1:
        x = torch.tanh(w @ x)
    return x.sum()


near, far = (torch.tensor([length, 0.0, 0.0], dtype=torch.float64) for length in (1.2, 4.0))
results = {"near": network(near, w), "far": network(far, w)}


# %% [markdown]
# The figure draws both graphs from their nodes. `w` has one `AccumulateGrad`, and every layer leads
# to it:


# %%
def draw(ax, output):
    nodes = graph(output)
    at = {n: (d / 2, 1) if hasattr(n, "variable") else (d, 0) for n, d in nodes.items()}  # leaf: 1
    line = {"arrowstyle": "->", "color": "C1", "shrinkA": 16, "shrinkB": 16}
    for node, (x, y) in at.items():
        ax.text(x, y, title(node), ha="center", va="top" if y else "center")
        for before, _ in node.next_functions:
            if before is not None:
                ax.annotate("", at[before], (x, y), arrowprops=line)
    ax.set(xlim=(-0.5, 6.5), ylim=(1.4, -0.4))
    ax.axis("off")


fig, axes = plt.subplots(2, 1)
for ax, (name, output) in zip(axes, results.items(), strict=True):
    draw(ax, output)
    ax.set_title(f"The graph of the {name} input: {len(graph(output))} nodes, output on the left")
plt.show()

# %% [markdown]
# ## What the gradient of a decision is
#
# A graph knows only the branch that was taken. As before, we compare gradients with central
# differences. For example, `shrink` divides five by eight, so its slope at five is an eighth. At
# two the function jumps, because just above two the loop runs once more.


# %%
def slope(f, x, step=1e-6):
    return (f(x + step) - f(x - step)) / (2 * step)


print(f"{'x':>4} {'autograd':>9} {'central difference':>19}")
for value in (0.6, 3.0, 5.0, 2.0):
    x = torch.tensor(value, dtype=torch.float64, requires_grad=True)
    (gradient,) = torch.autograd.grad(shrink(x), x)
    print(f"{value:4} {gradient:9.4f} {slope(shrink, value):19.4f}")

# %% [markdown]
# At the jump there is no derivative. The central difference divides the jump by the distance of two
# steps, so it grows as the step shrinks. Autograd returns the slope of the piece to which two
# belongs, as if there were no jump. **A decision has no gradient**: a parameter that acts only
# through comparisons, such as a threshold, learns nothing.

# %%
xs = torch.linspace(0.05, 9, 500, dtype=torch.float64, requires_grad=True)
values = torch.stack([shrink(x) for x in xs])
(slopes,) = torch.autograd.grad(values.sum(), xs)

fig, ax = plt.subplots()
ax.plot(xs.detach(), values.detach(), ".", color="C1", markersize=3, label="shrink(x)")
ax.plot(xs.detach(), slopes, ".", color="C3", markersize=3, label="its gradient by autograd")
ax.set(xlabel="x (no unit)", ylabel="value, gradient (no unit)", ylim=(0, 1.25))
ax.set_title("The gradient is the slope of each piece, and shows no jump")
ax.legend(loc="upper right", ncols=2)
plt.show()

# %% [markdown]
# ## A graph that is built before the data exist
#
# The other way is a **static graph**. First you build the whole graph from placeholders, which
# stand for later data. Then you run it on data, as often as you need. A program that has the whole
# graph in advance can rearrange it, do several steps in one, and run it without Python. Here is a
# small one:


# %%
class Node:
    def __init__(self, *inputs, function=None):
        self.inputs, self.function = inputs, function

    def run(self, data):
        if self in data:  # a placeholder, or a loop's variable
            return data[self]
        return self.function(*(node.run(data) for node in self.inputs))

    def __truediv__(self, number):
        return Node(self, function=lambda value: value / number)

    def __gt__(self, number):
        return Node(self, function=lambda value: value > number)


x = Node()
half = x / 2
[half.run({x: value}) for value in (3.0, 5.0)]


# %% [markdown]
# Now a branch. There is no number yet when the graph is built. So `if` tests the node itself, and
# any object counts as true. The branch is taken once, while the graph is built, for all later data:


# %%
def halve_if_large(x):
    if x > 1:
        return x / 2
    return x


built = halve_if_large(x)
[(value, halve_if_large(value), built.run({x: value})) for value in (3.0, 0.6)]

# %% [markdown]
# For 0.6 the static graph returns 0.3. This is wrong, and there is no error. A static graph needs
# decisions that are nodes themselves, so that they run with the data. One such node chooses between
# two graphs. Another runs a graph again and again:


# %%
class Where(Node):
    def run(self, data):
        condition, yes, no = self.inputs
        return (yes if condition.run(data) else no).run(data)


class While(Node):
    def run(self, data):
        variable, condition, body, start = self.inputs
        data = data | {variable: start.run(data)}
        while condition.run(data):
            data = data | {variable: body.run(data)}
        return data[variable]


built = Where(x > 1, x / 2, x)
print([built.run({x: value}) for value in (3.0, 0.6)])
y = Node()
static_shrink = While(y, y > 1, y / 2, x)
[static_shrink.run({x: value}) == shrink(value) for value in (0.6, 3.0, 5.0)]

# %% [markdown]
# This works, but Python makes no decisions any more. You cannot use `if`, print a value in the
# middle, or stop there with a debugger. PyTorch has such a node too, `torch.cond`, which its
# documentation calls a prototype.
#
# ## `torch.compile` records static graphs
#
# `torch.compile` combines both: you write dynamic Python, and it records static graphs. At the
# first call it follows the function step by step and collects the tensor operations into a graph.
# It gives the graph to a **backend**, which returns the code to run instead. The usual backend,
# Inductor, writes new code for the graph ({{ chapter("fusion") }}). The backend in this cell only
# keeps the graph and runs it as it is:

# %%
graphs = []


def look(recorded, _examples):
    graphs.append(recorded)
    return recorded.forward


def operations():  # of each graph recorded so far
    calls = [[n for n in g.graph.nodes if n.op.startswith("call")] for g in graphs]
    return [[getattr(n.target, "__name__", n.target) for n in found] for found in calls]


def gated(x, w):
    y = w @ x
    if y.sum() > 0:
        return torch.tanh(y)
    return y / 2


weights, ones = torch.eye(3), torch.ones(3)
compiled = torch.compile(gated, backend=look)
compiled(ones, weights)
operations()

# %% [markdown]
# There are two graphs. The `if` needs a number, so the first graph ends there, after the
# comparison. Python decides, and then a second graph begins. This is a **graph break**. The other
# branch never ran, so it is not recorded until an input takes it:

# %%
right = torch.equal(compiled(-ones, weights), gated(-ones, weights))
print(right, operations())

# %% [markdown]
# The results are right, but the code is in pieces, and no backend can improve it across a break. To
# find breaks, set `fullgraph=True`, which turns them into an error:

# %%
try:
    torch.compile(shrink, backend=look, fullgraph=True)(torch.tensor(3.0))
except RuntimeError as error:
    print(f"{type(error).__name__}: {str(error).splitlines()[0]}")

# %% [markdown]
# The solution is a choice that is an operation itself. `torch.where` computes both sides and takes
# the one that the condition selects. There is one graph and no break:


# %%
def gated_whole(x, w):
    y = w @ x
    return torch.where(y.sum() > 0, torch.tanh(y), y / 2)


graphs.clear()
compiled = torch.compile(gated_whole, backend=look, fullgraph=True)
same = [torch.equal(compiled(x, weights), gated(x, weights)) for x in (ones, -ones)]
print(same, operations())

# %% [markdown]
# The gradient also goes through both sides. The side that was not selected receives the gradient
# zero and multiplies it by its slope. If that slope is infinite, the product is `nan`. The solution
# is a second `torch.where` inside, which gives that side a harmless input:


# %%
def root(x):
    return torch.where(x > 0, torch.sqrt(x), 0.0)


def safe_root(x):
    inside = torch.where(x > 0, x, 1.0)  # what sqrt gets is never zero
    return torch.where(x > 0, torch.sqrt(inside), 0.0)


x = torch.tensor([0.0, 4.0], requires_grad=True)
for function in (root, safe_root):
    (grad,) = torch.autograd.grad(function(x).sum(), x)
    print(f"{function.__name__:10} {function(x).tolist()} gradient {grad.tolist()}")

# %% [markdown]
# ## A common mistake: a tensor's value taken out as a Python number
#
# `.item()`, `.tolist()`, `int(t)` and `float(t)` return Python numbers, which are not in the graph.
# For autograd, everything computed from such a number is a constant. That is right if the number
# only decides. But if the result is computed from it, a part of the gradient is missing.
# `t.numpy()` raises an error if `t` requires a gradient, and `float(t)` warns. `.item()` and
# `.tolist()` give no warning:


# %%
def shares(x):
    return x / x.sum().item()  # mistake: the sum is a constant from here on


def shares_in_graph(x):
    return x / x.sum()


x = torch.tensor([1.0, 2.0, 5.0], dtype=torch.float64, requires_grad=True)
step = torch.tensor([1.0, 0.0, 0.0], dtype=torch.float64)
print(f"same values: {torch.equal(shares(x), shares_in_graph(x))}")
print(f"slope      {slope(lambda t: shares(x.detach() + t * step)[0], 0.0):.4f}")
for function in (shares, shares_in_graph):
    (grad,) = torch.autograd.grad(function(x)[0], x)
    print(f"autograd   {grad[0]:.4f}   {function.__name__}")

# %% [markdown]
# Both functions return the same numbers, but only one has the right gradient. Keep numbers that
# take part in the result as tensors. Take values out only to decide and to print.
#
# ## Exercises
#
# **1.** `leaves_reached(output)` takes a tensor that was computed from others. It returns a list of
# the leaves that get a gradient from `output.backward()`, each leaf once, in any order. They must
# be the leaves themselves, not copies. If there is no graph, the list is empty. An `AccumulateGrad`
# node holds its leaf as `node.variable`.
#
# **2.** `discounted_return(rewards, discount)` takes a tensor of shape (n,), where n may be zero,
# and a tensor of shape (), of the same dtype. It returns a tensor of shape ():
# `rewards[0] + discount * rewards[1] + discount**2 * rewards[2] + ...`. The gradients with respect
# to both arguments have to be right.
#
# **3.** `shortened(x, limit)` takes a vector of shape (n,) and a positive number. The given code is
# right, but it has a graph break. Write it without the graph break. Its gradient must be right for
# every vector, also for a vector of zeros. Remember `safe_root`.
#
# Check your answers here or with `python -m tutorial check dynamic_graph`. Solutions are in
# `tutorial/solutions/dynamic_graph.py`.

# %%
from tutorial.exercises import check


def leaves_reached(output):
    return [output]  # yours


check(leaves_reached)


# %%
def discounted_return(rewards, discount):
    return (rewards * discount).sum()  # yours


check(discounted_return)


# %%
def shortened(x, limit):
    if x.norm() > limit:
        return x * (limit / x.norm())
    return x  # yours: the same without `if`


check(shortened)

# %% [markdown]
# ## To take along
#
# - The graph is what Python ran, so loops and branches need nothing special.
# - A decision has no gradient.
# - `item()` cuts the graph without a warning. Keep numbers that take part in the result as tensors.
#
# ## Where to read on
#
# - {{ chapter("autograd_in_depth") }}: what a node keeps, and how to write one yourself.
# - {{ chapter("fusion") }}: what the usual backend of `torch.compile` does with a graph.
# - {{ chapter("export") }}: one static graph of a whole model, to run without Python.
# - PyTorch documentation: [Autograd
#   mechanics](https://pytorch.org/docs/stable/notes/autograd.html), and the pages "Custom Backends"
#   and "Control Flow - Cond".
# - A. Paszke et al., "PyTorch: An Imperative Style, High-Performance Deep Learning Library",
#   NeurIPS 2019.
