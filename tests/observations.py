"""Makes what a visit of scaling shows. Kept from `tests.points`, as it imports PyTorch."""

from collections.abc import Sequence

from bench.scaling.figures import Observation


def observation(
    point_id: str,
    visit: int = 1,
    seconds: Sequence[float] = (0.5, 0.25),
    compute_s: Sequence[float] = (),
) -> Observation:
    """What a visit showed of a point."""
    return Observation(
        id=point_id,
        visit=visit,
        seconds=list(seconds),
        compute_s=list(compute_s),
        share=0.5,
        rel_error=1e-8,
        tolerance=1e-6,
        iterations=3,
    )
