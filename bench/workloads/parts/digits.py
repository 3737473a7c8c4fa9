"""The real data of the training workloads: 1,797 handwritten digits of 8 x 8 pixels.

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

TRAIN = 1437  # images to learn from, four fifths; the other 360 are held out
LARGEST_BATCH = 2**16  # four of them are 134 MB in float64

Array = NDArray[Any]
Quality = dict[str, float | list[float]]


@lru_cache(maxsize=1)
def load() -> tuple[Array, Array]:
    """Return pixels (1797, 64) from 0 to 1 and labels (1797,), in one shuffled order for all.

    Read from scikit-learn's own file: importing scikit-learn takes a second in every worker.

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
    """Return the batches of an epoch: as many as the images fill, or 4 if they fill none."""
    return TRAIN // batch or 4


def batches(batch: int) -> tuple[Array, Array]:
    """Return one epoch: pixels (steps, batch, 64), labels (steps, batch); the rest is dropped.

    A batch of more than the training images, for devices that those do not fill, repeats them in
    order, from the first again after the last, and the next batch goes on where it ended.

    Raises
    ------
    ValueError : `batch` is not from 1 to 65,536.

    """
    if not 1 <= batch <= LARGEST_BATCH:
        raise ValueError(
            f"batch must be from 1 to {LARGEST_BATCH} images ({TRAIN} are there to learn from, and "
            f"repeat in a larger batch); got {batch}"
        )
    x, y = load()
    rows = np.arange(steps(batch) * batch).reshape(-1, batch) % TRAIN
    return x[rows], y[rows]


def held_out_accuracy(
    predict: Callable[..., Array], epochs: int
) -> Callable[[Callable[..., Any], dict[str, Any]], Quality]:
    """Return a measure of quality: accuracy, after some epochs, on images that none has seen.

    Beside it stand the `losses`: the mean over the batches of each of those epochs.

    It is called with `epoch` and its inputs x, y, lr and weights; `epoch(**inputs)` returns the
    losses, then the new weights; `predict(x, *weights)` returns class scores (images, 10).
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
