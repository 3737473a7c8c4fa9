"""Checks of the exercises of the chapter on GPUs."""

import torch
from torch.overrides import TorchFunctionMode

from tutorial.exercises import NotYetError, expect

READING = {"item", "tolist", "numpy", "cpu", "to", "__float__", "__bool__", "__array__"}


class _Readings(TorchFunctionMode):
    """Counts calls that would wait for a device."""

    def __init__(self):
        super().__init__()
        self.count = 0

    def __torch_function__(self, function, types, args=(), kwargs=None):
        self.count += function.__name__ in READING
        return function(*args, **(kwargs or {}))


def uses_until_it_pays(answer):
    """The move costs time once, and each use on the device saves some time.

    Divide the time of the move by the time that one use saves. If nothing is saved, there is no
    such number.

    Less time means less, not equal: round down and add one.
    """
    cases = [
        ((4.0, 1.0, 10.0, 1.0), 4),
        ((3.0, 1.0, 10.0, 1.0), 6),  # five uses take equally long on both sides
        ((2.0, 0.5, 1.0, 4.0), 1),
        ((1.0, 1.0, 10.0, 1.0), None),
        ((1.0, 2.0, 10.0, 1.0), None),
    ]
    for given, wanted in cases:
        host_s, device_s, moved_bytes, link_bytes_s = given
        got = answer(*given)
        where = f"host {host_s} s, device {device_s} s, {moved_bytes} bytes, {link_bytes_s} bytes/s"
        expect(where, got, wanted)


def double_buffered_s(answer):
    """Go through the batches. For each, find when its copy can begin and when its kernel can.

    Copy k begins when copy k - 1 and kernel k - 2 are done. Kernel k begins when copy k and
    kernel k - 1 are done.

    The begin is the `max` of two times. Keep a list of the times at which kernels were done,
    and begin it with two zeros.
    """
    cases = [
        (([2.0], [3.0]), 5.0),
        (([1.0, 1.0, 1.0], [4.0, 4.0, 4.0]), 13.0),  # kernels one after the other
        (([4.0, 4.0, 4.0], [1.0, 1.0, 1.0]), 13.0),  # copies one after the other
        (([1.0, 1.0, 6.0, 1.0], [5.0, 1.0, 1.0, 1.0]), 14.0),  # the third waits for a buffer
    ]
    for (copies, kernels), wanted in cases:
        got = answer(list(copies), list(kernels))
        expect(f"copies {copies}, kernels {kernels}", got, wanted)


def mean_loss(answer):
    """Each `item()` waits for the device. Compute the mean on the device, and read only that.

    `torch.stack` makes one tensor of a list of tensors.
    """
    losses = [torch.tensor(value, requires_grad=value > 1) for value in (0.5, -1.0, 4.0)]
    expect("losses 0.5, -1.0, 4.0", answer(iter(losses)), 3.5 / 3)
    expect("one loss, 2.0", answer([torch.tensor(2.0)]), 2.0)
    counts = {}
    for count in (2, 6):
        many = [torch.tensor(float(k)) for k in range(count)]
        with _Readings() as readings:
            answer(iter(many))
        counts[count] = readings.count
    if counts[2] != counts[6]:
        few, more = counts.values()
        raise NotYetError(
            f"expected as many waits for 6 losses as for 2, got {more} and {few}: stack them first"
        )
