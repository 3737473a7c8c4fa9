"""Is a result right? Each is held against a float64 reference, within a bound that is derived.

The reference is the *other* library's body, computed in float64 on the same inputs, so that a wrong
implementation cannot vouch for itself; where the two disagree, neither is timed. Only where the
other body fails to run is the reference the contender's own, and the result file names it.

The bound. Let k be the roundings on the longest chain from an input to an output, and u the unit
roundoff (2^-24 in float32, 2^-53 in float64). The classical bound on a sum or inner product, in any
order of summation, is k u times the sum of the terms' magnitudes (Higham, Accuracy and Stability of
Numerical Algorithms, 2002, sections 3.1 and 4.2); it is attained only if all roundings conspire.
Roundings that are mean-independent random variables give instead lambda sqrt(k) u, exceeded with
probability at most 2 k exp(-lambda^2 / 2) (Higham & Mary, A new approach to probabilistic rounding
error analysis, SIAM J. Sci. Comput. 41(5), 2019, theorem 3.1). With lambda = 10 that is under 1e-13
for each output even at k = 10^8. Inputs are positive, or random about zero where the same bound
holds relative to the largest result (Higham & Mary, Sharper probabilistic backward error analysis
with random data, SIAM J. Sci. Comput. 42(5), 2020). Hence

    max |y - y_ref| <= 10 sqrt(k) u max |y_ref|        for each output y.

It is 20 times tighter than TF32's rounding of its inputs (2^-11) for k up to 10^3, so float32 that
is not IEEE does not pass as float32.

A contender that rounds to a lower precision does so at r places of the chain (its inputs, arrays
between kernels, its output) and sums in float32, so that its bound is, with the unit roundoff v of
that precision (TF32 2^-11, float16 2^-11, bfloat16 2^-8),

    max |y - y_ref| <= 10 (sqrt(k) u + sqrt(r) v) max |y_ref|.

A contender is held against every entry of the reference once, or against a quarter of a million at
random where there are over two million, and from a few rows at sizes that only an accelerator
fills, where all would take longer than what is timed. The further workers that it runs in are held
against a smaller sample, since the code is the same.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from bench.cases.case import Case
from bench.machine.precision import UNIT_ROUNDOFF
from bench.variant import PLAIN, Inputs, Variant

LAMBDA = 10.0
WHOLE = 2**21  # entries; writing and reading a larger reference would take longer than it is worth
FIRST_SAMPLE, SAMPLE = 2**18, 2**14  # entries
ROWS = 64  # of an output too large to be computed whole in float64
CHUNK = 2**16  # entries looked at together: they stay in a cache
COMPLEX = {"float32": "complex64", "float64": "complex128"}  # what a transform of each returns


@dataclass(frozen=True, kw_only=True)
class Verification:
    """What verification found; `reason` is "" for a result that is right."""

    rel_error: float | None
    tolerance: float
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class Sample:
    """Entries of one output of a reference, by their places in the flattened array, and its scale.

    Attributes
    ----------
    places : indices, or a slice for all.
    scale : the largest magnitude in the whole output; NaN if the output is not finite.

    """

    shape: tuple[int, ...]
    kind: str
    places: NDArray[np.int64] | slice
    values: NDArray[Any]
    scale: float

    @classmethod
    def of(cls, output: Any, entries: int | None = SAMPLE) -> "Sample":
        """Take so many entries of an output at random, the same at every call, or all."""
        array = np.asarray(output)
        places: NDArray[np.int64] | slice = slice(None)
        if entries is not None and array.size > entries:
            places = np.random.default_rng(array.size).integers(array.size, size=entries)
        return cls(
            shape=array.shape,
            kind=array.dtype.kind,
            places=places,
            values=array.reshape(-1)[places],
            scale=_largest(array),
        )

    @classmethod
    def of_rows(cls, output: Any, rows: NDArray[np.int64], count: int) -> "Sample":
        """Take entries at random of an output of which only some of `count` rows were computed.

        Rows are along the second last axis. The scale is that of these rows.
        """
        part = cls.of(output, FIRST_SAMPLE)
        places = np.arange(part.values.size) if isinstance(part.places, slice) else part.places
        *before, row, column = np.unravel_index(places, part.shape)
        shape = (*part.shape[:-2], count, part.shape[-1])
        whole = np.ravel_multi_index((*before, rows[row], column), shape)
        return replace(part, shape=shape, places=whole)

    def whole(self, output: Any) -> Self:
        """Return the same output with all of its entries."""
        return replace(self, places=slice(None), values=np.asarray(output).reshape(-1))


def _largest(array: NDArray[Any]) -> float:
    """Return the largest magnitude in an array; NaN if not all of it is finite."""
    most = np.max([np.abs(part).max() for part in _chunks(array)], initial=0.0)
    return float(most) if np.isfinite(most) else np.nan


def _chunks(array: NDArray[Any]) -> Iterator[NDArray[Any]]:
    """Yield parts of an array that stay in a cache."""
    flat = array.reshape(-1)
    yield from (flat[start : start + CHUNK] for start in range(0, flat.size, CHUNK))


def sampled_rows(count: int) -> NDArray[np.int64]:
    """Return which rows of an output stand for it: the first, the last, and others at random."""
    drawn = np.random.default_rng(count).integers(count, size=ROWS)
    return np.unique([0, *drawn, count - 1])


def tolerance(case: Case, variant: Variant = PLAIN) -> float:
    """Return the largest error, relative to the largest reference value, that rounding explains."""
    cost = case.cost
    unit = UNIT_ROUNDOFF[case.dtype] ** variant.digits
    lower = 0.0
    if variant.precision:
        lower = np.sqrt(cost.roundings) * UNIT_ROUNDOFF[variant.precision]
    return float(LAMBDA * (np.sqrt(cost.reduction) * unit + lower))


def outputs(result: Any) -> tuple[Any, ...]:
    """Return a body's result as a tuple of its outputs."""
    return result if isinstance(result, tuple) else (result,)


def verify(
    case: Case, result: Any, expected: Sequence[Sample], variant: Variant = PLAIN
) -> Verification:
    """Hold a contender's result, in NumPy arrays, against samples of the reference's outputs."""
    bound = tolerance(case, variant)
    got = outputs(result)
    if len(got) != len(expected):
        reason = f"{len(expected)} outputs expected, got {len(got)}"
        return Verification(rel_error=None, tolerance=bound, reason=reason)
    errors = [_error(case, *pair) for pair in zip(got, expected, strict=True)]
    for position, error in enumerate(errors):
        if isinstance(error, str):
            reason = f"output {position}: {error}"
            return Verification(rel_error=None, tolerance=bound, reason=reason)
    worst = max(error for error in errors if not isinstance(error, str))
    reason = "" if worst <= bound else f"relative error {worst:.2g} exceeds the bound {bound:.2g}"
    return Verification(rel_error=worst, tolerance=bound, reason=reason)


def _error(case: Case, got: Any, expected: Sample) -> float | str:
    """Return the relative error of one output, or what makes it no candidate."""
    if not isinstance(got, np.ndarray | np.generic):
        return f"an array expected, got {type(got).__name__}"
    kind = {"i": "an integer type", "c": COMPLEX[case.dtype]}.get(expected.kind, case.dtype)
    if got.shape != expected.shape:
        return f"shape {expected.shape} expected, got {got.shape}"
    if got.dtype.kind != expected.kind or (expected.kind in "fc" and got.dtype != kind):
        return f"{kind} expected, got {got.dtype}"
    array = np.asarray(got)
    if not np.isfinite(_largest(array)):
        return "holds NaN or infinity"
    if not np.isfinite(expected.scale):
        return "the reference holds NaN or infinity"
    if isinstance(expected.places, slice):
        pairs = zip(_chunks(array), _chunks(expected.values), strict=True)
    else:
        pairs = zip([array.reshape(-1)[expected.places]], [expected.values], strict=True)
    return max((_furthest(*pair) for pair in pairs), default=0.0) / (expected.scale or 1.0)


def _furthest(got: NDArray[Any], expected: NDArray[Any]) -> float:
    widest = "complex128" if expected.dtype.kind == "c" else "float64"
    return float(np.abs(got.astype(widest) - expected).max(initial=0))


def changed_inputs(placed: Inputs, inputs: Inputs) -> list[str]:
    """Return the names of inputs, in NumPy arrays, that no longer are what they were."""
    return [
        name
        for name, value in inputs.items()
        if isinstance(value, np.ndarray) and not np.array_equal(placed[name], value)
    ]


def shares_memory(first: Any, second: Any) -> bool:
    """Tell whether two calls returned one and the same memory, so that one computed nothing."""
    pairs = zip(outputs(first), outputs(second), strict=False)
    return any(a is b or _address(a) == _address(b) for a, b in pairs)


def _address(array: Any) -> object:
    """Return where an array's memory begins; for anything else an answer like no other."""
    if isinstance(array, np.ndarray) and array.size:
        return array.__array_interface__["data"][0]
    pointer = getattr(array, "data_ptr", object)()
    return pointer or object()
