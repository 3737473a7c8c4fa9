# %% [markdown]
# # Why would someone who has NumPy want PyTorch?
#
# A tensor is an array: it has a shape and a dtype, it broadcasts and it slices. At the end of this
# chapter you know whether it is faster, on the machine that measured it here (**{{ machine }}**),
# and the three things that a tensor adds to an array.

# %%
import numpy as np
import torch

x = np.linspace(0, 1, 5)
t = torch.from_numpy(x)
t

# %% [markdown]
# The two even share their memory, so the step from one to the other costs nothing:

# %%
t[0] = 42
x

# %% [markdown]
# ## Is it faster?
#
# Ask for one thing at a time. These are one core against one core, in float32, of computations
# that were first proven to give the same result.
#
# The product of two matrices is the work of a BLAS library, and both sides have a good one:
#
# > {{ speedup("matmul", "n=1024") }}
#
# A softmax is several passes over the data in NumPy, and one fused kernel in PyTorch:
#
# > {{ speedup("softmax", "n=1024") }}
#
# A call has a price of its own, which is all that a small array pays for:
#
# > {{ speedup("sum", "over=all,n=32") }}
#
# And an epoch of training a network of 32 hidden units is many such small calls:
#
# > {{ speedup("train_mlp", "hidden=32,batch=32") }}
#
# That is what the first pair looks like. Both bodies stand in one file, in the same names, and
# this is that file:
#
# {{ source("bench/workloads/matmul.py") }}
#
# ## Then why?
#
# **Gradients.** A tensor can remember how it was computed, and differentiate through that:

# %%
w = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
loss = (w**2).sum()
loss.backward()
w.grad

# %% [markdown]
# By hand, the derivative of a sum of squares by each of its terms `w` is `2 w`, and so it is:

# %%
torch.equal(w.grad, 2 * w.detach())

# %% [markdown]
# **Devices.** The same line runs on a GPU if there is one, and moving there is one call:

# %%
device = "cuda" if torch.cuda.is_available() else "cpu"
a = torch.ones(2, 3, device=device)
a.sum().item()

# %% [markdown]
# What that is worth for a large product:
#
# > {{ speedup("matmul", "n=2048", contender="torch-cuda") }}
#
# **A library of parts.** Layers, losses and optimisers that would each be a page of NumPy:

# %%
model = torch.nn.Sequential(torch.nn.Linear(64, 32), torch.nn.Tanh(), torch.nn.Linear(32, 10))
sum(p.numel() for p in model.parameters())

# %% [markdown]
# ## A common mistake
#
# NumPy's numbers are float64 unless told otherwise, and PyTorch's are float32. Mixed by accident,
# they either refuse to meet or quietly cost digits:

# %%
try:
    torch.ones(3) @ torch.from_numpy(np.ones(3))
except RuntimeError as error:
    print(error)

# %% [markdown]
# ## Where to read on
#
# The [index](../../index.html) holds every case that was measured, with its code.
