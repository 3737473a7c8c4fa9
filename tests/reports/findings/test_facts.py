"""Facts about a machine: a line for each known fact, none for an unknown one."""

from reports.findings.facts import facts
from reports.read.load import load
from tests.conftest import small_file

WHOLE = {
    "label": "box",
    "cpu": {"model": "EPYC", "usable_cores": 2, "count": 64},
    "ram_bytes": 25276514304,
    "gpus": [
        {
            "name": "H100",
            "driver": "550.1",
            "promise": {"flop_s": {"float32": 67e12}, "bytes_s": 3.35e12, "source": "data sheet"},
        },
        {"name": "T4"},
    ],
    "blas": {
        "numpy": [{"internal_api": "openblas", "version": "0.3", "architecture": "Zen"}],
        "torch": {"library": "mkl", "version": "2024.2"},
    },
    "versions": {"python": "3.11.7", "numpy": "2.4.6", "torch": "2.13", "cuda": None},
    "settings": {
        "float32_precision": {"matmul": "tf32", "conv": "ieee"},
        "environment": {"OMP_NUM_THREADS": "2"},
    },
    "peaks": {
        "cpu/threads=1": {"flop_s": {"float32": 2.66e11}, "copy_bytes_s": 4e10, "read_bytes_s": 0},
        "cpu/threads=2": {"flop_s": {}, "read_bytes_s": 5e10},
        "cuda": {"flop_s": {"float32": 5e13}, "copy_bytes_s": 3e12, "launch_s": 4e-6},
    },
    "system": "Linux",
    "machine": "x86_64",
}


def facts_of(write, machine, **changes):
    return {
        fact.key: (fact.name, fact.text)
        for fact in facts(load(write(small_file() | {"machine_info": machine} | changes)))
    }


def test_the_state_of_a_gpu_is_a_fact_if_known(write):
    busy = {
        "name": "H100",
        "clock_hz": 1.2e9,
        "most_clock_hz": 1.98e9,
        "temperature_c": 85.0,
        "power_w": 649.6,
        "held_back": ["its power limit", "its temperature"],
        "used_bytes": 3 * 2**30,
        "processes": 2,
    }
    states = {"begin": [{"name": "H100"}], "end": [busy]}
    known = facts_of(write, WHOLE | {"gpu_states": states})
    assert "gpu-before" not in known
    name, text = known["gpu-after"]
    assert name == "GPU after the run"
    assert text == (
        "1.20 GHz of at most 1.98 GHz, 85 °C, 650 W, 3.00 GiB of memory in use, processes "
        "computing on it: 2, held back by its power limit and its temperature"
    )


def test_every_known_fact_has_a_text(write):
    known = facts_of(write, WHOLE, commit_info={"id": "0123456789abcdef", "dirty": True})
    texts = {key: text for key, (_, text) in known.items()}
    assert texts == {
        "cpu": "EPYC",
        "cores": "2",
        "ram": "23.5 GiB",
        "gpu": "H100; T4",
        "driver": "550.1",
        "system": "Linux x86_64",
        "python": "3.11.7",
        "numpy": "2.4.6",
        "numpy-blas": "openblas 0.3 with kernels for Zen",
        "torch": "2.13",
        "torch-blas": "mkl 2024.2",
        "float32": "matmul tf32, conv ieee",
        "environment": "OMP_NUM_THREADS=2",
        "peaks.cpu/threads=1": "float32 266 GFLOP/s, copies 40.0 GB/s",
        "peaks.cpu/threads=2": "reads 50.0 GB/s",
        "peaks.cuda": "float32 50.0 TFLOP/s, copies 3.00 TB/s, a launch every 4.00 µs",
        "promise.H100": "float32 67.0 TFLOP/s, memory 3.35 TB/s (data sheet)",
        "commit": "0123456789ab, with changes",
        "datetime": "2026-01-02 03:04:05",
    }
    assert [known[f"peaks.{name}"][0] for name in ("cpu/threads=1", "cpu/threads=2", "cuda")] == [
        "peak of cpu, one core",
        "peak of cpu, 2 cores",
        "peak of cuda",
    ]


def test_unknown_facts_are_left_out(write):
    assert facts_of(write, {}, commit_info={"id": "abc"}) == {
        "commit": ("commit", "abc"),
        "datetime": ("measured", "2026-01-02 03:04:05"),
    }


def test_a_machine_without_gpu_says_none_if_this_suite_looked(write):
    assert facts_of(write, {"cpu": {"model": "m"}})["gpu"] == ("GPU", "none")
    assert "gpu" not in facts_of(write, {"cpu": {"brand_raw": "m"}})
    assert facts_of(write, {"cpu": {"brand": "m", "count": 8}})["cores"][1] == "8"
    assert "float32" not in facts_of(write, WHOLE | {"gpus": []})
