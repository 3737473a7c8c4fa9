"""Which cells a run has: the contenders of each case."""

import pytest

from bench.cases import selection as module
from bench.cases.selection import cells
from bench.options import Options
from bench.workload import discover


@pytest.fixture
def asked(tmp_path, monkeypatch):
    def ask(devices=("cpu", "cuda"), *, here=True, threads=(1, 4), **more):
        monkeypatch.setattr(
            module, "absent", lambda device: "" if here or device == "cpu" else "not here"
        )
        options = Options(
            budget_s=1,
            threads=threads,
            devices=devices,
            label="x",
            results=tmp_path,
            site=tmp_path,
            **more,
        )
        return [cell.id for cell in cells(options)]

    return ask


def test_accelerators_run_beside_all_cores_and_cpu_variants_on_one_core(asked):
    found = asked()
    case, smaller = "matmul/n=2048/float32/threads=", "matmul/n=1024/float32/threads="
    assert {id_.rpartition("/")[2] for id_ in found if id_.startswith(f"{smaller}1/")} == {
        "numpy",
        "torch-cpu",
        "torch-cpu-bf16",
    }
    assert {id_.rpartition("/")[2] for id_ in found if id_.startswith(f"{case}4/")} == {
        "numpy",
        "torch-cpu",
        "torch-cuda",
        "torch-cuda-tf32",
        "torch-cuda-bf16",
        "torch-cuda-transfer",
    }


def sizes(found, name, contender):
    parts = [id_.split("/") for id_ in found if id_.startswith(f"{name}/")]
    return [size for _, size, _, _, who in parts if who == contender]


def test_accelerator_variants_run_only_at_instructive_sizes(asked):
    found = asked()
    assert sizes(found, "matmul", "torch-cuda-bf16") == ["n=2048", "n=8192"]
    assert len(sizes(found, "matmul", "torch-cuda")) == 7
    graphs = sizes(found, "train_mlp", "torch-cuda-graph")
    assert graphs[0] == "hidden=32,batch=32"
    assert len(graphs) == 3
    assert sizes(found, "gradient_cost", "torch-cuda-hand") == ["p=4", "p=256", "p=1024"]
    assert sizes(found, "matmul", "torch-cuda-fp16") == ["n=8192"]
    assert sizes(found, "matmul", "torch-cuda-transfer") == ["n=1024", "n=2048", "n=8192"]
    assert sizes(found, "host_to_device", "torch-cuda-pinned")[0] == "n=300000"
    assert len(sizes(asked(full=True), "matmul", "torch-cuda-bf16")) == 8


def test_with_an_accelerator_one_core_is_measured_at_the_second_largest_size(asked):
    found = [id_ for id_ in asked() if id_.startswith("matmul/") and "/threads=1/" in id_]
    assert {id_.split("/")[1] for id_ in found} == {"n=1024"}
    alone = asked(devices=("cuda",))
    assert {id_.split("/")[4] for id_ in alone if "torch-cpu" in id_} == set()
    assert not any(id_.startswith("matmul/") and "/threads=1/" in id_ for id_ in alone)


def test_the_full_selection_has_variants_on_all_cores_and_low_precision_only_in_float32(asked):
    found = asked(full=True)
    assert "matmul/n=512/float32/threads=4/torch-cpu-bf16" in found
    assert "matmul/n=512/float64/threads=4/torch-cuda" in found
    assert not any("/float64/" in id_ and id_.endswith("bf16") for id_ in found)
    assert "dispatch/n=1/float64/threads=1/torch-cpu-compile" in found


def test_only_a_present_accelerator_and_numpy_run_large_sizes(asked):
    large = "matmul/n=16384/float32/threads="
    found = {id_ for id_ in asked(full=True) if id_.startswith(large)}
    assert {id_.rpartition("/")[2] for id_ in found} == {
        "numpy",
        "torch-cuda",
        "torch-cuda-tf32",
        "torch-cuda-bf16",
        "torch-cuda-fp16",
        "torch-cuda-transfer",
    }
    assert {id_.split("/")[3] for id_ in found} == {"threads=4"}
    assert not any(id_.startswith(large) for id_ in asked(here=False, full=True))
    assert not any(id_.startswith(large) for id_ in asked())  # the first large one is enough
    assert any(id_.startswith("matmul/n=8192/") for id_ in asked())
    assert not any(id_.startswith(large) for id_ in asked(devices=("cpu",)))


def test_an_absent_device_has_one_skipped_contender(asked):
    found = [id_ for id_ in asked(here=False) if id_.startswith("matmul/n=2048/")]
    assert {id_.rpartition("/")[2] for id_ in found} == {
        "numpy",
        "torch-cpu",
        "torch-cpu-bf16",
        "torch-cuda",
    }


def test_serial_workloads_run_only_with_the_fewest_threads(asked):
    found = [id_ for id_ in asked(threads=(4, 2)) if id_.startswith("dispatch/")]
    assert {id_.split("/")[3] for id_ in found} == {"threads=2"}
    assert any(id_.endswith("torch-cuda-graph") for id_ in found)


def test_a_second_device_has_contenders_of_its_own(asked):
    found = asked(devices=("cuda:1",))
    assert "softmax/n=4096/float32/threads=4/torch-cuda1-transfer" in found
    assert not any(id_.startswith("softmax/n=32/float32/threads=1/") for id_ in found)


def test_without_an_accelerator_all_cores_are_measured_at_the_two_largest_sizes(asked):
    found = asked(here=False)
    shared = {id_.split("/")[1] for id_ in found if id_.startswith("matmul/") and "=4/" in id_}
    assert shared == {"n=1024", "n=2048"}
    rows = {id_.split("/")[1] for id_ in found if id_.startswith("sum/") and "=4/" in id_}
    assert rows == {
        f"over={over},n={n}" for over in ("all", "rows", "columns") for n in (1024, 4096)
    }
    full = asked(here=False, full=True)
    assert any(id_.startswith("matmul/n=16/float32/threads=4/") for id_ in full)


QUESTIONS = {w.name for w in discover().values() if w.is_question}


def questions(found):
    """Return the cases of questions without their threads, and the threads."""
    parts = [id_.split("/") for id_ in found if id_.partition("/")[0] in QUESTIONS]
    return {"/".join(part[:3]) for part in parts}, {part[3] for part in parts}


@pytest.mark.parametrize("here", [False, True])
def test_a_default_run_has_the_telling_sizes_of_questions_on_the_fewest_cores(asked, here):
    cases, threads = questions(asked(here=here))
    assert len(cases) <= 24
    assert threads == {"threads=1"}
    assert {case for case in cases if case.startswith(("save_load/", "linalg/", "matmul"))} == {
        "save_load/n=100/float32",
        "save_load/n=1000000/float32",
        "linalg/way=qr,batch=1000,n=8/float32",
        "linalg/way=solve,batch=1,n=512/float32",
        "matmul_integer/n=256/int64",
    }


def test_the_full_selection_has_every_size_of_a_question(asked):
    cases, threads = questions(asked(here=False, full=True))
    assert {case for case in cases if case.startswith(("convert/", "matmul"))} == {
        *(f"convert/n={n}/{dtype}" for n in (1000, 10**6) for dtype in ("float32", "float64")),
        *(f"matmul_integer/n={n}/int64" for n in (32, 256)),
    }
    assert threads == {"threads=1", "threads=4"}


def test_questions_to_the_cpu_alone_have_no_cell_on_a_gpu(asked):
    on_gpu = {id_.partition("/")[0] for id_ in asked() if id_.endswith("/torch-cuda")}
    assert on_gpu & QUESTIONS == {"element_access", "gather", "linalg"}
