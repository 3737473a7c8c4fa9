"""What a visit returns: plain frozen values, sent from a worker's process to the run's."""

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
    time_s : of one iteration.
    disturbed : whether its process was kept from a core for part of it.
    device_s : an accelerator's time of one iteration by its own clock, from the first call's place
        in its queue to the end of the last; None on a CPU.

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
    number : counts the case's visits, so that blocks of two contenders are paired by visit.
    worker : counts the generations of processes.

    """

    number: int
    worker: int
    blocks: tuple[Block, ...]


@dataclass(frozen=True, kw_only=True)
class FirstCall:
    """How long the first call of a contender in a case took, and whether it was right."""

    first_call_s: float
    verification: Verification


@dataclass(frozen=True, kw_only=True)
class DeviceTimes:
    """An accelerator's times of one call: waited for, with a cold cache, and by where it goes."""

    latency_s: float
    cold_s: float
    ledger: Ledger | None = None


@dataclass(frozen=True, kw_only=True)
class Failure:
    """Why a cell has no times, or with the status "implausible", why they cannot be true."""

    status: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class Confirmation:
    """What a contender showed when it was asked again after its blocks.

    Attributes
    ----------
    peak_memory_bytes, peak_device_memory_bytes : of one iteration, on the host and on the device.

    """

    peak_memory_bytes: int | None
    peak_device_memory_bytes: int | None
    failure: Failure | None = None


@dataclass(frozen=True, kw_only=True)
class Observed:
    """What the visits of a cell showed beside its blocks; None where it was not looked at yet.

    Attributes
    ----------
    reference : the contender that computed the float64 reference.
    rel_error, tolerance : of the result, relative to the reference's largest value.
    iterations : of a block, None until they are chosen.
    block_s : seconds that a block of so many iterations takes.
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
        """Return these observations with some changed."""
        return replace(self, **changes)


@dataclass(frozen=True, kw_only=True)
class Known:
    """What the arena has to know of a contender that it visits: the visits so far, and more."""

    visits: int = 0
    observed: Observed = field(default_factory=Observed)


@dataclass(frozen=True, kw_only=True)
class Observation:
    """What one visit showed of one contender.

    Attributes
    ----------
    observed : all that is known beside the blocks, after this visit.
    visit : its blocks; None if it did not get to the end.
    failure : why the cell has no times, or why they cannot be true; None if all is well.

    """

    observed: Observed
    visit: Visit | None = None
    failure: Failure | None = None
