"""The real data that the training workloads use: 1,797 handwritten digits of 8 x 8 pixels.

Source: E. Alpaydin & C. Kaynak, Optical Recognition of Handwritten Digits, UCI Machine Learning
Repository (1998), as shipped inside scikit-learn.
"""

from collections.abc import Callable
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

TRAIN = 1437  # training images: four fifths; the other 360 are held out
LARGEST_BATCH = 2**16  # images; an epoch of four such batches is 134 MB in float64

Array = NDArray[Any]
Quality = dict[str, float | list[float]]


@lru_cache(maxsize=1)
def load() -> tuple[Array, Array]:
    """Return pixels (1797, 64) from 0 to 1 and labels (1797,), always in the same shuffled order.

    This reads scikit-learn's data file directly. Importing scikit-learn would take a second in each
    worker.

    Raises
    ------
    ModuleNotFoundError : scikit-learn is not installed.

    """
    package = find_spec("sklearn")
    if package is None or package.origin is None:
        raise ModuleNotFoundError(
            "the training workloads need scikit-learn's digits: pip install ."
        )
    file = Path(package.origin).parent / "datasets" / "data" / "digits.csv.gz"
    table = np.loadtxt(file, delimiter=",")
    order = np.random.default_rng(0).permutation(len(table))
    return table[order, :-1] / 16.0, table[order, -1].astype(np.int64)


def steps(batch: int) -> int:
    """Return how many batches an epoch has: all full ones, or 4 if not even one is full."""
    return TRAIN // batch or 4


def batches(batch: int) -> tuple[Array, Array]:
    """Return one epoch: pixels (steps, batch, 64) and labels (steps, batch).

    Images that do not fill a last batch are dropped. A batch larger than the training set repeats
    the images in order, and the next batch continues where it ended. Such batches are for devices
    that 1,437 images do not keep busy.

    Raises
    ------
    ValueError : `batch` is not from 1 to 65,536.

    """
    if not 1 <= batch <= LARGEST_BATCH:
        raise ValueError(
            f"batch must be from 1 to {LARGEST_BATCH} images (one of more than the {TRAIN} "
            f"training images repeats them); got {batch}"
        )
    x, y = load()
    rows = np.arange(steps(batch) * batch).reshape(-1, batch) % TRAIN
    return x[rows], y[rows]


def held_out_accuracy(
    predict: Callable[..., Array], epochs: int
) -> Callable[[Callable[..., Any], dict[str, Any]], Quality]:
    """Return a function that trains for `epochs` epochs and returns `accuracy` and `losses`.

    `accuracy` is the share of the held-out images that the trained network reads correctly.
    `losses` holds the mean loss of each epoch.

    The returned function takes `epoch` and the inputs x, y, lr and weights of the first epoch.
    `epoch(**inputs)` returns the loss of each batch, then the new weights. `predict(x, *weights)`
    returns class scores (images, 10).
    """

    def quality(epoch: Callable[..., Any], inputs: dict[str, Any]) -> Quality:
        weights = [name for name in inputs if name not in {"x", "y", "lr"}]
        means = []
        for _ in range(epochs):
            losses, *trained = epoch(**inputs)
            means.append(float(losses.mean()))
            inputs = inputs | dict(zip(weights, trained, strict=True))
        x, y = load()
        scores = predict(x[TRAIN:].astype(trained[0].dtype), *trained)
        accuracy = float((scores.argmax(1) == y[TRAIN:]).mean())
        return {"accuracy": accuracy, "losses": means}

    return quality
