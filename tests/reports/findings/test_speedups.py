"""The data choose the sentence, and a cause is named if the file shows it."""

import re

import pytest

from reports.findings.findings import Findings
from reports.read.load import load
from tests.conftest import CASE, ONE, asked, content, entry, small_file
from tests.rows import interval, timed_row

N16 = CASE.format(16)


def finding_of(write, speedup, *, status="ok", contender="torch-cpu", case=N16, **info):
    """Return the finding of a file with one contender and NumPy."""
    info |= {"device": "cuda"} if contender.startswith("torch-cuda") else {}
    timed = [entry(f"{case}/numpy", 1e-3, ONE), entry(f"{case}/{contender}", 1e-3, speedup, **info)]
    data = content(timed)
    data["cells"][1] |= {"status": status}
    (finding,) = Findings(load(write(data))).speedups.values()
    return finding


WON, LOST, TIED = (4.0, 3.8, 4.2), (0.25, 1 / 4.2, 1 / 3.8), (1.01, 0.98, 1.04)
GOLDEN = {
    "faster": "{c} is 4.0 times as fast as NumPy (95 % interval 3.8 to 4.2).",
    "slower": "NumPy is 4.0 times as fast as {c} (95 % interval 3.8 to 4.2).",
    "tie": "NumPy and {c} are equally fast, within 10 %; {c} runs at 1.01 times NumPy's speed (95 %"
    " interval 0.98 to 1.04).",
    "unsettled": "whether NumPy or {c} is faster is unsettled; {c} runs at about 1.1 times NumPy's"
    " speed (95 % interval 0.8 to 1.5).",
}


@pytest.mark.parametrize("contender", ["torch-cpu", "torch-cuda", "torch-cuda-tf32"])
@pytest.mark.parametrize(
    ("speedup", "state"),
    [(WON, "faster"), (LOST, "slower"), (TIED, "tie"), ((1.1, 0.8, 1.5), "unsettled")],
)
def test_each_state_has_its_sentence(write, contender, speedup, state):
    finding = finding_of(write, speedup, contender=contender)
    assert finding.state == state
    assert finding.text == f"matmul at n=16, float32: {GOLDEN[state].format(c=contender)}"
    assert finding.cells == (f"{N16}/numpy", f"{N16}/{contender}")
    assert (finding.interval.value, finding.interval.low, finding.interval.high) == speedup


def turned(speedup):
    ratio, low, high = speedup
    return 1 / ratio, 1 / high, 1 / low


@pytest.mark.parametrize("contender", ["torch-cpu", "torch-cuda"])
@pytest.mark.parametrize("speedup", [WON, (1.5, 1.4, 1.6), (31.4, 30.2, 32.9), (1.06, 1.051, 1.07)])
def test_an_inverted_speedup_gives_the_opposite_sentence(write, contender, speedup):
    win, loss = (finding_of(write, s, contender=contender) for s in (speedup, turned(speedup)))
    assert (win.state, loss.state) == ("faster", "slower")
    where = "matmul at n=16, float32: "
    names = {contender: "NumPy", "NumPy": contender}
    swapped = re.sub("|".join(names), lambda name: names[name[0]], win.text.removeprefix(where))
    assert loss.text.removeprefix(where) == swapped


def test_an_inverted_tie_is_a_tie(write):
    for speedup in (TIED, ONE, (0.97, 0.955, 1.04)):
        assert finding_of(write, speedup).state == finding_of(write, turned(speedup)).state == "tie"


@pytest.mark.parametrize(
    ("speedup", "state", "text"),
    [
        ((3.0, 2.9, 3.1), "faster", "torch-cpu is 3.0 times as fast as NumPy"),
        ((80.0, 39.0, 175.0), "faster", "torch-cpu is about 80 times as fast as NumPy (95 %"),
        ((0.5, 0.49, 0.51), "slower", "NumPy is 2.00 times as fast as torch-cpu"),
        ((1.0, 1.0, 1.0), "tie", "NumPy and torch-cpu are equally fast, within 10 %; torch-cpu"),
        ((1.06, 1.05, 1.07), "tie", "NumPy and torch-cpu are equally fast"),
        ((1.06, 1.051, 1.07), "faster", "torch-cpu is 1.06"),
        ((0.94, 0.93, 0.953), "tie", "NumPy and torch-cpu are equally fast"),
        ((0.94, 0.93, 0.952), "slower", "NumPy is 1.06"),
        ((1.0, 0.9, 1.2), "unsettled", "whether NumPy or torch-cpu is faster is unsettled"),
        ((1.2, 1.0, 1.4), "unsettled", "whether torch-cpu is faster than NumPy or they tie is"),
        ((0.8, 0.7, 1.0), "unsettled", "whether NumPy is faster than torch-cpu or they tie is"),
    ],
)
def test_the_sentence_follows_the_interval(write, speedup, state, text):
    finding = finding_of(write, speedup)
    assert finding.state == state
    assert finding.text.startswith(f"matmul at n=16, float32: {text}")


@pytest.mark.parametrize("speedup", [WON, LOST, TIED, (1.1, 0.8, 1.5)])
def test_visits_blocks_and_medians_do_not_change_a_sentence(write, speedup):
    text = finding_of(write, speedup).text
    others = {"visits": 2}, {"visits": None}, {"blocks": 1}, {"typical_s": 5e-3}, {"bimodal": True}
    assert [finding_of(write, speedup, **other).text for other in others] == [text] * 5


def test_medians_are_quoted_if_the_intervals_are_disjoint(write):
    assert finding_of(write, (3.0, 2.9, 3.1), by_medians=(2.0, 1.9, 2.1)).text.endswith(
        "(95 % interval 2.9 to 3.1); 2.0 times by their medians."
    )
    assert (
        "; 0.50 times by their medians" in finding_of(write, WON, by_medians=(0.5, 0.49, 0.51)).text
    )
    assert (
        "; 2.0 times by their medians" in finding_of(write, LOST, by_medians=(0.5, 0.47, 0.53)).text
    )
    assert "medians" not in finding_of(write, (3.0, 2.9, 3.1), by_medians=(2.8, 2.7, 2.9)).text


@pytest.mark.parametrize("status", ["mismatch", "skipped", "oom", "crashed", "timeout"])
def test_an_absent_cell_states_the_reason(write, status):
    data = small_file()
    data["cells"][-3] |= {"status": status, "reason": "no {device}"}
    finding = Findings(load(write(data))).speedups[f"speedup/{N16}/torch-cuda"]
    assert (finding.state, finding.interval, finding.has_numbers) == ("absent", None, False)
    assert finding.text == ("matmul at n=16, float32: torch-cuda has no speedup (no {device}).")


def test_a_speedup_on_several_threads_names_them(write):
    finding = finding_of(write, (2.0, 1.9, 2.1), case="matmul/n=16/float32/threads=4")
    assert finding.text.startswith("matmul at n=16, float32, 4 threads: torch-cpu is 2.0 times")


def test_a_size_of_several_numbers_has_spaces(write):
    finding = finding_of(write, WON, size="channels=4,batch=8")
    assert finding.text.startswith("matmul at channels=4, batch=8, float32: ")


def alone(write, cells=(), **info):
    timed = entry(f"{N16}/torch-cpu", 1e-3, ONE, **info)
    timed["extra_info"] |= {"speedup": None, "speedup_typical": None}
    findings = Findings(load(write(content([timed], cells)))).speedups
    return findings[f"speedup/{N16}/torch-cpu"]


def test_without_numpy_there_is_no_speedup_but_a_reason(write):
    finding = alone(write)
    assert finding.state == "absent"
    assert finding.text.endswith("torch-cpu has no speedup (NumPy has no time in this case).")
    late = asked(f"{N16}/numpy", "timeout", "NumPy did not finish in 5 s")
    assert alone(write, [late]).text.endswith("(NumPy did not finish in 5 s).")


def test_numpy_has_no_speedup_over_itself(write):
    findings = Findings(load(write(small_file()))).speedups
    names = ("torch-cpu", "torch-cuda")
    assert set(findings) == {f"speedup/{CASE.format(n)}/{c}" for n in (16, 64, 256) for c in names}


def test_an_implausible_time_has_its_sentence(write):
    data = small_file()
    for cell in data["cells"]:
        if cell["id"] == f"{CASE.format(64)}/torch-cpu":
            cell |= {"status": "implausible", "reason": "it is above the peak"}
    finding = Findings(load(write(data))).speedups[f"speedup/{CASE.format(64)}/torch-cpu"]
    assert (finding.state, finding.interval, finding.numbers) == ("implausible", None, {})
    assert finding.text == (
        "matmul at n=64, float32: the time of torch-cpu cannot be true and is left out: "
        "it is above the peak."
    )


def test_every_number_names_its_cell(write):
    html = str(finding_of(write, (3.0, 2.9, 3.1)).html)
    of = f'data-finding="speedup/{N16}/torch-cpu"'
    numbers = re.findall(
        rf'<data class="faster" value="([^"]+)" {of} data-key="(.*?)" data-cell="([^"]+)">', html
    )
    assert numbers == [
        ("3.0", "ratio", f"{N16}/torch-cpu"),
        ("2.9 to 3.1", "interval", f"{N16}/torch-cpu"),
    ]


def test_words_from_a_file_are_escaped(write):
    finding = finding_of(write, (3.0, 2.9, 3.1), workload="<b>bold</b>")
    assert "&lt;b&gt;bold" in finding.html
    assert "<b>" not in finding.html


def test_a_failed_cell_is_absent():
    won = interval(3.0, 2.9, 3.1)
    assert timed_row(status="mismatch", speedup=won).state == "absent"
    assert timed_row(status="ok", speedup=won).state == "faster"
    assert timed_row(status="ok").state == "absent"


# Causes. A pair is NumPy's cell and PyTorch's; the same file has calls of 1 µs.

PEAK = {"flop_s": {"float32": 4e9}, "copy_bytes_s": 2e7, "read_bytes_s": 1e7, "cache_bytes": 1000}
CALLS = [entry(f"{CASE.format(1)}/{name}", 1e-6, ONE) for name in ("numpy", "torch-cpu")]
LIBRARIES = {"numpy": [{"internal_api": "openblas"}], "torch": {"library": "mkl"}}


def pair(speedup, numpy_s=1e-3, case=N16, contender="torch-cpu", **info):
    info = {"precision": "float32", "flops": 0.0, "bytes": 1.0, "family": "other"} | info
    own = {key: info.pop(key) for key in ("device",) if key in info}
    return [
        entry(f"{case}/numpy", numpy_s, ONE, **info),
        entry(f"{case}/{contender}", numpy_s / speedup[0], speedup, **info, **own),
    ]


def cause(write, benchmarks, calls=CALLS, **machine):
    data = content([*calls, *benchmarks])
    data["machine_info"] |= machine
    cell = benchmarks[1]["extra_info"]["cell"]
    return Findings(load(write(data))).speedups[f"speedup/{cell}"].cause


def test_a_time_of_a_few_calls_is_explained_by_the_cost_of_calls(write):
    calls = "; at this size a call costs more than the work"
    assert cause(write, pair((1.0, 0.95, 1.02), numpy_s=1.9e-6)) == calls
    assert cause(write, pair((0.9, 0.8, 0.95), numpy_s=1.7e-6)) == calls
    part = "; at this size the cost of a call is a large part of the time"
    assert cause(write, pair((0.9, 0.8, 0.95), numpy_s=1.9e-6)) == part  # 2.1 calls of PyTorch
    assert cause(write, pair((1.2, 1.1, 1.3), numpy_s=2.1e-6)) == part  # 2.1 calls of NumPy
    assert cause(write, pair((0.9, 0.8, 0.95), numpy_s=4.6e-6)) == ""  # 5.1 calls of PyTorch
    large = pair((1.1, 1.06, 1.2), numpy_s=1.1e-3)
    assert cause(write, large, calls=()) == ""  # alone in its file: what a call costs is not known
    on_gpu = pair((1.1, 1.06, 1.2), numpy_s=1.5e-6, contender="torch-cuda", device="cuda")
    assert cause(write, on_gpu) == calls  # its only time is its least


def test_an_unsettled_or_unpaired_speedup_has_no_cause(write):
    unsettled = pair((1.2, 0.9, 1.6), family="matmul")
    assert cause(write, unsettled, blas=LIBRARIES) == ""
    data = content(pair(WON, family="matmul")[1:])
    data["machine_info"]["blas"] = LIBRARIES
    (finding,) = Findings(load(write(data))).speedups.values()
    assert (finding.state, finding.cause) == ("faster", "")  # NumPy's own row is not in the file


def test_work_that_is_one_call_of_blas_names_the_libraries(write):
    product = pair(WON, family="matmul")
    assert cause(write, product, blas=LIBRARIES) == "; the work is done by OpenBLAS and MKL"
    other = {"numpy": [{"internal_api": "<b>"}], "torch": {"library": "Accelerate"}}
    clause = "; the work is done by another BLAS and Accelerate"
    assert cause(write, product, blas=other) == clause
    assert cause(write, product) == ""
    assert cause(write, product, blas={"numpy": LIBRARIES["numpy"]}) == ""
    assert cause(write, product, blas={"torch": LIBRARIES["torch"]}) == ""
    batched = pair(WON, case="matmul_batched/n=16/float32/threads=1", family="matmul")
    assert cause(write, batched, blas=LIBRARIES) == ""
    half = pair(WON, family="matmul", contender="torch-cpu-bf16")
    assert cause(write, half, blas=LIBRARIES) == ""
    on_gpu = pair(WON, family="matmul", contender="torch-cuda", device="cuda")
    on_gpu += pair(WON, numpy_s=1e-7, case=CASE.format(2), contender="torch-cuda", device="cuda")
    assert cause(write, on_gpu, blas=LIBRARIES) == ""


def shared(numpy_gain, torch_gain, alone=1.0):
    two = "matmul/n=16/float32/threads=2"
    one = pair((alone, alone * 0.99, alone * 1.01), numpy_s=1e-3)
    ratio = alone * torch_gain / numpy_gain
    many = pair((ratio, ratio * 0.99, ratio * 1.01), numpy_s=1e-3 / numpy_gain, case=two)
    return [*many, *one]


@pytest.mark.parametrize(
    ("gains", "clause"),
    [
        ((1.0, 1.9), "; PyTorch shares this work among the cores and NumPy does not"),
        ((1.9, 1.0), "; NumPy shares this work among the cores and PyTorch does not"),
        ((1.2, 1.4), "; PyTorch shares this work among the cores and NumPy does not"),
        ((1.0, 1.2), ""),
        ((1.4, 1.9), ""),
        ((1.9, 1.4), ""),
        ((1.2, 1.0), ""),
        ((0.5, 0.8), ""),
    ],
)
def test_the_side_that_uses_all_cores_is_known_from_cells_of_one_core(write, gains, clause):
    assert cause(write, shared(*gains)) == clause
    numpy, torch, *one = shared(*gains)
    for part in ([], one[:1], one[1:]):  # of one core, both or either is missing
        assert cause(write, [numpy, torch, *part]) == ""


@pytest.mark.parametrize(
    ("alone", "clause"),
    [
        (1.3, "; PyTorch shares this work among the cores and NumPy does not"),
        (
            3.5,
            "; part of it is that PyTorch shares this work among the cores and NumPy does not",
        ),
        (0.2, ""),
        (1 / 1.9, ""),
    ],
    ids=["most of it", "part of it", "NumPy is faster all the same", "a tie"],
)
def test_cores_explain_no_more_of_a_speedup_than_they_give(write, alone, clause):
    assert cause(write, shared(1.0, 1.9, alone)) == clause


@pytest.mark.parametrize("of", ["arithmetic", "memory"])
def test_a_tie_of_two_times_near_the_roof_is_explained_by_it(write, of):
    near = {"flops": 2.4e6} if of == "arithmetic" else {"bytes": 1.2e4}  # 0.6 of the peak in 1 ms
    limit = "the processor's arithmetic" if of == "arithmetic" else "memory"
    peaks = {"cpu/threads=1": PEAK}
    clause = f"; both are near what {limit} gives"
    assert cause(write, pair(ONE, **near), peaks=peaks) == clause
    assert cause(write, pair(ONE, **near)) == ""
    assert cause(write, pair(ONE, numpy_s=1.3e-3, **near), peaks=peaks) == ""  # 0.46 of it
    one = pair((1.04, 1.03, 1.05), numpy_s=1.22e-3, **near)  # 0.49 and 0.51 of it
    assert "both" not in cause(write, one, peaks=peaks)
    assert cause(write, pair((1.1, 1.06, 1.2), **near), peaks=peaks) == ""  # a winner


@pytest.mark.parametrize(
    ("speedup", "clause"),
    [
        ((2.0, 1.9, 2.1), "; PyTorch is near what memory gives, NumPy is not"),
        ((0.5, 0.4, 0.6), "; NumPy is near what memory gives, PyTorch is not"),
        ((4.0, 3.9, 4.1), ""),
    ],
)
def test_a_winner_near_the_peak_of_memory_is_explained_by_it(write, speedup, clause):
    peaks = {"cpu/threads=1": PEAK}
    numpy_s = {2.0: 1.6e-3, 0.5: 0.8e-3, 4.0: 0.9e-3}[speedup[0]]  # at 0.5 ms 1e4 bytes is the peak
    bound = {"bytes": 1e4, "flops": 1.0}
    assert cause(write, pair(speedup, numpy_s, **bound), peaks=peaks) == clause
    assert cause(write, pair(speedup, numpy_s, **bound)) == ""
    many = bound | {"flops": 2.4e6}  # 240 operations a byte, of 200 at the ridge
    assert cause(write, pair(speedup, numpy_s, **many), peaks=peaks) == ""


@pytest.mark.parametrize("cell", ["a/b/c/threads=3/torch-cpu", "<a>/{b}/%s/threads=1/torch-cpu"])
def test_a_cell_that_was_not_timed_may_have_any_workload_name(write, cell):
    data = content([], [asked(cell, "skipped", "none")])
    (finding,) = Findings(load(write(data))).speedups.values()
    assert finding.state == "absent"
    assert finding.text.endswith("torch-cpu has no speedup (none).")
