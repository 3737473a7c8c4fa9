"""Checks of the exercises of the chapter on data."""

import torch

from tutorial.exercises import NotYetError, expect


def next_value_windows(answer):
    """Item i uses `series[i : i + width]` and `series[i + width]`. How many such items are there?

    `TensorDataset` takes several tensors of the same length, and its item i is a tuple.

    `series.unfold(0, width, 1)` has all windows as rows. No value follows the last of them.
    """
    series = torch.tensor([3.0, -1.0, 4.0, 1.0, 5.0, -9.0])
    for width in (2, 5):
        data = answer(series, width)
        expect(f"length of the dataset for 6 values, width {width}", len(data), 6 - width)
        for i in (0, len(data) - 1):
            window, value = _parts(f"item {i}", data[i], "window", "next value")
            expect(f"window of item {i}, width {width}", window, series[i : i + width])
            expect(f"value after item {i}, width {width}", value, series[i + width])


def collate_with_mask(answer):
    """The section on items of unequal length fills up with zeros. Here a mask comes with it.

    A zero may be data, so make the mask from the lengths and not from the values.

    Compare `torch.arange(longest)` with the lengths, as a column: broadcasting makes a row for
    each item.
    """
    items = [
        (torch.tensor([1.0, 0.0, -2.0]), 4),
        (torch.tensor([0.0]), 0),
        (torch.tensor([5.0, 6.0, 7.0, 0.0]), 9),
    ]
    padded, mask, labels = _parts("the batch", answer(list(items)), "sequences", "mask", "labels")
    wanted = torch.tensor([[1.0, 0, -2, 0], [0, 0, 0, 0], [5, 6, 7, 0]])
    expect("the sequences", padded, wanted)
    expect("the mask", mask, torch.arange(4) < torch.tensor([[3], [1], [4]]))
    expect("the labels", labels, torch.tensor([4, 0, 9]))
    expect("the first item afterwards", items[0][0], torch.tensor([1.0, 0.0, -2.0]))


def stratified_split(answer):
    """Split each class on its own, then put the parts of all classes together.

    `torch.nonzero(labels == label).flatten()` holds the indices of one class. `torch.randperm`
    shuffles.

    One `torch.Generator().manual_seed(seed)` serves all classes: give it to `torch.randperm`
    each time.
    """
    labels = torch.tensor([0, 1, 1] * 20 + [2] * 10)  # 20, 40 and 10 of the three classes
    state = torch.get_rng_state()
    train, test = answer(labels, 0.3, 5)
    if not torch.equal(state, torch.get_rng_state()):
        torch.set_rng_state(state)
        raise NotYetError(
            "expected the global random state unchanged, got it changed: use a torch.Generator"
        )
    for name, part in (("train", train), ("test", test)):
        if not isinstance(part, torch.Tensor) or part.dtype != torch.int64:
            raise NotYetError(
                f"{name}: expected a tensor of int64 indices, got {type(part).__name__}"
            )
    expect(
        "the indices of both parts together, sorted",
        torch.cat([train, test]).sort().values,
        torch.arange(70),
    )
    expect(
        "number of test items of each class",
        labels[test].bincount(minlength=3).tolist(),
        [6, 12, 3],
    )
    again, other = (set(answer(labels, 0.3, seed)[1].tolist()) for seed in (5, 6))
    if again != set(test.tolist()):
        raise NotYetError(
            "expected the same test items from the same seed, got others: seed a generator with it"
        )
    if other == set(test.tolist()):
        raise NotYetError("expected other test items from another seed, got the same: use the seed")


def _parts(what, got, *names):
    if not isinstance(got, tuple) or len(got) != len(names):
        raise NotYetError(
            f"{what}: expected a tuple of {', '.join(names)}, got {type(got).__name__}"
        )
    return got
