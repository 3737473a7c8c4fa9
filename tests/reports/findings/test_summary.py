"""The lines that the terminal shows at the end of a run, and their order."""

from reports.findings.findings import Findings, Reference
from reports.findings.summary import MOST_NAMED, WIDTH, summary
from reports.read.load import load
from tests.conftest import CASE, ONE, asked, content, entry, small_file


def summary_lines(write, data):
    return list(summary(Findings(load(write(data)))))


def test_the_order_is_answers_bins_headlines_noise(write):
    lines = summary_lines(write, small_file())
    assert lines[0] == "  NumPy or PyTorch on this CPU?"
    assert lines[1].startswith("    It depends: on one core PyTorch is faster in")
    assert lines[lines.index("") :][:3] == [
        "",
        "  torch-cpu on one core, 1 computation, at its largest size",
        "    as fast within 10 %             1  matmul",
    ]
    starts = ["  matmul at n=64", "  matmul at n=16", "  matmul at n=256"]
    places = [next(n for n, line in enumerate(lines) if line.startswith(s)) for s in starts]
    noise = next(n for n, line in enumerate(lines) if line.startswith("  This machine was"))
    assert places == sorted(places)
    assert noise > places[-1]


def test_a_machine_without_a_gpu_quotes_one_that_has_it(write):
    case = "matmul/n=64/float32/threads=16"
    timed = [
        entry(f"{case}/numpy", 1e-3, ONE),
        entry(f"{case}/torch-cuda", 2e-5, (50.0, 49.0, 51.0), device="cuda"),
    ]
    other = content(timed, label="gpu box")
    other["machine_info"]["gpus"] = [{"name": "H", "driver": "570.1", "promise": None}]
    quoted = Reference(Findings(load(write(other, "gpu.json"))), "gpu box", "")
    lines = list(summary(Findings(load(write(small_file())), (quoted,))))
    place = lines.index("  What does a GPU change?")
    told = " ".join(" ".join(lines[place + 1 :]).split())
    assert "is at least 49† times as fast as NumPy on 16 cores. † on gpu box, not here." in told


def test_long_lists_are_wrapped_and_aligned(write):
    data = small_file()
    speedup = (1.0, 0.98, 1.02)
    for n in range(30):
        cell = f"workload{n}/n=16/float32/threads=1/torch-cpu"
        data["benchmarks"].append(entry(cell, 1e-3, speedup))
        data["cells"].append(asked(cell))
    lines = summary_lines(write, data)
    names = [line for line in lines[:12] if "workload" in line]
    assert len(names) > 2
    assert len({line.index(line.split()[0]) for line in names[1:]}) == 1
    assert max(map(len, lines)) <= WIDTH


def test_implausible_times_are_listed_up_to_a_limit_and_then_counted(write):
    data = small_file()
    data["cells"] += [
        asked(f"{CASE.format(n)}/numpy", "implausible", "too short") for n in range(1000, 1008)
    ]
    lines = [line for line in summary_lines(write, data) if "implausible" in line]
    assert len(lines) == MOST_NAMED + 1
    assert lines[0] == f"  implausible: {CASE.format(1000)}/numpy: too short."
    assert lines[-1] == "  implausible: 3 more, named in the result file."


def test_the_self_test_comes_last(write):
    data = small_file()
    data["machine_info"]["self_test"] = {
        "comparisons": 40,
        "excluding_1": 2,
        "rows": [],
    }
    assert summary_lines(write, data)[-1].startswith("  self-test: 2 of 40 comparisons")
    assert not any("self-test" in line for line in summary_lines(write, small_file()))
