"""Train a network on handwritten digits, save it, load it and predict: the program by hand.

    python -m tutorial.digits_numpy weights.npz

`tutorial/digits_torch.py` is the same program in PyTorch.
"""

import sys

import numpy as np
from sklearn.datasets import load_digits

KEEP = 0.8  # share of the features that dropout keeps


def digits(rows):
    images, labels = load_digits(return_X_y=True)
    return (images[rows] / 16).astype("float32").reshape(-1, 8, 8), labels[rows]


def network(rng):
    bounds = {"conv": 1 / 9, "linear": 1 / 256}  # one over the inputs of an output
    shapes = {"conv.weight": (16, 9), "conv.bias": (16,), "linear.weight": (10, 256)}
    shapes["linear.bias"] = (10,)
    return {
        name: rng.uniform(-1, 1, shape).astype("float32") * bounds[name.partition(".")[0]] ** 0.5
        for name, shape in shapes.items()
    }


def forward(model, images, kept=1.0):
    padded = np.pad(images, ((0, 0), (1, 1), (1, 1)))
    patches = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(1, 2))
    patches = patches.reshape(len(images), 64, 9)
    conv = patches @ model["conv.weight"].T + model["conv.bias"]
    windows = conv.reshape(-1, 4, 2, 4, 2, 16).transpose(0, 5, 1, 3, 2, 4).reshape(-1, 256, 4)
    largest = windows.argmax(2)[..., None]
    pooled = np.maximum(np.take_along_axis(windows, largest, 2)[..., 0], 0)
    scores = pooled * kept @ model["linear.weight"].T + model["linear.bias"]
    return scores, (patches, windows, largest, pooled)


def gradients(model, images, labels, kept):
    scores, (patches, windows, largest, pooled) = forward(model, images, kept)
    p = np.exp(scores - scores.max(1, keepdims=True))
    p /= p.sum(1, keepdims=True)
    loss = -np.log(p[np.arange(len(labels)), labels]).mean()
    p[np.arange(len(labels)), labels] -= 1
    grad_scores = p / len(labels)
    grad_pooled = grad_scores @ model["linear.weight"] * kept * (pooled > 0)
    grad_windows = np.zeros_like(windows)
    np.put_along_axis(grad_windows, largest, grad_pooled[..., None], 2)
    grad_conv = grad_windows.reshape(-1, 16, 4, 4, 2, 2).transpose(0, 2, 4, 3, 5, 1).reshape(-1, 16)
    return loss, {
        "conv.weight": grad_conv.T @ patches.reshape(-1, 9),
        "conv.bias": grad_conv.sum(0),
        "linear.weight": grad_scores.T @ (pooled * kept),
        "linear.bias": grad_scores.sum(0),
    }


def train(model, images, labels, velocity, rng, lr=0.1, momentum=0.9):
    order = rng.permutation(len(labels))
    for rows in np.split(order, range(32, len(order), 32)):
        kept = (rng.random((len(rows), 256)) < KEEP).astype("float32") / KEEP
        loss, grads = gradients(model, images[rows], labels[rows], kept)
        for name, grad in grads.items():
            velocity[name] = momentum * velocity[name] + grad
            model[name] -= lr * velocity[name]
    return loss


def accuracy(model, images, labels):
    return (predict(model, images) == labels).mean()


def predict(model, images):
    return forward(model, images)[0].argmax(1)


def main(path, epochs=10):
    rng = np.random.default_rng(0)
    rows = np.random.default_rng(0).permutation(1797)
    training, validation, test = (digits(part) for part in np.split(rows, [1200, 1500]))
    model = network(rng)
    velocity = {name: np.zeros_like(weight) for name, weight in model.items()}
    for epoch in range(epochs):
        loss = train(model, *training, velocity, rng)
        right = accuracy(model, *validation)
        print(f"epoch {epoch + 1:2}: loss {loss:.3f}, {right:.1%} of the validation images right")
    np.savez(path, **model)

    with np.load(path) as model:
        print(f"{accuracy(model, *test):.1%} of the test images right")


if __name__ == "__main__":
    main(sys.argv[1])
