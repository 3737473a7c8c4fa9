"""The options of `python -m bench.scaling`, and what torchrun tells each rank."""

import argparse
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.options import ROOT, parse_budget, parse_label

COMMAND = "torchrun --standalone --nproc-per-node=2 --max-restarts=9 -m bench.scaling"
BUDGET_S = {False: "60", True: "600"}  # without --full, and with it
LIMIT_S = 30.0  # a rank that does not get on for longer has hung
DEVICES = ("auto", "cpu", "cuda")


@dataclass(frozen=True, kw_only=True)
class Options:
    """The checked options of one rank.

    Attributes
    ----------
    label : "" for one that is made from the machine's facts.
    limit_s : a rank that does not get on for longer has hung.
    only : measure only points whose id contains this text.
    out : the result file; None for a new one in `results`.
    points : a file with the ids of the points to measure; None for all.

    """

    budget_s: float
    results: Path
    label: str
    device: str
    full: bool
    oversubscribe: bool
    resume: bool
    limit_s: float
    only: str
    out: Path | None
    points: Path | None


@dataclass(frozen=True, kw_only=True)
class Rank:
    """What torchrun tells a rank.

    Attributes
    ----------
    hosts : it hosts the group's store, because torchrun's agent does not.

    """

    number: int
    world: int
    local: int
    per_node: int
    restarts: int
    most_restarts: int
    run: str
    address: str
    port: int
    hosts: bool = False


def parse(arguments: Sequence[str]) -> Options:
    """Return the checked options.

    Raises
    ------
    ValueError : one is invalid; the message says what was expected and what came.
    SystemExit : argparse does not know one, or was asked for help.

    """
    parser = argparse.ArgumentParser(
        prog="torchrun ... -m bench.scaling",
        description=f"Measures what several ranks gain. Start it with torchrun: {COMMAND}",
    )
    add = parser.add_argument
    add("--results", metavar="DIR", help="where the result file goes (reports/results)")
    add("--machine", metavar="LABEL", help="the name of this machine or cluster in the pages")
    add("--budget", metavar="SECONDS", help="time limit (60; --full 600)")
    add("--device", choices=DEVICES, default="auto", help="what the ranks compute on")
    add("--full", action="store_true", help="all sizes, and all powers of 2 as ranks")
    add("--only", default="", metavar="TEXT", help="only points whose id contains TEXT")
    add("--resume", action="store_true", help="continue the newest interrupted measurement")
    add("--oversubscribe", action="store_true", help="more ranks than cores: tests results only")
    add("--limit", default=str(LIMIT_S), metavar="SECONDS", help="a silent rank has hung (30)")
    add("--out", help=argparse.SUPPRESS)  # these two are for a run of pytest
    add("--points", help=argparse.SUPPRESS)
    given = parser.parse_args(arguments)
    budget = BUDGET_S[given.full] if given.budget is None else given.budget
    results = Path(given.results) if given.results else ROOT / "reports" / "results"
    return Options(
        budget_s=parse_budget(budget),
        results=results.resolve(),
        label=parse_label(given.machine) if given.machine else "",
        device=given.device,
        full=given.full,
        oversubscribe=given.oversubscribe,
        resume=given.resume,
        limit_s=parse_budget(given.limit, "--limit"),
        only=given.only,
        out=Path(given.out) if given.out else None,
        points=Path(given.points) if given.points else None,
    )


def rank(environment: Mapping[str, str] = os.environ) -> Rank:
    """Return what torchrun tells this process.

    Raises
    ------
    ValueError : torchrun did not start it.

    """
    try:
        return Rank(
            number=int(environment["RANK"]),
            world=int(environment["WORLD_SIZE"]),
            local=int(environment["LOCAL_RANK"]),
            per_node=int(environment["LOCAL_WORLD_SIZE"]),
            restarts=int(environment.get("TORCHELASTIC_RESTART_COUNT", "0")),
            most_restarts=int(environment.get("TORCHELASTIC_MAX_RESTARTS", "0")),
            run=environment.get("TORCHELASTIC_RUN_ID", "none"),
            address=environment["MASTER_ADDR"],
            port=int(environment["MASTER_PORT"]),
            hosts=environment["RANK"] == "0"
            and environment.get("TORCHELASTIC_USE_AGENT_STORE", "True") != "True",
        )
    except (KeyError, ValueError) as error:
        raise ValueError(
            f"bench.scaling is started by torchrun, which sets {error.args[0]!r}: {COMMAND}"
        ) from error
