"""One epoch of SGD on digits for a 64-H-10 net: z = w2 tanh(w1 x + b1) + b2, cross-entropy loss.

Shapes: x (steps, batch, 64), y (steps, batch), w1 (H, 64), w2 (10, H). NumPy computes the gradients
by hand. PyTorch uses nn and torch.optim. Two variants stand between them: tensors with gradients by
hand, and tensors with autograd. The net uses tanh because tanh is smooth: at the kink of relu, one
rounding can send two correct runs apart. Source: Goodfellow, Bengio & Courville, Deep Learning
(2016), section 6.5.
"""

from functools import partial

import numpy as np
from torch import device, nn

from bench.variant import AMP, GRAPH, TF32, TRANSFER, Variant
from bench.workload import Cost, Workload, size
from bench.workloads.parts import classifier, digits, ladder


def make(rng, hidden, batch):
    x, y = digits.batches(batch)
    weights = classifier.start(rng, w1=(hidden, 64), b1=(hidden,), w2=(10, hidden), b2=(10,))
    return {"x": x, "y": y, "lr": 0.5} | weights


def mlp_numpy(x, y, w1, b1, w2, b2, lr):
    w1, b1, w2, b2 = weights = [w.copy() for w in (w1, b1, w2, b2)]
    losses = []
    for xb, yb in zip(x, y, strict=True):
        h = np.tanh(xb @ w1.T + b1)
        loss, grad_z = classifier.cross_entropy_numpy(h @ w2.T + b2, yb)
        grad_h = grad_z @ w2 * (1 - h * h)
        grads = grad_h.T @ xb, grad_h.sum(0), grad_z.T @ h, grad_z.sum(0)
        classifier.sgd(weights, grads, lr)
        losses.append(loss)
    return np.stack(losses), *weights


def mlp_torch(x, y, w1, b1, w2, b2, lr, *, mixed=False):
    with device("meta"):
        model = nn.Sequential(nn.Linear(64, len(w1)), nn.Tanh(), nn.Linear(len(w1), 10))
    return classifier.train(model, (w1, b1, w2, b2), x, y, lr, mixed=mixed)


def cost(hidden, batch):
    steps, weights = digits.steps(batch), 74 * hidden
    flops, moved = steps * batch * (6 * weights - 128 * hidden), steps * (64 * batch + 4 * weights)
    rounded = 8 * steps  # arrays on the longest chain: x, a, h, z and the gradients of z, h, a, w1
    reduction = steps * (74 + hidden + batch)
    return Cost(flops=flops, elements=moved, reduction=reduction, roundings=rounded)


def predict(x, w1, b1, w2, b2):
    return np.tanh(x @ w1.T + b1) @ w2.T + b2


SIZES = ((32, 32), (128, 128), (256, 256), (1024, 512))

WORKLOAD = Workload(
    name="train_mlp",
    family="training",
    make=make,
    numpy=mlp_numpy,
    torch=mlp_torch,
    variants=(
        Variant(name="tensors", body=ladder.mlp_tensors),
        Variant(name="autograd", body=ladder.mlp_autograd),
        TF32,
        AMP.of(partial(mlp_torch, mixed=True)),
        GRAPH,
        TRANSFER,
    ),
    helpers=(classifier, ladder),
    cost=cost,
    sizes=(*(size(hidden=h, batch=b) for h, b in SIZES), size(large=True, hidden=4096, batch=8192)),
    axis="flops",
    quality=digits.held_out_accuracy(predict, epochs=15),
    quality_of_rewritten=True,
)
