"""Checks of the exercises of the chapter on TensorBoard."""

import re
import tempfile
from pathlib import Path

from torch.utils.tensorboard import SummaryWriter

from tutorial.exercises import NotYetError, expect

LONGEST = 100  # characters of a name


def slider_smoothed(answer):
    """The exercise has both formulas. One loop is enough, which keeps m.

    `enumerate(values, start=1)` counts k from one. What is drawn is divided, and m itself is
    not.
    """
    values = [4.0, 2.0, 2.0, -6.0]
    kept = list(values)
    expect("values [4, 2, 2, -6] smoothed by 0", answer(values, 0.0), kept)
    wanted = [4.0, (2.0 + 2.0) / 1.5, (1.0 + 1.0 + 2.0) / 1.75, (0.5 + 0.5 + 1.0 - 6.0) / 1.875]
    got = answer(values, 0.5)
    expect("number of smoothed values of [4, 2, 2, -6]", len(got), len(wanted))
    for k, (mine, theirs) in enumerate(zip(got, wanted, strict=True), start=1):
        expect(f"value {k} of [4, 2, 2, -6] smoothed by 0.5", mine, theirs)
    for k, mine in enumerate(answer([3.0] * 5, 0.9), start=1):
        expect(f"value {k} of a constant 3 smoothed by 0.9", mine, 3.0)
    expect("the values after the call", values, kept)
    expect("no values, smoothed", answer([], 0.5), [])


def steps_to_target(answer):
    """The function `read` of this chapter reads a folder. A scalar has `step` and `value`.

    `size_guidance={"scalars": 0}` keeps every event. Without it some are dropped.

    Values are float32 in the file, where 0.9 is a little smaller. Round the target in the same
    way, with `np.float32`.
    """
    share = [0.1, 0.9, 0.5, 0.95, 0.91]
    with tempfile.TemporaryDirectory() as folder:
        with SummaryWriter(folder) as writer:
            for number, value in enumerate(share):
                writer.add_scalar("accuracy", value, 10 * number)
                writer.add_scalar("loss", 1 - value, 10 * number)
        shown = f"values {share} at steps 0, 10, 20, 30, 40; the first step at which the value is at least"
        expect(f"{shown} 0.95", answer(folder, "accuracy", 0.95), 30)
        expect(f"{shown} 0.9", answer(folder, "accuracy", 0.9), 10)
        expect(f"{shown} 0.05", answer(folder, "accuracy", 0.05), 0)
        expect(f"{shown} 0.96", answer(folder, "accuracy", 0.96), None)
        left = sum(path.is_file() for path in Path(folder).rglob("*"))
        expect("number of files in the folder after the call", left, 1)


def run_name(answer):
    """A text of all settings can be too long and can hold a slash. A hash of that text cannot.

    `json.dumps(settings, sort_keys=True)` gives equal settings the same text, in whatever
    order.

    `hashlib.sha256(text.encode()).hexdigest()` is a name without slashes, and different for
    different texts. Readable settings before it are a kindness.
    """
    plain = {"lr": 0.001, "hidden": 32, "data": "digits/train", "nesterov": True}
    turned = dict(reversed(plain.items()))
    expect("the name of the same settings in another order", answer(turned), answer(plain))
    different = [
        plain,
        plain | {"lr": 0.0012},
        plain | {"lr": 1e-9},
        plain | {"nesterov": False},
        plain | {"data": "digits_train"},
        plain | {"data": "digits/train, augmented by small rotations" * 5},
        plain | {"data": "digits/train, augmented by small rotations" * 5 + ", twice"},
        {"lr": 1, "momentum": 0},
        {"lr": 0, "momentum": 1},
        {"a": "1-b=2"},
        {"a": 1, "b": 2},
        {"a": "1", "b": "2"},
    ]
    names = {}
    for settings in different:
        name = answer(settings)
        if not isinstance(name, str) or not re.fullmatch(r"[^/\\\0]+", name) or name in {".", ".."}:
            raise NotYetError(f"expected the name of one folder for {settings}, got {name!r}")
        if len(name) > LONGEST:
            raise NotYetError(f"expected at most {LONGEST} characters, got {len(name)}: {name!r}")
        if name in names:
            raise NotYetError(
                f"expected two different names, got {name!r} for {names[name]} and {settings}"
            )
        names[name] = settings
