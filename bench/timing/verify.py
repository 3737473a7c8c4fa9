"""Verifies a result: compares it with a float64 reference, within a derived error bound.

First, at the smallest size of a curve, each body is compared with the *other* library's body in
float64. So a wrong implementation cannot confirm itself. If the two disagree, neither is timed.
Then, at every size, each contender is compared with one float64 reference; `bench.timing.reference`
says whose body computes it. The result file names it.

The bound. Let k be the roundings on the longest chain from an input to an output, and u the unit
roundoff (2^-24 in float32, 2^-53 in float64). The classical bound on a sum or inner product, in any
order of summation, is k u times the sum of the terms' magnitudes (Higham, Accuracy and Stability of
Numerical Algorithms, 2002, sections 3.1 and 4.2). An error reaches it only if all roundings go the
same way. If the roundings are mean-independent random variables, the bound is lambda sqrt(k) u; the
error exceeds it with probability at most 2 k exp(-lambda^2 / 2) (Higham & Mary, A new approach to
probabilistic rounding error analysis, SIAM J. Sci. Comput. 41(5), 2019, theorem 3.1). With lambda =
10 that probability is under 1e-13 for each output even at k = 10^8. The inputs here are positive,
or random around zero; for those the same bound holds relative to the largest result (Higham & Mary,
Sharper probabilistic backward error analysis with random data, SIAM J. Sci. Comput. 42(5), 2020).
Hence

    max |y - y_ref| <= 10 sqrt(k) u max |y_ref|        for each output y.

For k up to 10^3 this is 20 times tighter than TF32's rounding of its inputs (2^-11). So TF32 does
not pass as float32.

A contender of lower precision rounds to it at r points of the chain (inputs, arrays between
kernels, output) and sums in float32. With the unit roundoff v of that precision (TF32 2^-11,
float16 2^-11, bfloat16 2^-8) its bound is

    max |y - y_ref| <= 10 (sqrt(k) u + sqrt(r) v) max |y_ref|.

A contender's first result is compared with every entry of the reference. Above two million entries
it is compared with a random sample of a quarter of a million. At sizes that only an accelerator can
fill, the reference is only a few rows, since all rows would take longer than the timing itself.
Further workers of the same contender are compared with a smaller sample, since they run the same
code.
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
WHOLE = 2**21  # entries; a larger reference takes too long to write and read
FIRST_SAMPLE, SAMPLE = 2**18, 2**14  # entries
ROWS = 64  # sampled rows of an output that takes too long to compute in float64
CHUNK = 2**16  # entries compared at a time, so that they stay in cache
COMPLEX = {"float32": "complex64", "float64": "complex128"}  # dtype of an FFT's result


@dataclass(frozen=True, kw_only=True)
class Verification:
    """The outcome of a verification; `reason` is "" if the result is right."""

    rel_error: float | None
    tolerance: float
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class Sample:
    """Some entries of one output of a reference, and the scale of the output.

    Attributes
    ----------
    shape, kind : of the whole output; `kind` is that of its dtype.
    places : indices of the entries in the flattened output, or a slice for all.
    values : the entries.
    scale : the largest magnitude in the whole output; NaN if the output is not finite.

    """

    shape: tuple[int, ...]
    kind: str
    places: NDArray[np.int64] | slice
    values: NDArray[Any]
    scale: float

    @classmethod
    def of(cls, output: Any, entries: int | None = SAMPLE) -> "Sample":
        """Take all entries of an output, or a random sample that is the same at every call."""
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
        """Take random entries of an output of `count` rows, of which only `rows` were computed.

        Rows are along the second last axis. The scale is the largest magnitude in the computed
        rows.
        """
        part = cls.of(output, FIRST_SAMPLE)
        places = np.arange(part.values.size) if isinstance(part.places, slice) else part.places
        *before, row, column = np.unravel_index(places, part.shape)
        shape = (*part.shape[:-2], count, part.shape[-1])
        whole = np.ravel_multi_index((*before, rows[row], column), shape)
        return replace(part, shape=shape, places=whole)

    def whole(self, output: Any) -> Self:
        """Return the sample with all entries of the output."""
        return replace(self, places=slice(None), values=np.asarray(output).reshape(-1))


def _largest(array: NDArray[Any]) -> float:
    """Return the largest magnitude in an array; NaN if an entry is not finite."""
    most = np.max([np.abs(part).max() for part in _chunks(array)], initial=0.0)
    return float(most) if np.isfinite(most) else np.nan


def _chunks(array: NDArray[Any]) -> Iterator[NDArray[Any]]:
    """Yield parts of an array that fit into a cache."""
    flat = array.reshape(-1)
    yield from (flat[start : start + CHUNK] for start in range(0, flat.size, CHUNK))


def sampled_rows(count: int) -> NDArray[np.int64]:
    """Return the rows of an output to verify: the first, the last, and random ones."""
    drawn = np.random.default_rng(count).integers(count, size=ROWS)
    return np.unique([0, *drawn, count - 1])


def tolerance(case: Case, variant: Variant = PLAIN) -> float:
    """Return the bound: the largest error that rounding explains, relative to max |y_ref|."""
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
    """Compare a contender's result, in NumPy arrays, with samples of the reference's outputs."""
    bound = tolerance(case, variant)
    worst = difference(outputs(result), expected, case.dtype)
    if isinstance(worst, str):
        return Verification(rel_error=None, tolerance=bound, reason=worst)
    return Verification(rel_error=worst, tolerance=bound, reason=excess(worst, bound))


def excess(error: float, bound: float) -> str:
    """Return why an error is too large; "" if it is not."""
    if error <= bound:
        return ""
    return f"relative error {error:.2g} exceeds the bound {bound:.2g}"


def difference(got: Sequence[Any], expected: Sequence[Sample], dtype: str) -> float | str:
    """Return the largest relative error of outputs, or why they cannot be compared."""
    if len(got) != len(expected):
        return f"{len(expected)} outputs expected, got {len(got)}"
    worst = 0.0
    for position, pair in enumerate(zip(got, expected, strict=True)):
        error = _error(*pair, dtype)
        if isinstance(error, str):
            return f"output {position}: {error}"
        worst = max(worst, error)
    return worst


def _error(got: Any, expected: Sample, dtype: str) -> float | str:
    """Return the relative error of one output, or why the output cannot be compared."""
    if not isinstance(got, np.ndarray | np.generic):
        return f"an array expected, got {type(got).__name__}"
    kind = {"i": "an integer type", "c": COMPLEX.get(dtype)}.get(expected.kind, dtype)
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
    """Return the names of the inputs (NumPy arrays) that a body has changed."""
    return [
        name
        for name, value in inputs.items()
        if isinstance(value, np.ndarray) and not np.array_equal(placed[name], value)
    ]


def shares_memory(first: Any, second: Any) -> bool:
    """Return whether two results share memory, which means that one call computed nothing."""
    pairs = zip(outputs(first), outputs(second), strict=False)
    return any(a is b or _address(a) == _address(b) for a, b in pairs)


def _address(array: Any) -> object:
    """Return the address of an array's memory; for anything else a new, unequal object."""
    if isinstance(array, np.ndarray) and array.size:
        return array.__array_interface__["data"][0]
    pointer = getattr(array, "data_ptr", object)()
    return pointer or object()
