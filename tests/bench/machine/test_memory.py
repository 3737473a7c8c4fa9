"""Peak memory is that of one call, also in a process that used more memory before."""

import sys

import numpy as np
import pytest

from bench.machine.memory import peak_bytes

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="only Linux has a high-water mark of memory"
)
MIB = 2**20


def test_an_earlier_and_higher_peak_does_not_count():
    np.ones(256 * MIB, dtype=np.uint8)
    assert peak_bytes(lambda: None, "cpu")["host"] < 16 * MIB
    assert peak_bytes(lambda: np.ones(64 * MIB, dtype=np.uint8), "cpu")["host"] > 60 * MIB
