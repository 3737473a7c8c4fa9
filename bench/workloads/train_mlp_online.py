"""SGD on digits, one image a step: `train_mlp`'s net and code with a batch of one image.

Shapes: x (128, 1, 64), y (128, 1), w1 (H, 64), w2 (10, H). Each step is some twenty calls on arrays
so small that there is little to compute. So the time is that of the calls, of autograd's tape and
of the optimizer. What launches cost on a GPU, `train_mlp` shows at its smallest size.
Source: Bottou, Online learning and stochastic approximations (1998).
"""

from bench.workload import Cost, Workload, size
from bench.workloads import train_mlp
from bench.workloads.parts import classifier, digits

STEPS = 128
RATE = 0.05  # smaller than that of whole batches, because one image says little


def make(rng, hidden, batch):
    x, y = digits.batches(batch)
    weights = classifier.start(rng, w1=(hidden, 64), b1=(hidden,), w2=(10, hidden), b2=(10,))
    return {"x": x[:STEPS], "y": y[:STEPS], "lr": RATE} | weights


def online_numpy(x, y, w1, b1, w2, b2, lr):
    return train_mlp.mlp_numpy(x, y, w1, b1, w2, b2, lr)


def online_torch(x, y, w1, b1, w2, b2, lr):
    return train_mlp.mlp_torch(x, y, w1, b1, w2, b2, lr)


def cost(hidden, batch):
    weights = 74 * hidden
    flops, moved = batch * (6 * weights - 128 * hidden), 64 * batch + 4 * weights
    reduction = STEPS * (74 + hidden + batch)
    return Cost(flops=STEPS * flops, elements=STEPS * moved, reduction=reduction)


WORKLOAD = Workload(
    name="train_mlp_online",
    family="training",
    make=make,
    numpy=online_numpy,
    torch=online_torch,
    variants=(),
    helpers=(train_mlp, classifier),
    kinds=("cpu",),
    serial=True,
    cost=cost,
    sizes=(size(telling=True, hidden=32, batch=1), size(hidden=512, batch=1)),
    axis="hidden",
)
