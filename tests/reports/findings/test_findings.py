"""All findings of a result, and its headlines."""

import re
import string
from functools import cache
from pathlib import Path

import pytest
from markupsafe import escape

from reports.findings.calls import first_calls, overheads
from reports.findings.crossovers import crossovers
from reports.findings.findings import Findings, about_accelerators
from reports.findings.growth import growths
from reports.findings.largest import bin_of
from reports.findings.layers import CHANGED
from reports.findings.pairs import dtypes, scalings
from reports.findings.roofline import roofs
from reports.findings.statement import QUOTED
from reports.findings.summary import summary
from reports.findings.training import gradients, ladders
from reports.findings.trust import noisiness, self_tested, steadiness
from reports.findings.verification import verification
from reports.read.interval import Interval
from reports.read.load import load
from tests.conftest import CASE, ONE, content, entry, small_file

MACHINES = Path(__file__).parents[3] / "reports" / "machines"
COMMITTED = sorted(MACHINES.glob("*.json"))
WON, LOST, TIED = (4.0, 3.8, 4.2), (0.25, 0.24, 0.26), (1.0, 0.98, 1.02)


def findings_of(write, data=None):
    return Findings(load(write(data or small_file())))


def implausible(data, cell):
    for known in data["cells"]:
        if known["id"] == cell:
            known |= {"status": "implausible", "reason": "it is above the peak"}
    return data


def test_findings_are_selected_by_kind_and_subject(write):
    findings = findings_of(write)
    assert len(findings.kind("speedup")) == 6
    assert [f.state for f in findings.kind("speedup", contender="torch-cpu")] == [
        "slower",
        "faster",
        "tie",
    ]
    (one,) = findings.kind("speedup", contender="torch-cpu", size="n=64", workload="matmul")
    assert one.id == f"speedup/{CASE.format(64)}/torch-cpu"
    assert findings.all[one.id] == findings.speedups[one.id] == one
    assert findings.kind("speedup", size="n=65") == findings.kind("nothing") == []


def test_headlines_are_the_largest_win_the_largest_loss_and_the_largest_matmul(write):
    texts = [finding.text for finding in findings_of(write).headlines()]
    assert [text.split(",")[0] for text in texts] == [
        "matmul at n=64",
        "matmul at n=16",
        "matmul at n=256",
    ]


def measured(*cells):
    """Return a file with these cells: case, contender, speedup."""
    timed = []
    for case, contender, speedup in cells:
        device = "cuda" if "cuda" in contender else "cpu"
        timed.append(entry(f"{case}/{contender}", 1e-3, speedup, device=device))
    return content(timed)


def test_headlines_leave_variants_out_and_end_with_the_accelerators_matmul(write):
    data = measured(
        (CASE.format(16), "torch-cpu", (2.0, 1.9, 2.1)),
        (CASE.format(16), "torch-cpu-bf16", (9.0, 8.9, 9.1)),
        (CASE.format(16), "torch-cuda", TIED),
        (CASE.format(64), "torch-cpu", (3.0, 2.9, 3.1)),
        (CASE.format(64), "torch-cpu-bf16", (0.1, 0.09, 0.11)),
        (CASE.format(64), "torch-cuda", TIED),
    )
    assert [f.id for f in findings_of(write, data).headlines()] == [
        f"speedup/{CASE.format(64)}/torch-cpu",
        f"speedup/{CASE.format(64)}/torch-cuda",
    ]


def test_the_largest_loss_is_the_smallest_ratio(write):
    ratios = {16: 0.5, 64: 0.2, 256: 0.9, 1024: 1.0}
    cells = [(CASE.format(n), "torch-cpu", (r, r * 0.99, r * 1.01)) for n, r in ratios.items()]
    assert [f.id for f in findings_of(write, measured(*cells)).headlines()] == [
        f"speedup/{CASE.format(n)}/torch-cpu" for n in (64, 1024)
    ]


def test_inverted_speedups_exchange_win_and_loss(write):
    data = small_file()
    for benchmark in data["benchmarks"]:
        for key in ("speedup", "speedup_typical"):
            old = benchmark["extra_info"][key]
            benchmark["extra_info"][key] = {
                "ratio": 1 / old["ratio"],
                "low": 1 / old["high"],
                "high": 1 / old["low"],
            }
    before, after = findings_of(write), findings_of(write, data)
    assert [f.id for f in after.headlines()] == [
        before.headlines()[place].id for place in (1, 0, 2)
    ]
    assert [f.state for f in after.headlines()] == ["faster", "slower", "tie"]
    assert after.all["score"].text == before.all["score"].text
    (first,), (second,) = (findings.kind("crossover") for findings in (before, after))
    assert (first.state, second.state) == ("overtakes", "falls-behind")


def test_the_score_counts_verdicts_and_ignores_absent_cells(write):
    score = findings_of(write).all["score"]
    assert score.text == (
        "Of 3 PyTorch cells, PyTorch is faster in 1, slower in 1, as fast within 10 % in 1,"
        " unsettled in 0."
    )
    assert score.cells == tuple(f"{CASE.format(n)}/torch-cpu" for n in (16, 64, 256))
    nothing = findings_of(write, content([entry(f"{CASE.format(4)}/numpy", 1.0, ONE)])).all["score"]
    assert (nothing.state, nothing.has_numbers) == ("absent", False)
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
    answers = findings_of(write, data).kind("answer")
    assert [finding.text for finding in answers] == [
        (
            "Of 3 computations, each at its largest size, torch-cpu on one core is faster than"
            " NumPy in 2, as fast within 10 % in 0, slower in 1."
        ),
        (
            "Of 1 computation, at its largest size, torch-cuda on one core and its device is faster"
            " than NumPy in 0, as fast within 10 % in 1, slower in 0."
        ),
        (
            "Who is faster is unsettled in 1 of 1 computation, at its largest size; torch-cpu on 2"
            " cores is faster than NumPy in 0, as fast within 10 % in 0, slower in 0."
        ),
    ]
    assert [finding.state for finding in answers] == ["faster", "tie", "unsettled"]
    assert answers[0].cells == (
        f"{CASE.format(64)}/torch-cpu",
        f"{double}/torch-cpu",
        f"{conv}/torch-cpu",
    )


def names(word, count):
    return [f"{word}{n}" for n in range(count)]


def at_one_size(write, **counts):
    """Return the findings of a file with so many computations of each verdict."""
    speedups = {"faster": WON, "slower": LOST, "tie": TIED, "unsettled": (1.0, 0.5, 2.0)}
    cells = [
        (f"{name}/n=16/float32/threads=1", "torch-cpu", speedups[state])
        for state, count in counts.items()
        for name in names(state, count)
    ]
    return findings_of(write, measured(*cells))


@pytest.mark.parametrize(
    ("counts", "state", "begins"),
    [
        ({"unsettled": 3, "slower": 2}, "unsettled", "Who is faster is unsettled in 3 of 5"),
        ({"unsettled": 2, "slower": 2}, "even", "Of 4 computations"),
        ({"unsettled": 3, "slower": 2, "faster": 1, "tie": 1}, "unsettled", "Of 7 computations"),
        ({"unsettled": 1, "slower": 2, "faster": 2}, "even", "Of 5 computations"),
        ({"unsettled": 2, "slower": 3, "faster": 1}, "slower", "Of 6 computations"),
        ({"tie": 2, "slower": 1}, "tie", "Of 3 computations"),
    ],
)
def test_an_answer_that_is_mostly_unsettled_says_so_first(write, counts, state, begins):
    (answer,) = at_one_size(write, **counts).kind("answer")
    assert answer.state == state
    assert answer.text.startswith(begins)


def test_a_score_that_is_mostly_unsettled_says_so_first(write):
    score = at_one_size(write, unsettled=3, slower=2).all["score"]
    assert (score.state, score.text) == (
        "unsettled",
        (
            "Who is faster is unsettled in 3 of 5 PyTorch cells; PyTorch is faster in 0, slower in"
            " 2, as fast within 10 % in 0."
        ),
    )
    assert at_one_size(write, unsettled=2, slower=2).all["score"].text.startswith("Of 4 PyTorch")


@pytest.mark.parametrize(
    ("low", "high", "where"),
    [
        (2.0, 9.0, "torch_twice"),
        (1.99, 9.0, "torch"),
        (1.8, 2.3, "torch"),
        (1.06, 1.9, "torch"),
        (0.95, 1.05, "tie"),
        (0.9, 1.2, "unsettled"),
        (0.5, 2.0, "unsettled"),
        (0.1, 0.51, "numpy"),
        (0.1, 0.5, "numpy_twice"),
    ],
)
def test_a_bin_is_a_verdict_and_twice_as_fast_is_the_whole_interval(low, high, where):
    assert bin_of(Interval(value=1.0, low=low, high=high)) == where
    mirrored = {"torch": "numpy", "torch_twice": "numpy_twice"}
    turned = mirrored | {other: key for key, other in mirrored.items()}
    assert bin_of(Interval(value=1.0, low=low, high=high).inverted) == turned.get(where, where)


def test_bins_count_and_name_the_computations_at_their_largest_size(write):
    data = measured(
        (CASE.format(16), "torch-cpu", LOST),
        (CASE.format(64), "torch-cpu", WON),
        (CASE.format(64), "torch-cpu-bf16", LOST),
        ("sort/n=8/float32/threads=1", "torch-cpu", TIED),
        ("fft/n=8/float32/threads=1", "torch-cpu", (2.0, 1.9, 2.1)),
        ("argmax/n=8/float32/threads=1", "torch-cpu", (1.0, 0.5, 2.0)),
        ("fft/n=8/float32/threads=2", "torch-cpu", WON),
    )
    one, two = findings_of(write, data).kind("bins")
    assert (one.id, two.id) == ("bins/torch-cpu/threads=1", "bins/torch-cpu/threads=2")
    assert one.text == (
        "Of 4 computations, each at its largest size, torch-cpu on one core: PyTorch surely twice"
        " as fast in 1 (matmul); PyTorch faster in 1 (fft); as fast within 10 % in 1 (sort);"
        " unsettled in 1 (argmax)."
    )
    assert one.cells[0] == f"{CASE.format(64)}/torch-cpu"
    assert two.text.endswith("on 2 cores: PyTorch surely twice as fast in 1 (fft).")


@pytest.mark.parametrize(
    ("half", "disturbed", "state"),
    [
        (0.04, 0, "calm"),
        (0.049, 1, "calm"),
        (0.06, 0, "some noise"),
        (0.04, 2, "some noise"),
        (0.11, 0, "noisy"),
        (0.04, 5, "noisy"),
    ],
)
def test_the_noise_of_a_machine_has_three_states(write, half, disturbed, state):
    speedup = (2.0, 2 - 2 * half, 2 + 2 * half)
    timed = [
        entry(f"{CASE.format(16)}/torch-cpu", 1e-3, speedup, blocks=20, disturbed_blocks=disturbed)
    ]
    finding = noisiness(load(write(content(timed))))
    assert finding.state == state
    words = f"known to ±{100 * half:.1f} % or b" if state == "calm" else "uncertain by ±"
    assert words in finding.text
    assert (f", and {5 * disturbed} % of blocks were" in finding.text) == (disturbed > 1)
    none = noisiness(load(write(content([entry(f"{CASE.format(16)}/numpy", 1e-3, ONE)]))))
    assert (none.state, none.has_numbers) == ("absent", False)


def test_a_wide_interval_makes_no_headline(write):
    wide, narrow = CASE.format(16), CASE.format(64)
    data = measured(
        (wide, "torch-cpu", (30.0, 2.0, 400.0)),
        (narrow, "torch-cpu", (4.0, 3.8, 4.2)),
        (CASE.format(256), "torch-cpu", TIED),
    )
    assert findings_of(write, data).headlines()[0].id == f"speedup/{narrow}/torch-cpu"


def test_the_least_certain_speedup_has_the_widest_interval(write):
    data = measured(
        (CASE.format(16), "torch-cpu", (30.0, 29.0, 31.0)),
        (CASE.format(64), "torch-cpu", (1.0, 0.5, 2.0)),
        (CASE.format(64), "torch-cpu-bf16", (1.0, 0.1, 9.0)),
        (CASE.format(256), "torch-cpu", (40.0, 8.0, 80.0)),
    )
    found = [each.about["size"] for each in findings_of(write, data).least_certain()]
    assert found == ["n=256", "n=64", "n=16"]


def test_an_implausible_time_never_counts(write):
    findings = findings_of(write, implausible(small_file(), f"{CASE.format(64)}/torch-cpu"))
    assert "PyTorch is faster in 0, slower in 1" in findings.all["score"].text
    assert not any("n=64" in finding.text for finding in findings.headlines())
    (answer,) = findings.kind("answer")
    assert "faster than NumPy in 0, as fast within 10 % in 1, slower in 0" in answer.text
    last = implausible(small_file(), f"{CASE.format(256)}/torch-cpu")
    assert findings_of(write, last).kind("answer") == []
    assert steadiness(findings.result).text.endswith("; 1 more cannot be true and are left out.")


def test_steadiness_is_the_median_half_width_and_the_share_of_disturbed_blocks(write):
    timed = [
        entry(f"{CASE.format(16)}/numpy", 1e-3, ONE, blocks=6, disturbed_blocks=3),
        entry(f"{CASE.format(16)}/torch-cpu", 1e-3, (2.0, 1.8, 2.2), blocks=6, bimodal=True),
        entry(f"{CASE.format(64)}/torch-cpu", 1e-3, (2.0, 1.9, 2.1), blocks=6),
    ]
    timed.append(entry(f"{CASE.format(256)}/torch-cpu", 1e-3, (1.0, 0.85, 1.0), blocks=6))
    finding = steadiness(load(write(content(timed))))
    assert finding.text == (  # 5, 7.5 and 10 %; 3 of 24 blocks
        "Half of all 3 speedups are known to ±7.5 % or better, and 1 are unsettled; 12 % of blocks"
        " were disturbed by another process; 1 of 4 cells run at two speeds."
    )
    nothing = steadiness(load(write(content(timed[:1]))))
    assert (nothing.state, nothing.has_numbers, nothing.text) == ("absent", False, "No speedups.")


def test_the_self_test_has_its_sentence(write):
    data = small_file()
    none = self_tested(load(write(data)))
    assert (none.state, none.has_numbers) == ("absent", False)
    assert none.text.startswith("This run had no self-test; with --self-test")
    data["machine_info"]["self_test"] = {
        "comparisons": 40,
        "excluding_1": 2,
        "widest_half_width": 0.051,
        "furthest": 0.0953,
        "rows": [{"cell": "a/numpy", "ratio": 1.1, "low": 1.05, "high": 1.15}],
    }
    assert self_tested(load(write(data))).text == (
        "2 of 40 comparisons of a contender with itself exclude 1 (of 95 % intervals one in twenty "
        "does); 0 would be called a winner; the widest interval is ±5.1 %, and the same code was "
        "measured at most 10.0 % apart."
    )
    for low, high in ((1.06, 1.15), (0.9, 0.95)):
        row = data["machine_info"]["self_test"]["rows"][0]
        row |= {"low": low, "high": high, "ratio": (low + high) / 2}
        assert (
            "one in twenty does); 1 would be called a winner" in self_tested(load(write(data))).text
        )
    del data["machine_info"]["self_test"]["furthest"]
    assert self_tested(load(write(data))).text == (
        "2 of 40 comparisons of a contender with itself exclude 1."
    )


def test_a_finding_about_an_accelerator_is_recognised(write):
    findings = findings_of(write)
    ids = {f.id for f in findings.kind("speedup") if about_accelerators(f)}
    assert ids == {f"speedup/{CASE.format(n)}/torch-cuda" for n in (16, 64, 256)}
    assert not about_accelerators(findings.all["self-test"])


def fields(text):
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


NUMBER = re.compile(
    r'<data class="[^"]*" value="([^"]*)" data-finding="([^"]*)" data-key="([^"]*)"'
    r' data-cell="([^"]*)"( data-file="f.json" title="measured on lab, not on this machine")?>'
)


def check(result):
    """Check that every finding of a result is well formed and names existing cells."""
    findings = Findings(result)
    cells = {row.cell for row in (*result.rows, *result.foreign)}
    cells |= {point.id for point in result.points}
    for key, finding in findings.all.items():
        assert finding.id == key
        assert set(finding.numbers) | set(finding.words) >= fields(finding.sentence + finding.cause)
        assert set(finding.numbers) <= fields(finding.sentence + finding.cause)
        assert not set(finding.numbers) & set(finding.words)
        assert all(finding.numbers.values())
        if finding.has_numbers and finding.kind != "self-test":
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
    return findings


@cache
def committed(path):
    return load(path)


@pytest.mark.parametrize("path", COMMITTED, ids=lambda path: path.stem)
def test_every_number_of_a_committed_file_comes_from_one_of_its_cells(path):
    findings = check(committed(path))
    kinds = {finding.kind for finding in findings.all.values()}
    assert {
        "speedup",
        "crossover",
        "growth",
        "roof",
        "overhead",
        "scaling",
        "first-call",
        "verification",
        "answer",
        "bins",
        "score",
        "steadiness",
        "noise",
        "second-rank",
    } <= kinds
    if "training" in {
        row.family for row in findings.result.timed
    }:  # a run that was not cut off before
        assert {"gradients", "ladder", *CHANGED} <= kinds
    timed = [row for row in findings.result.rows if row.speedup and row.contender != "numpy"]
    assert sum(f.has_numbers for f in findings.speedups.values()) == len(timed)
    assert len(findings.headlines()) == 3


def test_ids_are_unique(write):
    for result in (*map(committed, COMMITTED), load(write(small_file()))):
        from_all = Findings(result)
        cells = {row.cell: row for row in result.plausible}
        yielded = [
            *from_all.speedups,
            *(f.id for f in crossovers(result)),
            *(f.id for f in growths(result)),
            *(f.id for f in roofs(result)),
            *(f.id for part in (overheads, first_calls) for f in part(result.plausible)),
            *(f.id for part in (scalings, dtypes, gradients, ladders) for f in part(cells)),
            verification(result).id,
        ]
        assert len(set(yielded)) == len(yielded)
        assert set(yielded) < set(from_all.all)


@pytest.mark.parametrize("cut", range(7))
def test_every_number_of_an_incomplete_file_comes_from_one_of_its_cells(write, cut):
    data = small_file()
    data["benchmarks"] = data["benchmarks"][:cut]
    check(load(write(data)))


def test_findings_are_reproducible(write):
    first, second = (findings_of(write).all for _ in range(2))
    assert {key: f.text for key, f in first.items()} == {key: f.text for key, f in second.items()}


@pytest.mark.parametrize(
    ("names", "count"), [(("a",), "1 computation, at"), ("ab", "2 computations, each at")]
)
def test_an_answer_counts_computations(write, names, count):
    timed = []
    for name in names:
        case = CASE.format(16).replace("matmul", name)
        timed += [entry(f"{case}/numpy", 1.0, ONE), entry(f"{case}/torch-cpu", 0.5, (2, 1.9, 2.1))]
    (answer,) = Findings(load(write(content(timed)))).kind("answer")
    assert answer.text.startswith(f"Of {count} its largest size, torch-cpu on one core is faster")


FREE = {"name": "NVIDIA H100 80GB", "used_bytes": 600 * 2**20, "processes": 0}
HELD = FREE | {"held_back": ["its power limit", "its temperature"]}


@pytest.mark.parametrize(
    ("begin", "end", "state", "text"),
    [
        ([], [], "absent", "What its GPUs did besides is not known."),
        ([FREE], [FREE], "free", "Its GPUs were free before the run."),
        (
            [FREE, FREE | {"processes": 1, "used_bytes": 20 * 2**30}],
            [HELD],
            "busy",
            "Before the run 20.0 GiB of the memory of NVIDIA H100 80GB was in use, by others: its",
        ),
        (
            [FREE],
            [HELD],
            "held back",
            "At the end of the run NVIDIA H100 80GB was held back by its power limit and its temp",
        ),
    ],
)
def test_a_gpu_that_was_busy_or_held_back_is_reported(write, begin, end, state, text):
    data = small_file()
    data["machine_info"]["gpu_states"] = {"begin": begin, "end": end}
    result = load(write(data))
    card = Findings(result).all["card"]
    assert card.state == state
    assert card.text.startswith(text)
    in_summary = any("NVIDIA H100" in line for line in summary(Findings(result)))
    assert in_summary == (state in {"busy", "held back"})
    assert ("<cite>NVIDIA H100 80GB</cite>" in card.html) == in_summary


def test_cells_that_were_visited_once_are_reported(write):
    data = small_file()
    for benchmark in data["benchmarks"]:
        info = benchmark["extra_info"]
        info["visits"] = 1
        if info["speedup"]["ratio"] != 1:
            info["speedup"] |= {"low": 0.5, "high": 20.0}
    findings = Findings(load(write(data)))
    assert "visited once" in findings.all["steadiness"].text
    unsettled = [finding for finding in findings.speedups.values() if finding.state == "unsettled"]
    assert unsettled
    assert all(
        " is unsettled; " in finding.text and "), from one visit" in finding.text
        for finding in unsettled
    )
