"""The data picks the sentence."""

import re

import pytest

from reports.findings import headlines, of_roof, score, self_tested, speedups, trust
from reports.load import load
from tests.conftest import CASE, ONE, content, entry, small_file


def found(write, speedup, *, status="ok", **info):
    case = CASE.format(16)
    data = content(
        [entry(f"{case}/numpy", 1e-3, ONE), entry(f"{case}/torch-cpu", 1e-3, speedup, **info)]
    )
    data["cells"][1]["status"] = status
    return speedups(load(write(data)))[f"{case}/torch-cpu"]


@pytest.mark.parametrize(
    ("speedup", "state", "text"),
    [
        ((3.0, 2.9, 3.1), "wins", "torch-cpu is 3.0 times as fast as NumPy"),
        ((0.5, 0.49, 0.51), "loses", "NumPy is 2.00 times as fast as torch-cpu"),
        (
            (1.01, 0.98, 1.04),
            "tie",
            "too close to call; torch-cpu runs at 1.01 times NumPy's speed",
        ),
        ((1.0, 1.0, 1.0), "tie", "too close"),
        ((1.02, 1.0, 1.04), "tie", "too close"),
        ((1.05, 1.04, 1.06), "tie", "too close"),
        ((1.06, 1.051, 1.07), "wins", "torch-cpu is 1.06"),
        ((0.96, 0.955, 0.965), "tie", "too close"),
        ((0.94, 0.93, 0.95), "loses", "NumPy is 1.06"),
    ],
)
def test_the_sentence_follows_the_interval(write, speedup, state, text):
    finding = found(write, speedup)
    assert finding.state == state
    assert finding.text.startswith(f"matmul at n=16, float32: {text}")


def test_a_loss_is_told_with_its_interval_turned_round(write):
    assert "95 % interval 1.96 to 2.04" in found(write, (0.5, 0.49, 0.51)).text


def test_an_unsettled_cell_has_a_winner_where_its_interval_leaves_no_doubt(write):
    assert found(write, (9.0, 8.0, 10.0), status="unstable").state == "wins"
    assert found(write, (0.5, 0.4, 0.6), status="unstable").state == "loses"
    doubtful = found(write, (1.1, 0.9, 1.4), status="unstable")
    assert doubtful.state == "unstable"
    assert "too unsettled here to tell who is faster" in doubtful.text


def test_two_visits_or_a_pile_up_make_no_winner(write):
    assert found(write, (9.0, 8.0, 10.0), status="unstable", visits=2).state == "unstable"
    assert found(write, (9.0, 8.0, 10.0), status="unstable", visits=3).state == "wins"
    piled = found(write, (9.0, 8.0, 10.0), status="unstable", best_s=1e-4)
    assert piled.state == "unstable"


def test_the_self_test_is_told_in_words(write):
    data = small_file()
    assert self_tested(load(write(data))).startswith("none in this run")
    data["machine_info"]["self_test"] = {
        "comparisons": 40, "excluding_1": 2, "widest_half_width": 0.051, "furthest": 0.0953,
        "rows": [{"cell": "a/numpy", "ratio": 1.1, "low": 1.05, "high": 1.15}],
    }  # fmt: skip
    assert self_tested(load(write(data))) == (
        "2 of 40 comparisons of a contender with itself exclude 1 (of 95 % intervals one in twenty "
        "does), none by so much that it would be called a winner; the widest is ±5.1 %, and the "
        "same code was found at most 10.0 % apart"
    )
    data["machine_info"]["self_test"]["rows"][0]["low"] = 1.06
    assert "exclude 1 (of 95 % intervals one in twenty does), 1 by so" in self_tested(
        load(write(data))
    )


def test_best_is_quoted_where_it_is_another(write):
    assert "; 2.0 times at best" in found(write, (3.0, 2.9, 3.1), best=(2.0, 1.9, 2.1)).text
    assert "at best" not in found(write, (3.0, 2.9, 3.1), best=(2.8, 2.7, 2.95)).text


def test_an_absent_cell_says_why(write):
    finding = speedups(load(write(small_file())))[f"{CASE.format(16)}/torch-cuda"]
    assert finding.state == "absent"
    assert (
        finding.text == "matmul at n=16, float32: no speedup of torch-cuda, since no cuda device."
    )


def test_a_speedup_on_several_threads_says_so(write):
    case = "matmul/n=16/float32/threads=4"
    timed = [entry(f"{case}/numpy", 1e-3, ONE), entry(f"{case}/torch-cpu", 1e-3, (2.0, 1.9, 2.1))]
    finding = speedups(load(write(content(timed))))[f"{case}/torch-cpu"]
    assert finding.text.startswith("matmul at n=16, float32, 4 threads: torch-cpu is 2.0 times")


def test_without_numpy_there_is_no_speedup_and_the_reason_is_told(write):
    case = CASE.format(16)
    alone = entry(f"{case}/torch-cpu", 1e-3, ONE)
    alone["extra_info"] |= {"speedup": None, "speedup_best": None}
    finding = speedups(load(write(content([alone]))))[f"{case}/torch-cpu"]
    assert finding.state == "absent"
    assert finding.text.endswith("no speedup of torch-cpu, since NumPy has no time in this case.")


def test_every_number_carries_the_cell_it_rests_on(write):
    html = str(found(write, (3.0, 2.9, 3.1)).html)
    numbers = re.findall(r'<data class="wins" value="([^"]+)" data-cell="([^"]+)">', html)
    assert numbers == [
        ("3.0", f"{CASE.format(16)}/torch-cpu"),
        ("2.9 to 3.1", f"{CASE.format(16)}/torch-cpu"),
    ]


def test_words_from_a_file_are_escaped(write):
    finding = found(write, (3.0, 2.9, 3.1), workload="<b>bold</b>")
    assert "&lt;b&gt;bold" in finding.html
    assert "<b>" not in finding.html


def test_headlines_are_the_largest_win_the_largest_loss_and_the_largest_matmul(write):
    texts = [finding.text for finding in headlines(load(write(small_file())))]
    assert [text.split(",")[0] for text in texts] == [
        "matmul at n=64",
        "matmul at n=16",
        "matmul at n=256",
    ]


def test_the_score_counts_states_and_leaves_the_absent_out(write):
    assert score(load(write(small_file()))) == {"wins": 1, "tie": 1, "loses": 1, "unstable": 0}


def test_trust_is_the_median_half_width_and_the_share_of_disturbed_blocks(write):
    case = CASE.format(16)
    data = content(
        [
            entry(f"{case}/numpy", 1e-3, ONE, blocks=6, disturbed_blocks=3),
            entry(f"{case}/torch-cpu", 1e-3, (2.0, 1.8, 2.2), blocks=6, disturbed_blocks=0),
        ]
    )
    told = trust(load(write(data)))
    assert told["disturbed_share"] == 0.25
    assert told["half_width"] == pytest.approx(0.1)
    assert told["cells"] == 2


def test_an_impossible_time_is_told_as_such_and_never_counts(write):
    data = small_file()
    for cell in data["cells"]:
        if cell["id"] == f"{CASE.format(64)}/torch-cpu":
            cell |= {"status": "implausible", "reason": "it is above the peak"}
    result = load(write(data))
    finding = speedups(result)[f"{CASE.format(64)}/torch-cpu"]
    assert (finding.state, finding.speedup, finding.numbers) == ("implausible", None, {})
    assert finding.text == (
        "matmul at n=64, float32: the time of torch-cpu cannot be true and counts for nothing: "
        "it is above the peak."
    )
    assert score(result) == {"wins": 0, "tie": 1, "loses": 1, "unstable": 0}
    assert not any("n=64" in finding.text for finding in headlines(result))
    assert trust(result)["implausible"] == 1


def test_what_numpy_did_not_finish_is_the_reason_there_is_no_speedup(write):
    case = CASE.format(16384)
    alone = entry(f"{case}/torch-cuda", 1e-3, ONE, device="cuda")
    alone["extra_info"] |= {"speedup": None, "speedup_best": None}
    late = {"id": f"{case}/numpy", "status": "timeout", "reason": "NumPy did not finish in 5 s"}
    finding = speedups(load(write(content([alone], [late]))))[f"{case}/torch-cuda"]
    assert finding.text.endswith("no speedup of torch-cuda, since NumPy did not finish in 5 s.")


PEAK = {"flop_s": {"float32": 4e9}, "copy_bytes_s": 2e7, "read_bytes_s": 1e7, "cache_bytes": 1000}


@pytest.mark.parametrize(
    ("peaks", "info", "share"),
    [
        ({"cpu/threads=1": PEAK}, {}, (0.5, "FLOP/s")),  # 2e6 operations in 1 ms, of 4e9 a second
        ({"cpu/threads=1": PEAK}, {"flops": 0.0}, (0.5, "bytes/s")),  # 1e4 bytes, of 2e7 a second
        ({"cpu/threads=1": PEAK | {"cache_bytes": 10_000}}, {"flops": 0.0}, (0.0, "")),
        ({"cpu/threads=1": PEAK | {"cache_bytes": None}}, {"flops": 0.0}, (0.0, "")),
        ({"cpu/threads=1": PEAK}, {"precision": "bfloat16", "bytes": 1.0}, (0.0, "")),
        ({"cpu/threads=2": PEAK}, {}, (0.0, "")),
        ({"cuda": PEAK}, {"device": "cuda"}, (0.5, "FLOP/s")),
        (None, {}, (0.0, "")),
    ],
)
def test_what_a_result_gets_of_its_roof(write, peaks, info, share):
    timed = entry(f"{CASE.format(16)}/numpy", 1e-3, ONE, **({"precision": "float32"} | info))
    data = content([timed])
    data["machine_info"]["peaks"] = peaks
    result = load(write(data))
    (row,) = result.table.to_dict("records")
    assert of_roof(row, result.machine.peaks) == (pytest.approx(share[0]), share[1])
