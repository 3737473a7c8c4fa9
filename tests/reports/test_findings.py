"""Everything that a result says, and what of it stands first."""

import re
import string
from pathlib import Path

import pytest
from markupsafe import escape

from reports.findings import Findings, about_accelerators, self_tested, steadiness
from reports.lessons import lessons
from reports.load import load
from reports.roofline import roofs
from reports.statement import QUOTED
from reports.trends import crossovers, growths
from tests.conftest import CASE, ONE, content, entry, small_file

MACHINES = Path(__file__).parents[2] / "reports" / "machines"
COMMITTED = sorted(MACHINES.glob("*.json"))
WON, LOST, TIED = (4.0, 3.8, 4.2), (0.25, 0.24, 0.26), (1.0, 0.98, 1.02)


def findings(write, data=None):
    return Findings(load(write(data or small_file())))


def implausible(data, cell):
    for known in data["cells"]:
        if known["id"] == cell:
            known |= {"status": "implausible", "reason": "it is above the peak"}
    return data


def test_a_kind_is_chosen_by_what_it_is_about(write):
    found = findings(write)
    assert len(found.kind("speedup")) == 6
    assert [f.state for f in found.kind("speedup", contender="torch-cpu")] == [
        "loses",
        "wins",
        "tie",
    ]
    (one,) = found.kind("speedup", contender="torch-cpu", size="n=64", workload="matmul")
    assert one.id == f"speedup/{CASE.format(64)}/torch-cpu"
    assert found.all[one.id] == found.speedups[one.id] == one
    assert found.kind("speedup", size="n=65") == found.kind("nothing") == []


def test_headlines_are_the_largest_win_the_largest_loss_and_the_largest_matmul(write):
    texts = [finding.text for finding in findings(write).headlines()]
    assert [text.split(",")[0] for text in texts] == [
        "matmul at n=64",
        "matmul at n=16",
        "matmul at n=256",
    ]


def measured(*cells):
    """A file of cells of one core: case, contender, speedup."""
    timed = []
    for case, contender, speedup in cells:
        device = "cuda" if "cuda" in contender else "cpu"
        timed.append(entry(f"{case}/{contender}", 1e-3, speedup, device=device))
    return content(timed)


def test_headlines_are_of_usual_contenders_and_an_accelerators_matmul_is_the_last(write):
    data = measured(
        (CASE.format(16), "torch-cpu", (2.0, 1.9, 2.1)),
        (CASE.format(16), "torch-cpu-bf16", (9.0, 8.9, 9.1)),
        (CASE.format(16), "torch-cuda", TIED),
        (CASE.format(64), "torch-cpu", (3.0, 2.9, 3.1)),
        (CASE.format(64), "torch-cpu-bf16", (0.1, 0.09, 0.11)),
        (CASE.format(64), "torch-cuda", TIED),
    )
    assert [f.id for f in findings(write, data).headlines()] == [
        f"speedup/{CASE.format(64)}/torch-cpu",
        f"speedup/{CASE.format(64)}/torch-cuda",
    ]


def test_the_largest_loss_is_the_smallest_ratio(write):
    ratios = {16: 0.5, 64: 0.2, 256: 0.9, 1024: 1.0}
    cells = [(CASE.format(n), "torch-cpu", (r, r * 0.99, r * 1.01)) for n, r in ratios.items()]
    assert [f.id for f in findings(write, measured(*cells)).headlines()] == [
        f"speedup/{CASE.format(n)}/torch-cpu" for n in (64, 1024)
    ]


def test_turning_the_data_round_exchanges_win_and_loss(write):
    data = small_file()
    for benchmark in data["benchmarks"]:
        for key in ("speedup", "speedup_best"):
            old = benchmark["extra_info"][key]
            benchmark["extra_info"][key] = {
                "ratio": 1 / old["ratio"], "low": 1 / old["high"], "high": 1 / old["low"]
            }  # fmt: skip
    before, after = findings(write), findings(write, data)
    assert [f.id for f in after.headlines()] == [
        before.headlines()[place].id for place in (1, 0, 2)
    ]
    assert [f.state for f in after.headlines()] == ["wins", "loses", "tie"]
    assert after.all["score"].text == before.all["score"].text
    (first,), (second,) = (found.kind("crossover") for found in (before, after))
    assert (first.state, second.state) == ("overtakes", "falls-behind")


def test_the_score_counts_states_and_leaves_the_absent_out(write):
    found = findings(write).all["score"]
    assert found.text == (
        "Of 3 PyTorch cells with a speedup, PyTorch wins 1, loses 1 and ties 1; 0 are too unsettled"
        " here to call."
    )
    assert found.cells == tuple(f"{CASE.format(n)}/torch-cpu" for n in (16, 64, 256))
    nothing = findings(write, content([entry(f"{CASE.format(4)}/numpy", 1.0, ONE)])).all["score"]
    assert (nothing.state, nothing.told) == ("absent", False)
    assert nothing.text == "No speedup was measured in this run."


def test_answers_count_the_largest_size_of_each_computation(write):
    conv = "conv2d/n=8/float32/threads=1"
    double = "matmul/n=8/float64/threads=1"
    two = "matmul/n=64/float32/threads=2"
    data = measured(
        (CASE.format(16), "torch-cpu", LOST),
        (CASE.format(64), "torch-cpu", WON),
        (CASE.format(64), "torch-cuda", TIED),
        (CASE.format(64), "torch-cpu-bf16", WON),
        (double, "torch-cpu", WON),
        (conv, "torch-cpu", LOST),
        (two, "torch-cpu", (1.0, 0.5, 2.0)),
    )
    found = findings(write, data).answers()
    told = [re.split(" computations?, each at its largest size, ", f.text) for f in found]
    assert told == [
        ["Of 3", "torch-cpu on one core wins 2, ties 0, loses 1."],
        ["Of 1", "torch-cuda on one core and its device wins 0, ties 1, loses 0."],
        ["Of 1", "torch-cpu on 2 cores wins 0, ties 0, loses 0; 1 too unsettled to call."],
    ]
    assert [finding.state for finding in found][:2] == ["wins", "tie"]
    assert found[0].cells == (
        f"{CASE.format(64)}/torch-cpu", f"{double}/torch-cpu", f"{conv}/torch-cpu",
    )  # fmt: skip


def test_an_impossible_time_never_counts(write):
    found = findings(write, implausible(small_file(), f"{CASE.format(64)}/torch-cpu"))
    assert "PyTorch wins 0, loses 1 and ties 1" in found.all["score"].text
    assert not any("n=64" in finding.text for finding in found.headlines())
    (answer,) = found.answers()
    assert "wins 0, ties 1, loses 0" in answer.text
    last = implausible(small_file(), f"{CASE.format(256)}/torch-cpu")
    assert findings(write, last).answers() == []
    assert steadiness(found.result).text.endswith(
        "; 1 more cannot be true and count for nothing."
    )  # fmt: skip


def test_steadiness_is_the_median_half_width_and_the_share_of_disturbed_blocks(write):
    timed = [
        entry(f"{CASE.format(16)}/numpy", 1e-3, ONE, blocks=6, disturbed_blocks=3),
        entry(f"{CASE.format(16)}/torch-cpu", 1e-3, (2.0, 1.8, 2.2), blocks=6, bimodal=True),
        entry(f"{CASE.format(64)}/torch-cpu", 1e-3, (2.0, 1.9, 2.1), blocks=6),
    ]
    data = content(timed)
    told = steadiness(load(write(data)))
    assert told.text == (  # 10 % and 5 %; 3 of 18 blocks
        "Half of all speedups are known to ±7.5 % or better; 16.7 % of blocks were disturbed;"
        " 0 of 3 cells did not settle, 1 run at two speeds."
    )
    nothing = steadiness(load(write(content(timed[:1]))))
    assert (nothing.state, nothing.told, nothing.text) == ("absent", False, "No speedups.")


def test_the_self_test_is_told_in_words(write):
    data = small_file()
    none = self_tested(load(write(data)))
    assert (none.state, none.told) == ("absent", False)
    assert none.text.startswith("None in this run")
    data["machine_info"]["self_test"] = {
        "comparisons": 40, "excluding_1": 2, "widest_half_width": 0.051, "furthest": 0.0953,
        "rows": [{"cell": "a/numpy", "ratio": 1.1, "low": 1.05, "high": 1.15}],
    }  # fmt: skip
    assert self_tested(load(write(data))).text == (
        "2 of 40 comparisons of a contender with itself exclude 1 (of 95 % intervals one in twenty "
        "does), 0 by so much that it would be called a winner; the widest is ±5.1 %, and the same "
        "code was found at most 10.0 % apart."
    )
    for low, high in ((1.06, 1.15), (0.9, 0.95)):
        row = data["machine_info"]["self_test"]["rows"][0]
        row |= {"low": low, "high": high, "ratio": (low + high) / 2}
        assert "one in twenty does), 1 by so" in self_tested(load(write(data))).text
    del data["machine_info"]["self_test"]["furthest"]
    assert self_tested(load(write(data))).text == (
        "2 of 40 comparisons of a contender with itself exclude 1."
    )


def test_a_finding_of_an_accelerator_is_told_by_its_cells(write):
    found = findings(write)
    told = {f.id for f in found.kind("speedup") if about_accelerators(f)}
    assert told == {f"speedup/{CASE.format(n)}/torch-cuda" for n in (16, 64, 256)}
    assert not about_accelerators(found.all["self-test"])


def fields(text):
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


NUMBER = re.compile(
    r'<data class="[^"]*" value="([^"]*)" data-finding="([^"]*)" data-key="([^"]*)"'
    r' data-cell="([^"]*)"( data-file="f.json" title="measured on lab, not on this machine")?>'
)


def check(result):
    """Hold every finding of a result against its table: nothing is told that rests on nothing."""
    found = Findings(result)
    cells = set(result.table["cell"])
    for key, finding in found.all.items():
        assert finding.id == key
        assert set(finding.numbers) | set(finding.words) >= fields(finding.sentence + finding.cause)
        assert set(finding.numbers) <= fields(finding.sentence + finding.cause)
        assert not set(finding.numbers) & set(finding.words)
        assert all(finding.numbers.values())
        if finding.told and finding.kind != "self-test":
            assert finding.cells
            assert set(finding.cells) <= cells
        assert set(finding.of.values()) <= cells
        if finding.interval:
            assert not finding.interval.low > finding.interval.value
            assert not finding.interval.high < finding.interval.value
        assert finding.text.endswith(".")
        assert not re.search(r"\bnan\b|\binf\b|\bNone\b(?! in this run)|\{", finding.text)
        quoted = {QUOTED: str(escape(finding.words[QUOTED]))} if QUOTED in finding.words else {}
        tied = {**finding.numbers, **quoted}
        numbers = NUMBER.findall(str(finding.html))
        assert [(number[0], number[2]) for number in numbers] == [
            (tied[name], name)
            for _, name, _, _ in string.Formatter().parse(finding.sentence + finding.cause)
            if name in tied
        ]
        assert {number[1] for number in numbers} <= {finding.id}
        assert {number[3] for number in numbers} <= cells | {finding.id}
        elsewhere = finding.elsewhere("lab", "f.json")
        marked = NUMBER.findall(str(elsewhere.html))
        assert all(number[-1] for number in marked)
        assert len(marked) == len(numbers)
        assert elsewhere.text.count("†") == len(numbers) - len(quoted)
    return found


@pytest.mark.parametrize("path", COMMITTED, ids=lambda path: path.stem)
def test_every_number_of_a_committed_file_rests_on_a_cell_of_it(path):
    found = check(load(path))
    kinds = {finding.kind for finding in found.all.values()}
    assert {"speedup", "crossover", "growth", "roof", "overhead", "scaling", "first-call"} <= kinds
    assert {"gradients", "ladder", "verification", "answer", "score", "steadiness"} <= kinds
    timed = found.result.table["ratio"].notna() & (found.result.table["contender"] != "numpy")
    assert sum(f.told for f in found.speedups.values()) == timed.sum()
    assert len(found.headlines()) == 3


def test_ids_are_unique(write):
    for result in (*map(load, COMMITTED), load(write(small_file()))):
        from_all = Findings(result)
        yielded = [
            *from_all.speedups,
            *(f.id for f in crossovers(result)),
            *(f.id for f in growths(result)),
            *(f.id for f in roofs(result)),
            *(f.id for f in lessons(result)),
        ]
        assert len(set(yielded)) == len(yielded)
        assert set(yielded) < set(from_all.all)


@pytest.mark.parametrize("cut", range(7))
def test_every_number_of_a_part_of_a_file_rests_on_a_cell_of_it(write, cut):
    data = small_file()
    data["benchmarks"] = data["benchmarks"][:cut]
    check(load(write(data)))


def test_what_was_told_before_is_told_again(write):
    first, second = (findings(write).all for _ in range(2))
    assert {key: f.text for key, f in first.items()} == {key: f.text for key, f in second.items()}


@pytest.mark.parametrize(("names", "told"), [(("a",), "1 computation,"), ("ab", "2 computations,")])
def test_an_answer_counts_computations(write, names, told):
    timed = []
    for name in names:
        case = CASE.format(16).replace("matmul", name)
        timed += [entry(f"{case}/numpy", 1.0, ONE), entry(f"{case}/torch-cpu", 0.5, (2, 1.9, 2.1))]
    (answer,) = Findings(load(write(content(timed)))).answers()
    assert answer.text.startswith(f"Of {told} each at its largest size, torch-cpu on one core wins")
