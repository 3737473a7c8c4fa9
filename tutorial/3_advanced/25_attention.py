# %% [markdown]
# # Attention: from NumPy to scaled_dot_product_attention
#
# `F.scaled_dot_product_attention` · `is_causal` · `attn_mask` · `nn.MultiheadAttention`
#
# {{ opening("matmul", "whole_program", "reductions") }}
#
# Attention is the operation that language models are built around. It is two matrix products with a
# softmax between them, so you can write it in five lines of NumPy. A text is a sequence of
# positions, for example one for each word. The five lines store a number for every pair of
# positions, so a long text needs too much memory. PyTorch has one function that does not store
# these numbers.
#
# **What you will know at the end:**
#
# - what attention computes, as a lookup that can be differentiated
# - how to compute it in blocks, without the matrix of all scores
# - how masks hide positions, and which of two opposite meanings a mask has
# - what heads are, and how `nn.MultiheadAttention` relates to the five lines
#
# ## A soft lookup
#
# A dictionary has keys and values. A lookup compares a query with each key, and returns the value
# of the key that is equal. **Attention** returns a mean of all values, in which a value counts more
# if its key is similar to the query. With queries `q` of shape (m, d), keys `k` (n, d) and values
# `v` (n, c):
#
#     scores  = q @ k.T / sqrt(d)        (m, n)
#     weights = softmax of each row      (m, n), positive, sum one
#     y       = weights @ v              (m, c)
#
# The inner product measures similarity. Inner products scatter in proportion to `sqrt(d)`. Without
# the division, the softmax for a large `d` would be nearly one for a single key and nearly zero for
# the rest:

# %%
import math

import matplotlib.pyplot as plt
import numpy as np
import torch
from torch import nn
from torch.nn import functional as F


def attention(q, k, v):
    scores = q @ k.T / math.sqrt(q.shape[-1])
    weights = np.exp(scores - scores.max(1, keepdims=True))
    return weights / weights.sum(1, keepdims=True) @ v


rng = np.random.default_rng(0)
q, k, v = (rng.standard_normal((6, 4)) for _ in "qkv")
tq, tk, tv = (torch.from_numpy(x) for x in (q, k, v))
np.allclose(attention(q, k, v), F.scaled_dot_product_attention(tq, tk, tv))

# %% [markdown]
# ## The scores take more memory than the data
#
# There is a score for each query and key. A text of `n` positions has `n²` of them. The cell
# compares the bytes of the scores with those of the inputs and the result, in float32. It counts
# eight *heads*, explained below, with 64 numbers for each position:

# %%
for n in (128, 1024, 8192, 65536):
    data, scores = 4 * 8 * n * 64 * 4, 8 * n * n * 4
    print(f"n={n:6}: q, k, v and y {data / 1e6:7.1f} MB, scores {scores / 1e6:10.1f} MB")

# %% [markdown]
# ## Block by block
#
# A softmax needs the sum over a whole row. So can you compute it without the whole row? You can, if
# you keep two numbers for each query: the largest score so far, and the sum of exponentials so far.
# When a later block has a larger score, scale the sums so far down (Milakov and Gimelshein, 2018;
# Dao et al., *FlashAttention*, 2022):


# %%
def in_blocks(q, k, v, size):
    largest = np.full((len(q), 1), -np.inf)
    total, y = np.zeros((len(q), 1)), np.zeros((len(q), v.shape[1]))
    for start in range(0, len(k), size):
        scores = q @ k[start : start + size].T / math.sqrt(q.shape[1])
        now = np.maximum(largest, scores.max(1, keepdims=True))
        shrink, weights = np.exp(largest - now), np.exp(scores - now)
        total = shrink * total + weights.sum(1, keepdims=True)
        y = shrink * y + weights @ v[start : start + size]
        largest = now
    return y / total


[np.allclose(in_blocks(q, k, v, size), attention(q, k, v)) for size in (1, 4, 6)]

# %% [markdown]
# This function holds the scores of only one block at a time. A fused kernel does the same, in a
# cache or in the fast memory of a GPU's core, so the scores never travel to main memory. These are
# the two sides that were timed. NumPy reuses its arrays but stores all scores:
#
# {{ pair("attention") }}
#
# > {{ speedup("attention", "n=128") }}
#
# > {{ speedup("attention", "n=1024") }}
#
# {{ figure("speedup/attention/float32") }}
#
# {{ choose(speedup("attention", "n=1024"),
#     faster="At this size the kernel that stores no scores is faster.",
#     slower="At this size storing the scores does not decide.",
#     tie="At this size storing the scores makes no difference.",
#     otherwise="This result does not show which side is faster.") }}
# This is attention on a GPU, compared with NumPy:
#
# > {{ speedup("attention", "n=1024", contender="torch-cuda") }}
#
# ## Masks
#
# A model that predicts the next word must not see it. A **causal** mask hides all later positions
# from each position. In NumPy you set the hidden scores to minus infinity, whose exponential is
# zero. In PyTorch you say `is_causal=True`, or you pass a boolean mask that is true where a query
# may look:

# %%
visible = np.tri(6, dtype=bool)
scores = np.where(visible, q @ k.T / 2, -np.inf)  # 2 is the root of d = 4
weights = np.exp(scores - scores.max(1, keepdims=True))
by_hand = weights / weights.sum(1, keepdims=True) @ v
causal = F.scaled_dot_product_attention(tq, tk, tv, is_causal=True)
masked = F.scaled_dot_product_attention(tq, tk, tv, attn_mask=torch.from_numpy(visible))
print(np.allclose(by_hand, causal), np.allclose(by_hand, masked))

# %% [markdown]
# ## Heads
#
# One softmax can look for one thing. So the numbers of each position, its features, are split into
# **heads**. Each head has its own queries, keys and values, and the results are put side by side.
# Splitting changes the shape and copies nothing ({{ chapter("views") }}). `nn.MultiheadAttention`
# adds three linear layers before, for queries, keys and values, and one after. It keeps the weights
# of the three in one matrix, `in_proj_weight`. Here it is by hand:

# %%
torch.manual_seed(0)
layer = nn.MultiheadAttention(embed_dim=12, num_heads=3, batch_first=True).double()
x = torch.from_numpy(rng.standard_normal((2, 5, 12)))  # (batch, positions, features)


def heads(x):  # (batch, n, heads * d) -> (batch, heads, n, d)
    return x.unflatten(2, (3, 4)).transpose(1, 2)


projected = F.linear(x, layer.in_proj_weight, layer.in_proj_bias).chunk(3, dim=2)
mixed = F.scaled_dot_product_attention(*map(heads, projected))
by_hand = layer.out_proj(mixed.transpose(1, 2).flatten(2))
torch.allclose(by_hand, layer(x, x, x, need_weights=False)[0])

# %% [markdown]
# ## A network that needs it
#
# Here is a task that a linear layer cannot do. An input is a list of eight pairs of a key and a
# value, and a question, which is one of the keys. The answer is the value of that key. All keys and
# values are drawn anew for each input, so there is nothing to learn by heart. The network must
# learn to compare. (`nn.Embedding` is a table with a vector for each symbol. Training changes the
# vectors.)


# %%
class Lookup(nn.Module):
    def __init__(self, symbols, width=32):
        super().__init__()
        self.keys, self.values = nn.Embedding(symbols, width), nn.Embedding(symbols, width)
        self.answer = nn.Linear(width, symbols)

    def forward(self, keys, values, question):
        asked = self.keys(question)[:, None]  # (batch, 1, width): one query
        found = F.scaled_dot_product_attention(asked, self.keys(keys), self.values(values))
        return self.answer(found[:, 0])


def draw(count, symbols=16, pairs=8):
    keys = torch.rand(count, symbols).argsort(1)[:, :pairs]  # all different
    values = torch.randint(symbols, (count, pairs))
    place = torch.randint(pairs, (count, 1))
    return (keys, values, keys.gather(1, place)[:, 0]), values.gather(1, place)[:, 0]


cores = torch.get_num_threads()  # put back below
torch.set_num_threads(1)
model = Lookup(16)
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
for step in range(1, 121):
    inputs, answer = draw(128)
    loss = F.cross_entropy(model(*inputs), answer)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 40 == 0:
        print(f"step {step:3}: loss {loss.item():.3f}")
inputs, answer = draw(1000)
print(f"{(model(*inputs).argmax(1) == answer).float().mean().item():.1%} right of 1000 new ones")
torch.set_num_threads(cores)

# %% [markdown]
# The figure shows the weights of eight questions. In each row the weight should be at the dot:

# %%
with torch.no_grad():
    shown = [each[:8] for each in inputs]
    q, k = model.keys(shown[2])[:, None], model.keys(shown[0])
    weights = (q @ k.transpose(1, 2) / 32**0.5).softmax(2)[:, 0]
fig, ax = plt.subplots(figsize=(5.5, 3.4))
image = ax.pcolormesh(weights, cmap="Blues", vmin=0, vmax=1, edgecolors="white")
for row, (keys, question) in enumerate(zip(shown[0].tolist(), shown[2].tolist(), strict=True)):
    ax.plot(keys.index(question) + 0.5, row + 0.5, "o", color="C1", markersize=5)
ax.set(
    xlabel="pair", ylabel="question", title="Where each question looks; a dot: the pair it asks for"
)
fig.colorbar(image, label="weight")
plt.show()

# %% [markdown]
# ## A common mistake: a mask with the opposite meaning
#
# PyTorch has two conventions for boolean masks. In `scaled_dot_product_attention`, true means that
# a position takes part. In `nn.MultiheadAttention` and `nn.Transformer`, true means that it is
# hidden. A mask that is made for one and given to the other hides the past and shows the future.
# There is no error. The network reads the answer, so in training the loss looks very good. (Only
# the last position, which now sees nothing, has an output of zero or `nan`.)

# %%
changed = x.clone()
changed[:, -1] += 1  # the last position, which no earlier one may see


def looks_ahead(mask):
    before, after = (
        layer(each, each, each, attn_mask=mask, need_weights=False)[0] for each in (x, changed)
    )
    return not torch.equal(before[:, :-1], after[:, :-1])


visible = torch.ones(5, 5, dtype=torch.bool).tril()
print("true hides:", looks_ahead(~visible), " true shows:", looks_ahead(visible))

# %% [markdown]
# Test a mask as this cell does: change a later position, and see whether an earlier output changes.
#
# ## Exercises
#
# **1.** `causal_attention(q, k, v)` takes tensors of shapes (n, d), (n, d) and (n, c). Position `i`
# sees positions up to `i`. Write it with products and a softmax, not with
# `scaled_dot_product_attention`. It returns a tensor of shape (n, c).
#
# **2.** `split_heads(x, heads)` takes a tensor of shape (batch, n, heads * d). It returns one of
# shape (batch, heads, n, d) that shares its memory. Head `h` has the features
# `x[..., h * d : (h + 1) * d]`.
#
# **3.** `merged(first, second)` combines the results of two blocks of keys. Each argument is a
# tuple of three tensors: the largest score of each query, of shape (m, 1); the sum of the
# exponentials of the scores less that largest one, (m, 1); the sum of the values times these
# exponentials, (m, c). It returns the same three for both blocks together.
#
# Check your answers here or with `python -m tutorial check attention`. Solutions are in
# `tutorial/solutions/attention.py`.

# %%
from tutorial.exercises import check


def causal_attention(q, k, v):
    return (q @ k.T).softmax(1) @ v  # yours


check(causal_attention)


# %%
def split_heads(x, heads):
    return x.reshape(len(x), heads, -1)  # yours


check(split_heads)


# %%
def merged(first, second):
    return first if first[0].sum() > second[0].sum() else second  # yours


check(merged)

# %% [markdown]
# ## To take along
#
# - Attention is two products and a softmax: a mean of values, weighted by similar keys.
# - In blocks it needs no memory for all scores. `scaled_dot_product_attention` does that.
# - In a mask, true shows a position in one function and hides it in another. Test every mask.
#
# ## Where to read on
#
# - {{ chapter("fusion") }}: other chains of operations in one kernel. {{ chapter("roofline") }}: why
#   fewer bytes mean less time. {{ family("matmul", "Attention at all sizes") }}.
# - PyTorch documentation: `torch.nn.functional.scaled_dot_product_attention`, and
#   `torch.nn.attention`, which chooses among the kernels of that function.
# - Vaswani et al., *Attention is all you need* (2017). Dao et al., *FlashAttention* (2022). Milakov and
#   Gimelshein, *Online normalizer calculation for softmax* (2018).
