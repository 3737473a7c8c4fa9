"""Facts about the machine are read, not guessed, and never include the host name."""

import json
import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from threadpoolctl import threadpool_limits

from bench.machine import affinity, environment, facts
from bench.results.machine import Settings

ROOT = Path(__file__).resolve().parents[3]
V1 = "{}/cpu.cfs_quota_us", "{}/cpu.cfs_period_us"


@pytest.mark.parametrize(
    ("own", "files", "cores"),
    [
        ("0::/", {"cpu.max": "150000 100000\n"}, 1.5),
        ("0::/", {"cpu.max": "max 100000\n"}, None),
        ("0::/a/b", {"a/b/cpu.max": "max 100000\n", "a/cpu.max": "100000 100000\n"}, 1.0),
        ("0::/a/b", {"a/b/cpu.max": "50000 100000\n", "a/cpu.max": "100000 100000\n"}, 0.5),
        ("0::/a/b", {"other/cpu.max": "50000 100000\n"}, None),
        ("0::/of/the/host", {"cpu.max": "200000 100000\n"}, 2.0),
        ("0::/a", {"unified/a/cpu.max": "200000 100000\n"}, 2.0),
        ("4:cpu:/", {V1[0].format("cpu"): "400000\n", V1[1].format("cpu"): "100000\n"}, 4.0),
        ("4:cpu:/", {V1[0].format("cpu"): "-1\n", V1[1].format("cpu"): "100000\n"}, None),
        (
            "3:memory:/m\n4:cpu,cpuacct:/x/y",
            {V1[0].format("cpu,cpuacct/x"): "100000\n", V1[1].format("cpu,cpuacct/x"): "100000\n"},
            1.0,
        ),
        ("", {"cpu.max": "rubbish"}, None),
        ("", {}, None),
    ],
)
def test_the_least_quota_of_the_process_and_of_all_groups_above_counts(tmp_path, own, files, cores):
    mine, root = tmp_path / "own", tmp_path / "cgroup"
    mine.write_text(own)
    for name, text in files.items():
        (root / name).parent.mkdir(exist_ok=True, parents=True)
        (root / name).write_text(text)
    assert affinity.quota_cores(root, mine) == cores


@pytest.mark.parametrize(("quota", "cores"), [(0.5, 1), (1.5, 1), (None, 4), (64.0, 4)])
def test_usable_cores_are_the_fewest_that_affinity_and_quota_allow(monkeypatch, quota, cores):
    monkeypatch.setattr(affinity, "quota_cores", lambda: quota)
    monkeypatch.setattr(affinity.os, "sched_getaffinity", lambda _: {0, 1, 2, 3}, raising=False)
    monkeypatch.setattr(facts.sys, "platform", "linux")
    assert affinity.usable_cores() == cores


def test_the_threads_of_each_library_are_read_back():
    before = torch.get_num_threads()
    try:
        with threadpool_limits(1):
            torch.set_num_threads(1)
            seen = facts.observed_threads()
    finally:
        torch.set_num_threads(before)
    assert any(name.startswith("blas") for name in seen)
    assert set(seen.values()) == {1}


@pytest.mark.skipif(not affinity.cores(), reason="cores can be bound on Linux alone")
def test_a_thread_moves_to_a_core():
    before = os.sched_getaffinity(0)
    try:
        affinity.move_to(affinity.cores()[-1])
        assert os.sched_getaffinity(0) == {affinity.cores()[-1]}
    finally:
        os.sched_setaffinity(0, before)


def test_waiting_and_stolen_seconds_never_run_backwards():
    assert 0 <= affinity.waited_s() <= affinity.waited_s()
    assert 0 <= affinity.stolen_s() <= affinity.stolen_s()


def test_the_facts_are_plain_json_without_the_host_name():
    content = facts.facts(label="here")
    text = json.dumps(content, allow_nan=False)
    assert platform.node() not in text
    assert set(content) == {
        "label",
        "cpu",
        "ram_bytes",
        "blas",
        "gpus",
        "gpu_states",
        "versions",
        "settings",
        "peaks",
    }
    assert content["blas"]["numpy"][0]["version"]
    assert content["settings"]["float32_precision"].keys() == {"matmul", "conv"}
    assert facts.default_label()


KEPT = {
    "OPENBLAS_CORETYPE": "Haswell",
    "LD_PRELOAD": "/usr/lib/libjemalloc.so.2",
    "PYTHONMALLOC": "malloc",
    "MALLOC_ARENA_MAX": "1",
    "OMP_SCHEDULE": "static",
    "OMP_WAIT_POLICY": "active",
    "KMP_BLOCKTIME": "0",
    "MKL_DYNAMIC": "false",
    "NPY_DISABLE_CPU_FEATURES": "AVX512F",
    "PYTHONOPTIMIZE": "2",
    "ATEN_CPU_CAPABILITY": "default",
    "TORCH_ALLOW_TF32_CUBLAS_OVERRIDE": "1",
    "TORCHINDUCTOR_MAX_AUTOTUNE": "1",
    "PYTORCH_CUDA_ALLOC_CONF": "backend:cudaMallocAsync",
    "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1",
}
NOT_KEPT = {
    "SOME_SECRET": "x",
    "TORCH_HOME": "/models",
    "CUDA_VERSION": "13.0",
    "OMP_NUM_THREADS": "7",  # workers have the run's own
    "MALLOC_TRIM_THRESHOLD_": "1",
    "PYTHONPATH": "/code",
    "MKL_CBWR": "",
    "KMP_INIT_AT_FORK": "FALSE",  # set by an import
    "KMP_DUPLICATE_LIB_OK": "True",
}


def test_variables_that_change_what_is_timed_are_kept_of_the_environment():
    assert environment.recorded(KEPT | NOT_KEPT) == KEPT


def test_what_an_import_had_set_is_dropped_of_an_older_file():
    read = Settings.model_validate({"environment": KEPT | {"KMP_INIT_AT_FORK": "FALSE"}})
    assert read.environment == KEPT


def test_a_variable_is_kept_without_the_users_name_and_fits_the_file():
    preload = f"{Path.home()}/lib/\udcff\nx" + "y" * 600
    kept = environment.recorded({"LD_PRELOAD": preload})["LD_PRELOAD"]
    assert kept.startswith("~/lib/\N{REPLACEMENT CHARACTER}\nx")
    assert len(kept) == environment.MAX_VALUE
    Settings.model_validate({"environment": {"LD_PRELOAD": kept}})


def test_the_switches_of_python_are_kept_like_their_variables():
    program = "from bench.machine.environment import recorded; print(recorded({}))"
    for switches, kept in (
        (["-O"], {"PYTHONOPTIMIZE": "1"}),
        (["-X", "dev"], {"PYTHONDEVMODE": "1"}),
    ):
        command = [sys.executable, *switches, "-c", program]
        ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
        assert ended.stdout.strip() == str(kept)


def test_numpys_blas_is_named_with_the_architecture_of_its_kernels():
    assert {"internal_api", "version", "architecture"} == set(facts.blas()["numpy"][0])
