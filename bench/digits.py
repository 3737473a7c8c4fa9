"""The real data of the training workloads: 1,797 handwritten digits of 8 x 8 pixels.

Source: E. Alpaydin & C. Kaynak, Optical Recognition of Handwritten Digits, UCI Machine Learning
Repository (1998), as shipped inside scikit-learn.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

TRAIN = 1437  # images to learn from, four fifths; the other 360 are held out

Array = NDArray[Any]


@lru_cache(maxsize=1)
def load() -> tuple[Array, Array]:
    """Return pixels (1797, 64) from 0 to 1 and labels (1797,), in one shuffled order for all."""
    from sklearn.datasets import load_digits  # noqa: PLC0415 - takes seconds; one worker needs it

    pixels, labels = load_digits(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(labels))
    return pixels[order] / 16.0, labels[order].astype(np.int64)


def batches(batch: int) -> tuple[Array, Array]:
    """Return one epoch: pixels (steps, batch, 64), labels (steps, batch); the rest is dropped.

    Raises
    ------
    ValueError : `batch` is not between 1 and the number of training images.

    """
    if not 1 <= batch <= TRAIN:
        raise ValueError(f"batch must be from 1 to {TRAIN} training images; got {batch}")
    (x, y), steps = load(), TRAIN // batch
    return (
        x[: steps * batch].reshape(steps, batch, 64),
        y[: steps * batch].reshape(steps, batch),
    )


def held_out_accuracy(
    predict: Callable[..., Array], epochs: int
) -> Callable[[Callable[..., Any], dict[str, Any]], dict[str, float]]:
    """Return a measure of quality: accuracy, after some epochs, on images that none has seen.

    It is called with `epoch` and its inputs x, y, lr and weights; `epoch(**inputs)` returns the
    losses, then the new weights; `predict(x, *weights)` returns class scores (images, 10).
    """

    def quality(epoch: Callable[..., Any], inputs: dict[str, Any]) -> dict[str, float]:
        weights = [name for name in inputs if name not in {"x", "y", "lr"}]
        for _ in range(epochs):
            _, *trained = epoch(**inputs)
            inputs = inputs | dict(zip(weights, trained, strict=True))
        x, y = load()
        scores = predict(x[TRAIN:].astype(trained[0].dtype), *trained)
        return {"accuracy": float((scores.argmax(1) == y[TRAIN:]).mean())}

    return quality
