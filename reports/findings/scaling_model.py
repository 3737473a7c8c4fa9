"""A model of training on more ranks than were measured; all its numbers are marked as a model's.

A step on r ranks is modelled as

    a + c b + f T(n, r)

with the examples b of a rank, its work a + c b without communication, the all-reduce T of the n
bytes of the gradients (`reports.findings.alpha_beta`), and the share f of that all-reduce that the
step does not hide behind its work: gradients are reduced in buckets while others are still computed
(Li and others, PyTorch Distributed, Proc. VLDB Endowment 13(12), 2020). All are fitted to measured
points. Another link changes T alone.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls

from bench.results.scaling import STRONG, WEAK, ScalingPoint
from reports.findings.alpha_beta import (
    FARTHEST,
    NORMAL,
    WIDEST,
    AllReduce,
    Fit,
    Link,
    all_reduce_s,
    fit,
)
from reports.read.grouping import grouped
from reports.read.interval import Interval
from reports.read.result import FileHead

ALL_REDUCE, TRAINING = "all_reduce", "train_data_parallel"
ALONE = {"torch-nccl": "torch-cuda", "torch-gloo": "torch-cpu"}  # the same without communication
MODES = (STRONG, WEAK)
RANKS = (8, 64, 512, 4096)  # that are predicted
MEASURED: Final = "measured"  # the name of the link that was measured
PARAMETERS = 2  # a and c
Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Preset:
    """A link that was not measured: an assumption, with the sources of its two numbers."""

    name: str
    label: str
    link: Link
    source: str


LATENCIES = "NVIDIA, NCCL, src/graph/tuning.cc, table hwLat, ring with protocol Simple"
PRESETS = (
    Preset(
        name="ethernet",
        label="100 Gb/s Ethernet",
        link=Link(alpha_s=9.6e-6, bandwidth_bytes_s=100e9 / 8),
        source=f"latency of a network: {LATENCIES}; bandwidth: the bits of the line, IEEE 802.3",
    ),
    Preset(
        name="nvlink",
        label="NVLink",
        link=Link(alpha_s=3.4e-6, bandwidth_bytes_s=900e9 / 2),
        source=f"latency: {LATENCIES}; bandwidth: one direction of the fourth generation, NVIDIA"
        " H100 data sheet",
    ),
)


@dataclass(frozen=True, kw_only=True)
class Step:
    """The model of a training step of one size.

    Attributes
    ----------
    batch : the examples of one rank alone.
    message_bytes : of all gradients.
    fixed_s, example_s : a and c, with their covariance.
    exposed : f, with its standard deviation.
    points : that it was fitted to.

    """

    size: str
    batch: int
    message_bytes: float
    fixed_s: float
    example_s: float
    covariance: Floats
    exposed: float
    exposed_deviation: float
    points: tuple[ScalingPoint, ...]

    @property
    def most_ranks(self) -> int:
        """The most ranks that were measured."""
        return max(point.ranks for point in self.points)

    def compute_s(self, examples: float) -> float:
        """Return the time of a rank's work without communication."""
        return self.fixed_s + self.example_s * examples


@dataclass(frozen=True, kw_only=True)
class Model:
    """The model of one contender that communicates.

    Attributes
    ----------
    fit : of its all-reduce; None if too few points were measured.
    measured : its all-reduces that were measured.
    steps : by size; empty if the ranks shared cores, or too few points were measured.

    """

    contender: str
    fit: Fit | None
    measured: tuple[AllReduce, ...]
    steps: tuple[Step, ...]
    oversubscribed: bool

    def link(self, name: str) -> Link:
        """Return a link by its name: the measured one, or a preset."""
        if self.fit is None:
            raise ValueError(f"{self.contender}: a fitted all-reduce expected, got none")
        known = {preset.name: preset.link for preset in PRESETS}
        return self.fit.link if name == MEASURED else known[name]


LINKS = {MEASURED: "the link measured here", **{each.name: each.label for each in PRESETS}}


def models(result: FileHead) -> list[Model]:
    """Return a model for each contender whose ranks exchanged messages."""
    scaling = result.scaling
    if scaling is None:
        return []
    timed = [point for point in scaling.points if point.status == "ok" and point.time_s is not None]
    built = []
    for contender, alone in ALONE.items():
        reduced = tuple(_all_reduces(timed, contender))
        if not any(point.contender == contender and point.ranks > 1 for point in timed):
            continue
        own = fit(reduced)
        train = [p for p in timed if p.workload == TRAINING and p.contender in {contender, alone}]
        alike = grouped(train, lambda point: point.size)
        steps = [_step(points, own) for points in alike.values()] if own and own.degrees else []
        built.append(
            Model(
                contender=contender,
                fit=own,
                measured=reduced,
                steps=() if scaling.oversubscribed else tuple(filter(None, steps)),
                oversubscribed=scaling.oversubscribed,
            )
        )
    return built


def _all_reduces(points: Sequence[ScalingPoint], contender: str) -> Iterator[AllReduce]:
    for point in points:
        own = point.workload == ALL_REDUCE and point.contender == contender and point.ranks > 1
        if own and point.time_s and point.message_bytes:
            yield AllReduce(
                id=point.id,
                ranks=point.ranks,
                bytes=point.message_bytes,
                time_s=point.time_s,
                spread=spread(point),
            )


def spread(point: ScalingPoint) -> float:
    """Return the standard deviation of the logarithm of a point's time, from its interval."""
    if not point.time_low_s or not point.time_high_s:
        return WIDEST
    return math.log(point.time_high_s / point.time_low_s) / (2 * NORMAL)


def _step(points: Sequence[ScalingPoint], own: Fit) -> Step | None:
    """Fit the step of one size; None without work on two numbers of examples, or ranks."""
    able = [
        each
        for each in points
        if each.compute_s and each.examples and each.message_bytes and each.ranks
    ]
    several = [each for each in able if each.ranks > 1]
    shares = {_share(each) for each in able}
    if len(shares) < PARAMETERS or not several:
        return None
    (fixed_s, example_s), covariance = _work(able)
    if not fixed_s and not example_s:
        return None
    message_bytes = several[0].message_bytes or 0.0
    exposed, deviation = _exposed(several, own)
    return Step(
        size=points[0].size,
        batch=round(max(shares)),
        message_bytes=message_bytes,
        fixed_s=fixed_s,
        example_s=example_s,
        covariance=covariance,
        exposed=exposed,
        exposed_deviation=deviation,
        points=tuple(able),
    )


def _share(point: ScalingPoint) -> float:
    """Return the examples of one rank."""
    return (point.examples or 0) / point.ranks


def _work(points: Sequence[ScalingPoint]) -> tuple[tuple[float, float], Floats]:
    """Fit a + c b to the work of a rank, by least squares of relative errors; a and c >= 0.

    The variance is that of the residuals, or of the points' intervals if that is larger.
    """
    seconds = np.array([point.compute_s or 0.0 for point in points])
    rows = np.array([[1.0, _share(point)] for point in points]) / seconds[:, None]
    found, _ = nnls(rows, np.ones(len(points)))
    active = found > 0
    degrees = len(points) - int(active.sum())
    misfit = float(np.sum((rows @ found - 1) ** 2)) / degrees if degrees else 0.0
    noise = float(np.mean([spread(point) ** 2 for point in points]))
    covariance = np.zeros((PARAMETERS, PARAMETERS))
    inverse = np.linalg.pinv(rows[:, active].T @ rows[:, active])
    covariance[np.ix_(active, active)] = max(misfit, noise) * inverse
    return (float(found[0]), float(found[1])), covariance


def _exposed(points: Sequence[ScalingPoint], own: Fit) -> tuple[float, float]:
    """Return the share of the modelled all-reduce that steps wait for, and its deviation.

    It is the mean over the points. It exceeds 1 if a step communicates more than the model says.
    """
    shares, variances = [], []
    for point in points:
        time_s, work_s = point.time_s or 0.0, point.compute_s or 0.0
        modelled = all_reduce_s(own.algorithm, own.link, point.ranks, point.message_bytes or 0.0)
        shares.append(max(0.0, time_s - work_s) / modelled)
        variances.append((time_s * spread(point) / modelled) ** 2)
    between = float(np.var(shares, ddof=1)) if len(shares) > 1 else 0.0
    variance = max(between, float(np.mean(variances))) / len(points)
    return float(np.mean(shares)), math.sqrt(variance)


def step_s(model: Model, step: Step, mode: str, link: str, ranks: float) -> float:
    """Return the modelled time of a step."""
    examples = step.batch / ranks if mode == STRONG else step.batch
    return step.compute_s(examples) + step.exposed * _communication_s(model, step, link, ranks)


def _communication_s(model: Model, step: Step, link: str, ranks: float) -> float:
    algorithm = model.fit.algorithm if model.fit else "ring"
    return all_reduce_s(algorithm, model.link(link), ranks, step.message_bytes)


def efficiency(model: Model, step: Step, mode: str, link: str, ranks: float) -> Interval | None:
    """Return the modelled efficiency with its 95 % band; None if a rank would have no example.

    The band has the covariances of the fits, and what the model misses of all-reduces. It does not
    have what is unknown about a preset.
    """
    if mode == STRONG and ranks > step.batch:
        return None
    if model.fit is None:
        return None
    alone_s, together_s = step.compute_s(step.batch), step_s(model, step, mode, link, ranks)
    share = 1 / ranks if mode == STRONG else 1.0
    value = alone_s * share / together_s
    work = np.array([1.0, step.batch]) / alone_s - np.array([1.0, step.batch * share]) / together_s
    communication_s = _communication_s(model, step, link, ranks)
    own_ranks = ranks if link == MEASURED else step.most_ranks
    off = model.fit.deviation(own_ranks, step.message_bytes) if communication_s else 0.0
    waited = communication_s * math.hypot(step.exposed_deviation, step.exposed * off) / together_s
    deviation = math.sqrt(float(work @ step.covariance @ work) + waited**2)
    half = min(model.fit.quantile * deviation, FARTHEST)
    return Interval(value=value, low=value * math.exp(-half), high=min(1.0, value * math.exp(half)))
