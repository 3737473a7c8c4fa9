# %% [markdown]
# # A phrase book: NumPy to PyTorch
#
# `torch.cat` · `gather` · `where` · `amax` · `permute` · `clone` · `torch.quantile`
#
# {{ opening("tensors", "views") }}
#
# You know the word in NumPy. What is it in PyTorch, and does it mean the same? This chapter lists
# the words that programs use most. Each entry of the table has an expression of each library. Both
# ran when this page was built, and their results were compared.
#
# **What you will know at the end:**
#
# - which words are the same, which have another name, and which mean something else
# - what to write in PyTorch to get NumPy's result
# - the three rules behind most of the differences
#
# ## Three rules
#
# **Floats are float32.** Where NumPy makes float64, PyTorch makes float32: in new tensors, and when
# integers are divided. Tensors made from arrays keep the dtype of the array.

# %%
import numpy as np
import torch

from tutorial.phrases import PHRASES

print(np.ones(2).dtype, torch.ones(2).dtype, torch.from_numpy(np.ones(2)).dtype)

# %% [markdown]
# **Some functions return indices too.** `max`, `min` and `median` return a pair of values and
# indices if you name an axis. `sort` always does. The two have names:

# %%
pair = torch.tensor([[3.0, 1.0, 2.0], [4.0, 6.0, 5.0]]).max(dim=1)
print(pair.values, pair.indices)

# %% [markdown]
# **A trailing underscore changes the tensor.** `x.add_(1)` changes `x`, and `x.add(1)` returns a
# new tensor. NumPy has `out=x` for this:

# %%
x, t = np.zeros(2), torch.zeros(2)
np.add(x, 1, out=x)
t.add_(1)
print(x, t)

# %% [markdown]
# ## How the entries were compared
#
# Two results are equal if they have the same structure, shapes, dtypes and numbers. The kinds of
# entries are:
#
# - *same*: the same words (`torch` for `np`), and equal results
# - *renamed*: other words, and equal results
# - *differs*: the results are not equal. The table shows how they differ, and what to write for
#   NumPy's result. This was run and compared too.

# %%
counts = PHRASES.counts()
print(counts, all(phrase.fix_works for phrase in PHRASES.phrases if phrase.fix))

# %%
import matplotlib.pyplot as plt

fig, ax = plt.subplots(figsize=(7.5, 1.9))
left = 0
for (kind, count), colour in zip(counts.items(), ("C0", "C1", "C3"), strict=True):
    ax.barh(0, count, left=left, color=colour, alpha=0.3)
    ax.text(left + count / 2, 0, f"{kind}\n{count}", ha="center", va="center")
    left += count
ax.set(yticks=[], xlabel="entries", title="How many entries of the phrase book mean the same")
plt.show()

# %% [markdown]
# ## The table
#
# In the expressions `x` has shape (2, 3), `y` (2, 3, 4), `a` (3, 3), `b` (3,) and `v` (6,), all
# float64. `k` and `i` are integers. `F` is `torch.nn.functional`. The field above the table
# searches it, for example for `dtype`, `gather` or `differs`.

# %%
PHRASES

# %% [markdown]
# ## A common mistake: translating word by word
#
# The most dangerous words exist in both libraries and mean something else. They raise no error.
# Here are four of them, with NumPy's result first:

# %%
b = np.array([1.0, 2.0, 3.0, 4.0])
t = torch.from_numpy(b)
for name, numpy, pytorch in (
    ("b.repeat(2)", b.repeat(2), t.repeat(2)),
    ("b.std()", b.std(), t.std()),
    ("median(b)", np.median(b), torch.median(t)),
    ("split(b, 1)", len(np.split(b, 1)), len(torch.split(t, 1))),
):
    print(f"{name:12} {np.asarray(numpy).round(2)}   {np.asarray(pytorch).round(2)}")

# %% [markdown]
# When you translate a program, keep the NumPy version, run both on the same small input, and
# compare with `np.testing.assert_allclose`. This project also compares both versions before it
# times them.
#
# ## Exercises
#
# **1.** `row_medians(x)` takes a float64 tensor of shape (n, p). It returns the median of each row,
# of shape (n,), as `np.median(x, axis=1)` computes it.
#
# **2.** `top_of_each_row(x, rows)` takes a tensor of shape (n, p) and an integer tensor of shape
# (n, m) with column indices. It returns, for each row, the largest of the chosen elements, of shape
# (n,): in NumPy `np.take_along_axis(x, rows, 1).max(axis=1)`.
#
# **3.** `halves(v)` takes a tensor of shape (2 n,). It returns its two halves as a tuple of two
# tensors, as `np.split(v, 2)` does.
#
# Check your answers here or with `python -m tutorial check phrase_book`. Solutions are in
# `tutorial/solutions/phrase_book.py`.

# %%
from tutorial.exercises import check


def row_medians(x):
    return x[:, 0]  # yours


check(row_medians)


# %%
def top_of_each_row(x, rows):
    return x[rows]  # yours


check(top_of_each_row)


# %%
def halves(v):
    return v  # yours


check(halves)

# %% [markdown]
# ## To take along
#
# - Most words are the same. Floats are float32, and some functions return indices too.
# - `repeat`, `split`, `std`, `median` and `max` exist in both libraries and mean something else.
# - Run both versions on a small input and compare, before you trust a translation.
#
# ## Where to read on
#
# - {{ chapter("tensors") }} and {{ chapter("views") }}: dtypes, indices and shapes with their
#   reasons. {{ chapter("reductions") }}: sums and their relatives.
# - {{ chapter("common_mistakes") }}: what goes wrong most often, in all chapters.
# - PyTorch documentation: [torch](https://pytorch.org/docs/stable/torch.html), all functions by
#   topic. NumPy documentation:
#   [Routines and objects by topic](https://numpy.org/doc/stable/reference/routines.html).
