"""Checks of the exercises of the chapter on fusion."""

import tracemalloc
from collections.abc import Callable

import numpy as np

from tutorial.exercises import NotYetError, expect


def chain_bytes(answer: Callable[..., tuple[int, int]]) -> None:
    """Count arrays first, and multiply by the bytes of an array at the end.

    Step by step: `set(operands)` has each operand once, and one more array is written.

    Fused: go through the steps in order, and note what has been made. An operand that no
    earlier step made is an input.
    """
    four = [("p", ("x",)), ("q", ("p",)), ("r", ("q",)), ("y", ("r",))]
    expect("four steps, one operand each, 10 bytes", tuple(answer(four, 10)), (80, 20))
    square = [("y", ("x", "x"))]
    expect("x * x, 8 bytes", tuple(answer(square, 8)), (16, 16))
    again = [("z", ("x", "b")), ("y", ("z", "z")), ("y", ("y", "x"))]
    expect("z = x + b, y = z * z, y = y * x, 1 byte", tuple(answer(again, 1)), (8, 3))


def calls_until_it_pays(answer: Callable[[float, float, float], int | None]) -> None:
    """Together, k calls cost `first_s + (k - 1) * later_s` compiled, and `k * eager_s` eager.

    Solve for k, and round up with `math.ceil`.

    If the first call takes no longer than an eager call, one is enough. If a later call saves
    nothing, and the first neither, there is no such number.
    """
    expect("first 16 s, later 1 s, eager 3 s", answer(16.0, 1.0, 3.0), 8)
    expect("first 17 s, later 1 s, eager 3 s", answer(17.0, 1.0, 3.0), 8)
    expect("first 18 s, later 1 s, eager 3 s", answer(18.0, 1.0, 3.0), 9)
    expect("first 2 s, later 1 s, eager 3 s", answer(2.0, 1.0, 3.0), 1)
    expect("first 5 s, later 3 s, eager 3 s", answer(5.0, 3.0, 3.0), None)
    expect("first 5 s, later 4 s, eager 3 s", answer(5.0, 4.0, 3.0), None)
    expect("first 2 s, later 4 s, eager 3 s", answer(2.0, 4.0, 3.0), 1)


def swish_into(answer: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> None:
    """The section "Without new arrays" does this for another chain: each step writes into `out`.

    NumPy's functions take `out=`: `np.negative`, `np.exp`, `np.divide`. `out += 1` works in
    place.

    Build `1 + exp(-x)` in `out`, in three steps. The fourth step divides `x` by it.
    """
    rng = np.random.default_rng(0)
    x = rng.uniform(-20, 20, (300, 200)).astype(np.float32)
    before, out = x.copy(), np.full_like(x, 7)
    wanted = x / (1 + np.exp(-x))
    began = not tracemalloc.is_tracing()
    if began:
        tracemalloc.start()
    tracemalloc.reset_peak()
    held = tracemalloc.get_traced_memory()[0]
    try:
        result = answer(x, out)
        made = tracemalloc.get_traced_memory()[1] - held
    finally:
        if began:
            tracemalloc.stop()
    expect("x afterwards", x, before, tolerance=0.0)
    if result is not out:
        raise NotYetError("expected `out` itself to be returned, got another object")
    expect("the values in out", out, wanted)
    if made > out.nbytes / 2:
        raise NotYetError(
            f"expected no new array of the size of out ({out.nbytes:,} bytes), got {made:,} bytes"
            " of new memory: write every result into out"
        )
    turned = np.empty((200, 300), np.float32).T
    answer(before, turned)
    expect("into a transposed array", turned, wanted)
