"""Checks of the exercises of the chapter on precision."""

import math
from collections.abc import Callable

import numpy as np
import torch

from tutorial.exercises import NotYetError, expect


def round_to_bfloat16(answer: Callable[[np.ndarray], np.ndarray]) -> None:
    """A bfloat16 is the upper half of a float32. See the section "Rounding by hand".

    Sixteen bits are dropped, so half is `0x8000`. Add half less one, plus the last kept bit.

    `(bits >> 16) & 1` is the last kept bit. `bits & 0xFFFF0000` sets the dropped bits to zero.
    """
    # one, then two numbers halfway between neighbours: one rounds down to an even last bit, one up
    ties = np.array([1, 1 + 2.0**-8, 1 + 3 * 2.0**-8], np.float32)
    wanted = np.array([1, 1, 1 + 2.0**-6], np.float32)
    _same("1, 1 + 2**-8 and 1 + 3 * 2**-8", answer(ties.copy()), wanted)
    rng = np.random.default_rng(0)
    x = (rng.standard_normal((7, 5)) * 10.0 ** rng.integers(-30, 30, (7, 5))).astype(np.float32)
    before = x.copy()
    wanted = torch.from_numpy(before).bfloat16().float().numpy()
    _same("random numbers of either sign", answer(x), wanted)
    expect("the argument after the call", x, before, tolerance=0.0)
    _same("the same, transposed", answer(x.T), wanted.T)
    near = np.array([3.4e38, -1e-40, 0.0, np.inf], np.float32)
    wanted = torch.from_numpy(near).bfloat16().float().numpy()
    _same(f"{near}", answer(near.copy()), wanted)


def _same(what: str, got: np.ndarray, wanted: np.ndarray) -> None:
    """Compare arrays to the last bit, and show the first number that differs."""
    expect(what, got, wanted, tolerance=0.01)
    different = np.argwhere(got != wanted)
    if len(different):
        first = tuple(different[0])
        at = ", ".join(str(index) for index in first)
        raise NotYetError(f"{what}: expected {wanted[first]!r} at [{at}], got {got[first]!r}")


def dot_error_bound(answer: Callable[[torch.dtype, int], float]) -> None:
    """The unit roundoff is half the spacing at one.

    `torch.finfo(dtype).eps` is the spacing. `math.inf` is infinity.
    """
    close = 1e-9
    expect("float32, n=1", answer(torch.float32, 1), 2.0**-24 / (1 - 2.0**-24), tolerance=close**2)
    expect("bfloat16, n=64", answer(torch.bfloat16, 64), 1 / 3, tolerance=close)
    expect("float16, n=1024", answer(torch.float16, 1024), 1.0, tolerance=close)
    expect("bfloat16, n=256", answer(torch.bfloat16, 256), math.inf)
    expect("bfloat16, n=1000", answer(torch.bfloat16, 1000), math.inf)


def next_scale(answer: Callable[..., tuple[float, int]]) -> None:
    """There are three cases. Look at the overflow first.

    This step is a good one too: compare `good_steps + 1` with the interval.
    """
    for scale, good, overflowed, wanted in (
        (1024.0, 0, False, (1024.0, 1)),
        (1024.0, 2, False, (2048.0, 0)),
        (1024.0, 1, True, (512.0, 0)),
        (1024.0, 2, True, (512.0, 0)),
    ):
        what = f"scale {scale}, {good} good steps, overflowed={overflowed}, interval 3"
        expect(what, tuple(answer(scale, good, overflowed, 3)), wanted)
    scale, good, found = 16.0, 0, []
    for overflowed in (False, True, False, False, False, True):
        scale, good = answer(scale, good, overflowed, 2)
        found.append(scale)
    expect("scales over six steps, interval 2", found, [16.0, 8.0, 8.0, 16.0, 16.0, 8.0])
