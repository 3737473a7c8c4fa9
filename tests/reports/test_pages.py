"""Pages are whole, offline, the same every time, and hold no number that their file does not."""

import re
from html.parser import HTMLParser

import pytest

from bench.contenders import contenders
from bench.workload import discover
from reports import chapters, charts
from reports.__main__ import build, main
from reports.load import load
from reports.pages import sources
from tests.conftest import CASE, ONE, content, entry, small_file


class Reader(HTMLParser):
    """Collects tags and attributes, and complains of tags that do not close."""

    VOID = frozenset({"meta", "br", "hr", "img", "input", "link"})

    def __init__(self):
        super().__init__()
        self.open, self.attributes, self.ids = [], [], []

    def handle_starttag(self, tag, attrs):
        self.attributes += [(tag, *pair) for pair in attrs]
        self.ids += [value for key, value in attrs if key == "id"]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.attributes += [(tag, *pair) for pair in attrs]
        self.ids += [value for key, value in attrs if key == "id"]

    def handle_endtag(self, tag):
        if tag in ("p", "li"):
            while self.open[-1] != tag:
                self.open.pop()
        assert self.open.pop() == tag


@pytest.fixture
def site(write, tmp_path):
    data = small_file()
    case = "matvec/n=8/float32/threads=1"
    data["benchmarks"] += [entry(f"{case}/numpy", 1e-3, ONE), entry(f"{case}/torch-cpu", 1e-3, ONE)]
    data["cells"] += [{"id": f"{case}/{who}", "status": "ok"} for who in ("numpy", "torch-cpu")]
    return build([write(data)], tmp_path / "site")


def test_a_page_loads_nothing_from_anywhere(site):
    pages = list(site.parent.rglob("*.html"))
    assert len(pages) >= 2
    for page in pages:
        reader = Reader()
        reader.feed(page.read_text())
        assert reader.open == []
        assert len(reader.ids) == len(set(reader.ids))
        for tag, key, value in reader.attributes:
            assert tag not in {"script", "link", "img", "iframe"}
            if key in {"src", "href", "xlink:href"} and not value.startswith("#"):
                assert (page.parent / value).exists(), value
        assert "@import" not in page.read_text()


def test_every_number_about_speed_is_the_files(site, write):
    table = load(write(small_file())).table.set_index("cell")
    quotes = re.findall(
        r'<data class="(\w+)" value="([^"]+)" data-cell="([^"]+)">', site.read_text()
    )
    assert quotes
    for state, value, cell in quotes:
        row = table.loc[cell] if cell in table.index else {"ratio": 1.0, "low": 1.0, "high": 1.0}
        held = [row["ratio"], row["low"], row["high"]]
        if state == "loses":
            held = [1 / number for number in held]
        for number in value.split(" to "):
            assert min(abs(float(number) - x) for x in held) < 0.06


def test_pages_are_the_same_bytes_every_time(write, tmp_path):
    path = write(small_file())
    first = build([path], tmp_path / "a").read_bytes()
    assert first == build([path], tmp_path / "b").read_bytes()


def test_names_from_a_file_cannot_become_markup(write, tmp_path):
    evil = small_file(label="<script>alert(1)</script>")
    evil["cells"][-1]["reason"] = "<img src=x onerror=alert(1)>"
    text = build([write(evil)], tmp_path / "site").read_text()
    assert "<script" not in text
    assert "<img" not in text
    assert "&lt;script&gt;" in text


def test_a_broken_file_is_told_on_the_page_beside_the_good_one(write, tmp_path, capsys):
    files = [write(small_file(), "good.json"), write("{", "bad.json")]
    text = build(files, tmp_path / "site").read_text()
    assert "bad.json: not readable as JSON" in text
    assert "bad.json" in capsys.readouterr().err


def test_further_machines_get_pages_that_the_first_links(write, tmp_path):
    files = [write(small_file(), "a.json"), write(small_file("other"), "b.json")]
    index = build(files, tmp_path / "site")
    assert 'href="2-other.html"' in index.read_text()
    assert (index.parent / "2-other.html").exists()


def test_a_run_without_numpy_still_makes_a_page(write, tmp_path):
    alone = entry(f"{CASE.format(2)}/torch-cpu", 1.0, ONE)
    alone["extra_info"] |= {"speedup": None, "speedup_best": None}
    text = build([write(content([alone]))], tmp_path / "site").read_text()
    assert "NumPy has no time in this case" in text


def test_a_run_without_any_time_still_makes_a_page(write, tmp_path):
    cells = [{"id": f"{CASE.format(2)}/numpy", "status": "crashed", "reason": "boom"}]
    text = build([write(content([], cells))], tmp_path / "site").read_text()
    assert "No speedup was measured" in text
    assert "boom" in text


def test_nothing_readable_is_an_error_that_says_what_to_do(write, tmp_path, capsys):
    assert main(["build", str(write("{")), "--out", str(tmp_path / "site")]) == 1
    assert "pytest bench/ --benchmark-only" in capsys.readouterr().err


def test_a_chart_says_in_words_what_it_draws(write):
    table = load(write(small_file())).table
    text = charts.describe(table[table["typical_s"].notna()])
    assert "numpy: 16.0 µs at n=16, 256 µs at n=256." in text
    assert "torch-cpu: 32.0 µs at n=16" in text


def test_a_charts_title_counts_by_the_intervals(write):
    table = load(write(small_file())).table
    timed = table[table["typical_s"].notna()]
    assert charts.claim(timed.assign(variant="rows")).startswith("rows: faster at 1, slower")
    title = charts.claim(timed)
    assert title == "torch-cpu: faster at 1, slower at 1, tied at 1 of 3"


def test_a_chart_marks_each_speedup(site):
    svg = site.read_text()
    assert all(f"{ratio}×" in svg for ratio in ("0.50", "3.0", "1.01"))


def test_code_that_changed_since_it_was_timed_is_not_shown(write):
    table = load(write(small_file())).table
    assert "has changed" in sources(table)


def test_code_outside_the_project_is_never_shown(write):
    data = content([entry(f"{CASE.format(2)}/numpy", 1.0, ONE, sources=["../../etc/passwd"])])
    assert "not here" in sources(load(write(data)).table)
    with pytest.raises(chapters.ChapterError, match="a file of this project"):
        chapters.read_source("../../etc/passwd")


def test_a_chart_becomes_a_file_that_needs_no_page(write, tmp_path, capsys):
    file, out = write(small_file()), tmp_path / "chart.svg"
    assert main(["chart", "matmul", str(file), "--out", str(out)]) == 0
    text = out.read_text()
    assert "var(--" not in text
    assert "currentColor" not in text
    assert text.startswith("<svg")
    assert main(["chart", "sort", str(file), "--out", str(out)]) == 1
    assert "must hold times of 'sort'; it holds matmul" in capsys.readouterr().err


def test_the_blocks_of_a_cell_are_drawn_beside_numpys(write, tmp_path, capsys):
    file, out = write(small_file()), tmp_path / "samples.svg"
    cell = f"{CASE.format(64)}/torch-cpu"
    assert main(["samples", cell, str(file), "--out", str(out)]) == 0
    text = out.read_text()
    assert "6 blocks over 3 visits, 2 disturbed" in text
    assert "torch-cpu is 3.0 times as fast as NumPy" in text
    assert ">numpy<" in text
    assert ">torch-cpu<" in text
    assert "worker 3" in text
    assert text.count('d="M -3 3 \nL 3 -3') == 2  # a cross for either side
    assert main(["samples", f"{CASE.format(64)}/torch", str(file), "--out", str(out)]) == 1
    assert "near it are" in capsys.readouterr().err
    assert main(["samples", f"{CASE.format(64)}/numpy", str(file), "--out", str(out)]) == 0


def test_each_thread_setting_has_a_chart_of_its_own(write, tmp_path):
    data = small_file()
    for n in (16, 64):
        case = f"matmul/n={n}/float32/threads=4"
        data["benchmarks"] += [
            entry(f"{case}/numpy", 1e-3, ONE), entry(f"{case}/torch-cpu", 1e-3, (2.0, 1.9, 2.1)),
        ]  # fmt: skip
        data["cells"] += [{"id": f"{case}/{who}", "status": "ok"} for who in ("numpy", "torch-cpu")]
    text = build([write(data)], tmp_path / "site").read_text()
    assert text.count("<figure>") == 2
    assert "One core against one core." in text
    assert "4 cores against 4 cores." in text


def test_peak_memory_is_in_the_table(site):
    assert "4.00 KiB" in site.read_text()


LEDGER = {
    "host_to_device_s": 1e-3, "launch_s": 0.0, "kernel_s": 2e-3, "device_to_host_s": 3e-3,
    "wall_s": 6.5e-3,
}  # fmt: skip


def test_what_a_devices_clock_says_is_a_table_of_its_own(write, tmp_path, site):
    data = small_file()
    case = CASE.format(16)
    timed = entry(f"{case}/torch-cuda", 7e-6, (2.0, 1.9, 2.1), device="cuda")
    timed["extra_info"] |= {"latency_s": 8.25e-6, "device_time_s": 6.5e-6, "cold_s": 2e-3}
    timed["extra_info"]["ledger"] = LEDGER
    data["benchmarks"].append(timed)
    data["cells"] = [cell for cell in data["cells"] if cell["id"] != f"{case}/torch-cuda"]
    data["cells"].append({"id": f"{case}/torch-cuda", "status": "ok"})
    text = build([write(data)], tmp_path / "cuda").read_text()
    table = text[text.index("On the device") :]
    table = table[: table.index("</table>")]
    shown = re.findall(r"<td>([^<]*)</td>", table)
    assert shown == [
        "n=16", "float32", "torch-cuda", "7.00 µs", "6.50 µs", "8.25 µs", "2.00 ms", "1.00 ms", "",
        "2.00 ms", "3.00 ms", "6.50 ms",
    ]  # fmt: skip
    assert "On the device" not in site.read_text()


def test_peaks_promises_and_what_chose_the_kernels_are_among_the_facts(write, tmp_path):
    data = small_file()
    promise = {"flop_s": {"tf32": 494.7e12}, "bytes_s": 4.8e12, "source": "NVIDIA <datasheet>"}
    data["machine_info"] |= {
        "cpu": {"model": "C", "usable_cores": 2},
        "gpus": [{"name": "G", "promise": promise}],
        "blas": {"numpy": [{"internal_api": "openblas", "architecture": "SkylakeX"}]},
        "settings": {"environment": {"OPENBLAS_CORETYPE": "Haswell"}},
        "peaks": {
            "cpu/threads=1": {
                "flop_s": {"float32": 133e9},
                "copy_bytes_s": 43e9,
                "read_bytes_s": 0,
            },
            "cuda": {"flop_s": {}, "copy_bytes_s": 3e12, "read_bytes_s": 1e12, "launch_s": 4e-6},
        },
    }
    text = build([write(data)], tmp_path / "site").read_text()
    assert "<dt>peak of cpu, one core</dt><dd>float32 133 GFLOP/s, copies 43.0 GB/s" in text
    assert "reads 1.00 TB/s, a launch every 4.00 µs" in text
    assert "tf32 495 TFLOP/s, memory 4.80 TB/s (NVIDIA &lt;datasheet&gt;)" in text
    assert "with kernels for SkylakeX" in text
    assert "<code>OPENBLAS_CORETYPE=Haswell</code>" in text


def test_an_impossible_time_is_struck_out_with_its_reason(write, tmp_path):
    data = small_file()
    for cell in data["cells"]:
        if cell["id"] == f"{CASE.format(64)}/torch-cpu":
            cell |= {"status": "implausible", "reason": "above <the> peak"}
    text = build([write(data)], tmp_path / "site").read_text()
    assert '<tr class="implausible" title="above &lt;the&gt; peak">' in text
    assert "1 time cannot be true and is struck out" in text
    assert "impossible at 1" in text
    assert "3.0×" not in text  # its speedup is not written beside its point


@pytest.mark.parametrize("device", ["cpu", "cuda"])
@pytest.mark.parametrize("workload", discover().values(), ids=lambda w: w.name)
def test_contenders_of_one_workload_have_colours_of_their_own(workload, device):
    everyone = [who.name for who in contenders(workload, (device,))]
    assert len({charts.colour(name) for name in everyone}) == len(everyone)
    assert charts.colour("torch-cuda1") == charts.colour("torch-mps") == charts.colour("torch-cuda")


def test_a_way_on_an_accelerator_is_dashed():
    strokes = [charts.stroke(name) for name in ("numpy", "torch-cpu-bf16", "torch-cuda-bf16")]
    assert strokes == ["-", "-", "--"]


def test_many_panels_stand_in_rows(write):
    modes = ("forward", "tape", "inference", "backward")
    timed = [
        entry(f"matmul/n={n}/float32/threads=1/numpy", 1e-3, ONE, variant=mode)
        for n, mode in enumerate(modes, 2)
    ]
    svg = charts.time_against_size(load(write(content(timed))).table)
    width, height = map(float, re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', svg).groups())
    assert width < 1.2 * height


def test_what_autograd_keeps_is_a_column_where_it_is_told(write, tmp_path, site):
    timed = entry(f"{CASE.format(2)}/torch-cpu", 1e-3, ONE, quality={"saved_bytes": 20480.0})
    text = build([write(content([timed]))], tmp_path / "kept").read_text()
    assert "<th>kept for backward</th>" in text
    assert "20.0 KiB" in text
    assert "kept for backward" not in site.read_text()
