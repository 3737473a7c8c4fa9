"""The program that the chapter on fusion shows compiles for real and computes the same."""

import os
import subprocess
import sys

import pytest

from bench.variant import no_compiler


@pytest.mark.skipif(bool(no_compiler("cpu")), reason=str(no_compiler("cpu")))
def test_the_compiled_chain_gives_the_same_result_and_shows_one_loop():
    told = subprocess.run(
        [sys.executable, "-m", "tutorial.compiled_chain"],
        check=True,
        capture_output=True,
        text=True,
        env=os.environ | {"TORCHINDUCTOR_VEC_ISA_OK": "1"},  # no trial compile for each SIMD set
    ).stdout
    assert "same result: True" in told
    assert "for(" in told
