"""The values that a visit returns. They are frozen; workers send them to the run's process."""

from dataclasses import dataclass, field, replace
from typing import Any, Self

from bench.timing.device import Ledger
from bench.timing.verify import Verification
from bench.workload import Quality


@dataclass(frozen=True, kw_only=True)
class Block:
    """Consecutive iterations, timed as one.

    Attributes
    ----------
    start_s : when it began, on `time.perf_counter`.
    time_s : seconds of one iteration.
    disturbed : whether its process had to wait for a core.
    device_s : seconds of one iteration by an accelerator's own clock, from the start of the first
        iteration in its queue to the end of the last; None on a CPU.

    """

    start_s: float
    time_s: float
    disturbed: bool
    device_s: float | None = None


@dataclass(frozen=True, kw_only=True)
class Visit:
    """The blocks of a contender from one visit of its case.

    Attributes
    ----------
    number : of the visit in its case. Blocks of two contenders are paired by it.
    worker : the generation of processes that made the visit.

    """

    number: int
    worker: int
    blocks: tuple[Block, ...]


@dataclass(frozen=True, kw_only=True)
class FirstCall:
    """The time of a contender's first call in a visit, and the verification of its result."""

    first_call_s: float
    verification: Verification


@dataclass(frozen=True, kw_only=True)
class DeviceTimes:
    """An accelerator's times of one call.

    Attributes
    ----------
    latency_s : of a call that is waited for.
    cold_s : of a call with a cold cache.
    ledger : where the time of a call with its copies goes.

    """

    latency_s: float
    cold_s: float
    ledger: Ledger | None = None


@dataclass(frozen=True, kw_only=True)
class Failure:
    """Why a cell has no times; with the status "implausible", why its times cannot be true."""

    status: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class Confirmation:
    """The second verification of a contender, after the blocks of its first visit.

    Attributes
    ----------
    peak_memory_bytes, peak_device_memory_bytes : of one iteration, on the host and on the device.
    failure : None if the result was right.

    """

    peak_memory_bytes: int | None
    peak_device_memory_bytes: int | None
    failure: Failure | None = None


@dataclass(frozen=True, kw_only=True)
class Observed:
    """What the visits of a cell showed beside its blocks; None where not measured yet.

    Attributes
    ----------
    reference : the contender that computed the float64 reference.
    rel_error, tolerance : of the result, relative to the reference's largest value.
    iterations : in a block; None until calibrated.
    block_s : seconds of such a block.
    quality : what the workload measures beside time, such as accuracy.

    """

    reference: str = ""
    rel_error: float | None = None
    tolerance: float | None = None
    first_call_s: float | None = None
    iterations: int | None = None
    block_s: float = 0.0
    device: DeviceTimes | None = None
    peak_memory_bytes: int | None = None
    peak_device_memory_bytes: int | None = None
    quality: Quality | None = None

    def but(self, **changes: Any) -> Self:
        """Return a copy with some values changed."""
        return replace(self, **changes)


@dataclass(frozen=True, kw_only=True)
class History:
    """What earlier visits showed of a contender: how many there were, and what they observed."""

    visits: int = 0
    observed: Observed = field(default_factory=Observed)


@dataclass(frozen=True, kw_only=True)
class VisitResult:
    """The result of one visit for one contender.

    Attributes
    ----------
    observed : what this and earlier visits showed beside blocks.
    visit : the blocks; None if the contender did not run all of them.
    failure : None if nothing went wrong.

    """

    observed: Observed
    visit: Visit | None = None
    failure: Failure | None = None
