"""A pytest plugin for tests of whole runs: it swaps the workloads for tiny, wrong or slow ones.

Used as `pytest -p tests.faulty --workloads wrong,slow`.
"""

import time
from dataclasses import replace
from types import MappingProxyType

import pytest

from bench import cell
from bench.workload import Workload, discover, size


def matmul(name: str, **changes) -> Workload:
    small = {"sizes": (size(n=8),)}
    return replace(discover()["matmul"], name=name, **(small | changes))


def slow(a, b):
    time.sleep(0.05)
    return a @ b


def boom(a, b):
    raise RuntimeError("boom")


WORKLOADS = {
    "good": matmul("good"),
    "wrong": matmul("wrong", torch=lambda a, b: a @ b + 1),
    "boom": matmul("boom", torch=boom),
    "slow": matmul("slow", numpy=slow, sizes=tuple(size(n=n) for n in range(2, 42))),
}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--workloads", default="good")


def pytest_configure(config: pytest.Config) -> None:
    names = config.getoption("--workloads").split(",")
    chosen = MappingProxyType({name: WORKLOADS[name] for name in names})
    cell.discover = lambda: chosen
