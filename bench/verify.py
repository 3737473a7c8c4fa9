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

A contender is held against every entry of the reference once; the further workers that it runs in
are held against a random sample of the entries, since the code is the same.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.case import Case
from bench.workload import Inputs

LAMBDA = 10.0
SAMPLE = 2**14  # entries
UNIT_ROUNDOFF = {"float32": 2.0**-24, "float64": 2.0**-53}


@dataclass(frozen=True, kw_only=True)
class Verdict:
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
            scale=float(np.abs(array).max(initial=0)) if np.isfinite(array).all() else np.nan,
        )


def tolerance(case: Case) -> float:
    """Return the largest error, relative to the largest reference value, that rounding explains."""
    return float(LAMBDA * np.sqrt(case.cost.reduction) * UNIT_ROUNDOFF[case.dtype])


def outputs(result: Any) -> tuple[Any, ...]:
    """Return a body's result as a tuple of its outputs."""
    return result if isinstance(result, tuple) else (result,)


def verify(case: Case, result: Any, expected: Sequence[Sample]) -> Verdict:
    """Hold a contender's result, in NumPy arrays, against samples of the reference's outputs."""
    bound = tolerance(case)
    got = outputs(result)
    if len(got) != len(expected):
        reason = f"{len(expected)} outputs expected, got {len(got)}"
        return Verdict(rel_error=None, tolerance=bound, reason=reason)
    errors = [_error(case, *pair) for pair in zip(got, expected, strict=True)]
    for position, error in enumerate(errors):
        if isinstance(error, str):
            reason = f"output {position}: {error}"
            return Verdict(rel_error=None, tolerance=bound, reason=reason)
    worst = max(error for error in errors if not isinstance(error, str))
    reason = "" if worst <= bound else f"relative error {worst:.2g} exceeds the bound {bound:.2g}"
    return Verdict(rel_error=worst, tolerance=bound, reason=reason)


def _error(case: Case, got: Any, expected: Sample) -> float | str:
    """Return the relative error of one output, or what makes it no candidate."""
    if not isinstance(got, np.ndarray | np.generic):
        return f"an array expected, got {type(got).__name__}"
    kind = "an integer type" if expected.kind == "i" else case.dtype
    if got.shape != expected.shape:
        return f"shape {expected.shape} expected, got {got.shape}"
    if got.dtype.kind != expected.kind or (got.dtype.kind == "f" and got.dtype != case.dtype):
        return f"{kind} expected, got {got.dtype}"
    if not np.isfinite(got).all():
        return "holds NaN or infinity"
    if not np.isfinite(expected.scale):
        return "the reference holds NaN or infinity"
    values = got.reshape(-1)[expected.places].astype("float64")
    return float(np.abs(values - expected.values).max(initial=0) / (expected.scale or 1.0))


def changed_inputs(placed: Inputs, inputs: Inputs) -> list[str]:
    """Return the names of inputs, in NumPy arrays, that no longer are what they were."""
    return [
        name
        for name, value in inputs.items()
        if isinstance(value, np.ndarray) and not np.array_equal(placed[name], value)
    ]
