# %% [markdown]
# # Common mistakes: all of them, and how to search
#
# shapes · dtypes · losses · modes · timings
#
# {{ opening() }}
#
# Few mistakes in PyTorch raise an error. Most give a number. Either the number is wrong, or it is
# right but comes too slowly. Each chapter before this one has made a mistake on purpose and shown
# what follows. This page collects them, with links to the places.
#
# **What you will know at the end:**
#
# - which mistakes this tutorial has made, and where it shows their consequences
# - the questions to ask, in order, when a model does not learn
# - the questions to ask, in order, when a number about speed looks too good
# - which ordinary lines of code are much slower in one library than in the other
#
# ## All of them
#
# {{ mistakes() }}
#
# ## When a model does not learn
#
# Ask in this order, from the cheapest question to the most expensive:
#
# 1. Are the shapes what they should be, or did something broadcast? {{ chapter("views") }}
# 2. Are the dtypes and the devices the ones that you expect? {{ chapter("tensors") }}
# 3. Does the loss get what it expects, logits or probabilities? {{ chapter("training_ladder") }}
# 4. Does every parameter have a gradient, and were the old gradients cleared?
#    {{ chapter("autograd") }}
# 5. Is the model in the right mode, by `train()` or `eval()`? {{ chapter("whole_program") }}
# 6. Do finite differences confirm a gradient that you wrote? {{ chapter("autograd_in_depth") }}
# 7. Is the learning rate too large or too small? {{ chapter("training_in_practice") }}
# 8. Can the model learn a single batch by heart? If it cannot, the fault is in the code, not in the
#    data.
#
# Here is the last question as a test, which is cheap enough for every training program:

# %%
import matplotlib.pyplot as plt
import torch
from torch import nn
from torch.nn import functional as F


def learns_one_batch(model, x, y, steps=100):
    """Return the losses of a model that sees the same batch again and again."""
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    losses = []
    for _ in range(steps):
        loss = F.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


torch.manual_seed(0)
x, y = torch.randn(32, 64), torch.randint(10, (32,))
sound = nn.Sequential(nn.Linear(64, 32), nn.Tanh(), nn.Linear(32, 10))
broken = nn.Sequential(nn.Linear(64, 32), nn.Tanh(), nn.Linear(32, 10), nn.Softmax(0))
curves = {"sound": learns_one_batch(sound, x, y), "broken": learns_one_batch(broken, x, y)}
{name: round(losses[-1], 3) for name, losses in curves.items()}

# %% [markdown]
# The broken model ends in a softmax, and over the wrong dimension. It runs, and its loss even falls
# a little. But it cannot learn the labels of this one batch. The sound model learns them, although
# they were drawn at random:

# %%
fig, ax = plt.subplots()
for name, colour in (("sound", "C1"), ("broken", "C3")):
    ax.plot(curves[name], color=colour, label=name)
ax.set(xlabel="step on the same batch", ylabel="cross-entropy (nats)", ylim=(0, None))
ax.set_title("A model that cannot learn one batch by heart is broken")
ax.legend()
plt.show()

# %% [markdown]
# ## When a number about speed looks too good
#
# 1. Do both sides compute the same thing in the same dtype? Did someone compare their results?
#    {{ chapter("precision") }}
# 2. Is the slower side written as an expert would write it? {{ chapter("convolution") }}
# 3. Do both sides have equally many threads and a warm-up? Did the clock wait for the device?
#    {{ chapter("timing") }}
# 4. Is the number above what the machine can do? Then it is wrong, unless a cache explains it.
#    {{ chapter("roofline") }}
# 5. Would you get the same number again? Ask for its interval. {{ chapter("measuring") }}
#
# ## When a program is slower than expected
#
# These lines of code give the right numbers. But one library can be many times slower at them than
# the other: sometimes PyTorch, sometimes NumPy. Each is a workload that a default run times on one
# core. The pages {{ family("elementwise", "elementwise") }},
# {{ family("algorithms", "algorithms") }} and {{ family("transfer", "transfer") }} show the code.
#
# **A loop over elements.** In both libraries, each access to an element is a call. The first loop
# reads a vector and sums it. The second writes one:
#
# {{ quotes("speedup", workload="element_access", contender="torch-cpu", threads="1") }}
#
# {{ choose(speedup("element_access", "way=read,n=1000"),
#     slower="So a loop that NumPy forgives is much worse in PyTorch. Compute with the whole tensor,
#     or call `x.tolist()` once before the loop.",
#     otherwise="In either library, compute with the whole array, or call `x.tolist()` once before
#     the loop.") }}
#
# **A list of arrays given to `torch.tensor`.** PyTorch warns that this is slow:
#
# > {{ speedup("convert_list", "n=1000") }}
#
# Let NumPy join the arrays first: `torch.from_numpy(np.array(arrays))`. This is the time of that
# line:
#
# > {{ speedup("convert_list", "n=1000", contender="torch-cpu-stacked") }}
#
# **Expecting the same ratio for all functions.** These functions move the same bytes. But each
# library has its own code for each of them (`power` is `x**2.5`):
#
# {{ quotes("speedup", workload="unary", contender="torch-cpu", threads="1") }}
#
# {{ choose(speedup("unary", "f=cube,n=1000000"),
#     faster="A cube that is slow in NumPy can be written as products, `x * x * x`.",
#     otherwise="If a power is slow, try to write it as products: `x * x * x` for `x**3`.") }}
#
# **Products of integer matrices.** BLAS multiplies only floats:
#
# > {{ speedup("matmul_integer", "n=256", dtype="int64") }}
#
# In float64 a product of integers is exact as long as all sums stay below 2^53 in magnitude. So
# convert to float64, let BLAS multiply, and convert back:

# %%
a, b = (torch.randint(-9, 10, (64, 64)) for _ in range(2))
torch.equal((a.double() @ b.double()).long(), a @ b)

# %% [markdown]
# **Training on one sample at a time.** Each step makes the same calls, however little they compute:
#
# > {{ speedup("train_mlp_online", "hidden=32,batch=1") }}
#
# A larger batch shares the cost of a step among its samples: {{ chapter("training_ladder") }}.
#
# **Many small files.** `torch.save` writes a pickle in an archive. `np.save` writes a short header
# and the numbers:
#
# {{ quotes("speedup", workload="save_load", contender="torch-cpu", threads="1") }}
#
# Save many small tensors together, in one dictionary: {{ chapter("saving") }}.
#
# **Rewriting without measuring.** Nobody can guess which library is faster at selecting, converting
# and solving. Measure it:
#
# {{ quotes("speedup", workload="gather", contender="torch-cpu", threads="1") }}
#
# > {{ speedup("convert", "n=1000000") }}
#
# {{ quotes("speedup", workload="linalg", contender="torch-cpu", threads="1") }}
#
# ## To take along
#
# - Most mistakes give a number, not an error.
# - Ask the cheapest question first: shapes, dtypes, what the loss expects.
# - If a speed looks too good, look for a mistake in its measurement first.
#
# ## Where to read on
#
# - {{ chapter("glossary") }} explains the words.
# - Karpathy, *A Recipe for Training Neural Networks* (2019), on mistakes that raise no error.
# - Hoefler and Belli, *Scientific Benchmarking of Parallel Computing Systems* (2015), on misleading
#   numbers about speed, and how to avoid them.
