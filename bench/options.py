"""The options of the command line. Each is checked before anything runs."""

import math
import re
from dataclasses import dataclass
from pathlib import Path

from bench.machine import affinity, facts
from bench.machine.devices import default_devices, parse_devices
from bench.results.places import writable_folder

ROOT = Path(__file__).resolve().parent.parent
BUDGET_S = {False: 180.0, True: 900.0}  # without --full, and with it
ACCELERATOR_S = 60.0  # without --full, when PyTorch runs only on an accelerator
LABEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@dataclass(frozen=True, kw_only=True)
class Options:
    """The checked options of a run."""

    budget_s: float
    threads: tuple[int, ...]
    devices: tuple[str, ...]
    label: str
    results: Path
    site: Path
    full: bool = False
    report: bool = True
    self_test: bool = False
    resume: bool = False


def parse(
    *,
    budget: str | None,
    threads: str,
    devices: str | None,
    label: str | None,
    results: str | None,
    full: bool,
    report: bool,
    self_test: bool,
    resume: bool,
) -> Options:
    """Return the options, parsed from the texts of the command line.

    Raises
    ------
    ValueError : a text is invalid; the message says what was expected and what came.

    """
    chosen = default_devices() if devices is None else parse_devices(devices)
    where = Path(results) if results else ROOT / "reports" / "results"
    default_s = BUDGET_S[full] if full or "cpu" in chosen else ACCELERATOR_S
    return Options(
        budget_s=(1 + self_test) * default_s if budget is None else parse_budget(budget),
        threads=parse_threads(threads, affinity.usable_cores()),
        devices=chosen,
        label=parse_label(facts.default_label() if label is None else label),
        results=writable_folder(where, "--results").resolve(),
        site=Path(results).resolve() / "site" if results else ROOT / "reports" / "site",
        full=full,
        report=report,
        self_test=self_test,
        resume=resume,
    )


def parse_budget(text: str, option: str = "--budget") -> float:
    """Return the seconds of an option, above zero."""
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 < seconds < math.inf:
        raise ValueError(f"{option} must be a number of seconds above 0; got {text!r}")
    return seconds


def parse_threads(text: str, cores: int) -> tuple[int, ...]:
    """Return the thread settings of a list like `1,all`, where `all` is every usable core."""
    parts = [part.strip() for part in text.split(",")]
    for part in parts:
        if part != "all" and not (part.isdecimal() and 1 <= int(part) <= cores):
            raise ValueError(
                f"--threads must be 'all' or from 1 to the {cores} cores usable here, several with "
                f"commas between; got {part!r}"
            )
    return tuple(dict.fromkeys(cores if part == "all" else int(part) for part in parts))


def parse_label(text: str) -> str:
    """Return a label that is a valid file name on every system."""
    if not LABEL.fullmatch(text):
        raise ValueError(
            "--machine must be up to 64 letters, digits, '.', '_' and '-', the first a letter or "
            f"digit; got {text!r}"
        )
    return text
