"""Pages are complete and reproducible, work offline, and show only numbers of their file."""

import json
import re
from dataclasses import replace
from functools import partial
from html.parser import HTMLParser

import pytest

from bench.cases.contenders import contenders
from bench.workload import discover
from reports.__main__ import main
from reports.chapters.outputs import outputs
from reports.chapters.reading import find, read
from reports.charts import drawing, sizes
from reports.pages.build import build
from reports.pages.writing import write_folder, write_single
from reports.read.load import load
from tests.conftest import CASE, ONE, asked, content, entry, small_file
from tests.rows import timed_row

pytestmark = pytest.mark.usefixtures("few_chapters")


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


@pytest.fixture(scope="session")
def no_machines(tmp_path_factory):
    return tmp_path_factory.mktemp("machines")


@pytest.fixture
def pages_of(write, tmp_path, no_machines):
    """Return a function from result files to the texts of a site's pages, by path."""

    def make(*datas, machines=no_machines, complaints=(), pictures=False, single=False):
        results = [load(write(data, f"{n}.json"), blocks=True) for n, data in enumerate(datas)]
        site = build(results, complaints, machines=machines, pictures=pictures)
        if single:
            return write_single(site, tmp_path / "one.html").read_text()
        folder = tmp_path / "site"
        write_folder(site, folder)
        return texts_in(folder)

    return make


def two_workloads():
    data = small_file()
    case = "matvec/n=8/float32/threads=1"
    data["benchmarks"] += [entry(f"{case}/numpy", 1e-3, ONE), entry(f"{case}/torch-cpu", 1e-3, ONE)]
    data["cells"] += [asked(f"{case}/{contender}", "ok") for contender in ("numpy", "torch-cpu")]
    return data


FAMILY = "family-matmul.html"


def plain(html):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", html))


@pytest.fixture(scope="module")
def whole(tmp_path_factory, all_chapters):
    """Return a function that builds a site with all chapters and a GPU reference, and one site."""
    given = tmp_path_factory.mktemp("given")
    (given / "references").mkdir()
    (given / "references" / "gpu.json").write_text(json.dumps(with_gpu()))
    (given / "own.json").write_text(json.dumps(two_workloads()))

    def built():
        folder = tmp_path_factory.mktemp("whole")
        with all_chapters():
            own = load(given / "own.json", blocks=True)
            site = build([own], machines=given / "references")
        write_folder(site, folder / "site")
        write_single(site, folder / "one.html")
        return folder

    return built, built()


def texts_in(folder):
    """Return the texts of the pages in a folder by their path."""
    paths = sorted(folder.rglob("*.html"))
    return {path.relative_to(folder).as_posix(): path.read_text() for path in paths}


def test_a_site_has_an_index_families_a_roofline_a_machine_page_and_chapters(whole):
    assert list(texts_in(whole[1] / "site")) == [
        FAMILY,
        "index.html",
        "machine.html",
        "roofline.html",
        *(chapter.page for chapter in find()),
        "tutorial/index.html",
    ]


def test_every_page_is_well_formed_and_has_each_id_once(whole):
    for text in texts_in(whole[1] / "site").values():
        reader = Reader()
        reader.feed(text)
        assert reader.open == []
        assert len(reader.ids) == len(set(reader.ids))


def test_the_first_screen_answers_three_questions_with_numbers_charts_and_trust(pages_of):
    page = pages_of(two_workloads())["index.html"]
    first = page[: page.index("</section>\n</div>")]
    text = plain(first)
    asked = [
        "NumPy or PyTorch on this CPU?",
        "What does a GPU change?",
        "What does autograd save?",
    ]
    places = [text.index(question) for question in asked]
    assert places == sorted(places)
    assert "of 2 computations, each at its largest size" in text
    assert "This run timed no GPU, and no reference machine" in text
    assert "This run timed no gradients." in text
    assert first.count("<svg") == 1
    assert "2026-01-02 03:04" in text
    assert "are known to ±" in text


def test_pages_are_the_same_bytes_every_time(whole):
    build_again, folder = whole
    assert texts_in(build_again()) == texts_in(folder)


def test_drawing_on_all_cores_gives_the_same_bytes(pages_of, monkeypatch):
    alone = pages_of(small_file())
    monkeypatch.setattr("reports.charts.plans.FEW", 0)
    modules = {
        name: module for name, module in __import__("sys").modules.items() if name != "torch"
    }
    monkeypatch.setattr("reports.charts.plans.sys.modules", modules)
    assert pages_of(small_file()) == alone


def test_names_from_a_file_cannot_become_markup(pages_of):
    evil = small_file(label="<script>alert(1)</script>")
    evil["cells"][-1]["reason"] = "<img src=x onerror=alert(1)>"
    for entry_ in evil["benchmarks"]:
        entry_["extra_info"] |= {"family": '"><img src=x>', "curve": "<i>$x$</i>"}
    evil["machine_info"]["settings"] = {"environment": {"A": "<script>"}}
    evil["machine_info"]["versions"] = {"numpy": "<script>", "torch": "${7*7}{{7*7}}"}
    for text in pages_of(evil, small_file("<b>")).values():
        assert "<script>alert" not in text
        assert "<img" not in text
        assert "<i>$" not in text
        assert text.count("<script>") == 1  # the page's own
    assert "&lt;script&gt;" in text


@pytest.mark.parametrize("label", ["../../../etc/passwd", "a/b", "..", "C:\\x", "x" * 400, "é"])
def test_a_label_names_no_path(pages_of, tmp_path, label):
    pages_of(small_file(label), small_file(label) | {"datetime": "2026-01-02"})
    written = [path for path in tmp_path.rglob("*") if path.is_file()]
    inside = (tmp_path / "site").resolve()
    assert all(inside in path.resolve().parents for path in written if path.suffix == ".html")
    assert all(re.fullmatch(r"[\w.-]+", path.name) for path in written)


def test_a_broken_file_is_reported_on_the_page_of_the_good_one(write, tmp_path, capsys):
    files = [write(small_file(), "good.json"), write("{", "bad.json")]
    out = tmp_path / "site"
    assert main(["build", *map(str, files), "--out", str(out)]) == 1
    assert "bad.json: not readable as JSON" in (out / "index.html").read_text()
    assert "bad.json" in capsys.readouterr().err


def test_further_machines_get_their_own_pages_and_a_comparison(pages_of):
    pages = pages_of(small_file(), small_file("other"))
    assert 'href="machines/2-other/index.html"' in pages["index.html"]
    assert 'href="../../index.html"' in pages["machines/2-other/index.html"]
    assert "machines/2-other/family-matmul.html" in pages
    assert "compare.html" in pages


def test_a_run_without_numpy_still_makes_a_page(pages_of):
    alone = entry(f"{CASE.format(2)}/torch-cpu", 1.0, ONE)
    alone["extra_info"] |= {"speedup": None, "speedup_typical": None}
    pages = pages_of(content([alone]))
    assert "NumPy has no time in this case" in pages[FAMILY]
    assert "No speedup was measured" in pages["index.html"]


def test_a_run_without_any_time_still_makes_a_page(pages_of):
    cells = [asked(f"{CASE.format(2)}/numpy", "crashed", "boom")]
    text = pages_of(content([], cells))["index.html"]
    assert "No speedup was measured" in text
    assert "boom" in text


def test_any_pytest_benchmark_file_makes_pages(pages_of):
    stats = {"min": 0.1, "median": 0.2, "iqr": 0.01, "rounds": 5}
    one = {"group": None, "name": "test_a", "fullname": "t.py::test_a", "stats": stats}
    foreign = {"datetime": "2020-01-01", "machine_info": {"node": "x"}, "benchmarks": [one]}
    assert 'title="t.py::test_a"' in pages_of(foreign)["index.html"]
    assert "t.py::test_a" in pages_of(foreign, foreign | {"datetime": "2021"})["compare.html"]


def test_a_build_without_a_readable_file_is_an_error_that_says_what_to_do(write, tmp_path, capsys):
    assert main(["build", str(write("{")), "--out", str(tmp_path / "site")]) == 1
    assert "pytest bench/ --benchmark-only" in capsys.readouterr().err


GPU = {"name": "H <1>", "driver": "570.1", "promise": None}


def with_gpu(label="gpu box"):
    """A file in which CUDA wins at 64 and loses at 16."""
    timed = []
    for n, speedup in {16: (0.25, 0.24, 0.26), 64: (50.0, 49.0, 51.0)}.items():
        case = f"matmul/n={n}/float32/threads=16"
        timed += [
            entry(f"{case}/numpy", 1e-3, ONE, family="matmul"),
            entry(f"{case}/torch-cuda", 1e-3 / speedup[0], speedup, device="cuda"),
        ]
    data = content(timed, label=label)
    data["machine_info"]["gpus"] = [GPU]
    return data


def test_without_a_gpu_the_numbers_of_a_reference_machine_are_shown_and_marked(whole):
    pages = texts_in(whole[1] / "site")
    chapter = pages[next(each.page for each in find() if each.name == "matmul")]
    for page in (pages["index.html"], pages[FAMILY], chapter):
        numbers = re.findall(r"<data [^>]*>.*?</data>", page)
        theirs = [number for number in numbers if "data-file" in number]
        assert all("<sup>†</sup>" in number for number in theirs)
        assert all("measured on gpu box, not on this machine" in number for number in theirs)
        assert not any("†" in number for number in numbers if "data-file" not in number)
    index = plain(pages["index.html"])
    assert "torch-cuda is 50† times as fast as NumPy" in index
    assert "H &lt;1&gt; (driver 570.1), 2026-01-02, commit abc." in index
    assert "NumPy is faster than torch-cuda at n = 16†; torch-cuda is faster at 64†" in plain(
        pages[FAMILY]
    )
    assert main(["check", str(whole[1] / "site")]) == 0


def test_a_single_page_holds_the_references_file_too(pages_of, tmp_path):
    machines = tmp_path / "references"
    machines.mkdir()
    (machines / "gpu.json").write_text(json.dumps(with_gpu()))
    assert "†" in pages_of(small_file(), machines=machines, single=True)
    assert main(["check", str(tmp_path / "one.html")]) == 0


def test_a_machine_with_a_gpu_needs_no_reference(pages_of, tmp_path):
    machines = tmp_path / "references"
    machines.mkdir()
    (machines / "gpu.json").write_text(json.dumps(with_gpu()))
    pages = pages_of(with_gpu("mine"), machines=machines).values()
    assert not any("<sup>†</sup>" in page for page in pages)


def test_without_a_reference_machine_the_page_says_so(pages_of):
    text = plain(pages_of(small_file())["index.html"])
    assert "no reference machine with a GPU has been measured" in text


def test_both_bodies_of_a_workload_are_side_by_side(pages_of):
    matmul = discover()["matmul"]
    data = small_file()
    for each in data["benchmarks"]:
        each["extra_info"]["source_sha256"] = matmul.source_sha256
    pair = pages_of(data)[FAMILY].partition('<div class="pair">')[2].partition("</section>")[0]
    assert plain(pair).index("def matmul_numpy(a, b): return a @ b") < plain(pair).index(
        "def matmul_torch(a, b): return a @ b"
    )


def test_code_that_changed_since_it_was_timed_is_not_shown(pages_of):
    text = pages_of(small_file())[FAMILY]
    assert "The code has changed since it was timed" in text
    assert "def matmul_numpy" not in text


def test_code_outside_the_project_is_never_shown(pages_of):
    for name in ("../../etc/passwd", "/etc/passwd", ".git/config", "pyproject.toml"):
        data = content([entry(f"{CASE.format(2)}/numpy", 1.0, ONE, sources=[name])])
        assert "The code that was timed is not here" in pages_of(data)[FAMILY]


def unfolded(page):
    """Return what a page shows before any part is opened."""
    return re.sub(r"<details>.*?</details>", "", page.partition("<main>")[2], flags=re.DOTALL)


def test_a_family_opens_with_a_chart_and_one_sentence_and_folds_all_else(pages_of):
    whole_page = pages_of(small_file())[FAMILY]
    page = unfolded(whole_page)
    assert page.count("<figure>") == 1
    assert "Speedup of matmul over NumPy against size" in page
    sentence = "matmul, float32: NumPy is faster than torch-cpu at n = 16; torch-cpu is faster at"
    assert plain(page).count(sentence) == plain(whole_page).count(sentence) == 1
    assert len(re.findall('<data [^>]*data-finding="crossover/', page)) == 4
    assert not re.search("<table|<pre|<li|The code", page)
    assert "<table" in whole_page


def test_without_a_crossover_a_family_opens_with_a_speedup(pages_of):
    data = small_file()
    data["benchmarks"] = [b for b in data["benchmarks"] if "n=64" in b["extra_info"]["cell"]]
    assert "at n=64, float32: torch-cpu is" in plain(unfolded(pages_of(data)[FAMILY]))


def test_a_workload_measured_at_one_size_of_each_curve_opens_with_every_answer(pages_of):
    cells = []
    for f, speedup in {"exp": (2.0, 1.9, 2.1), "tanh": (0.5, 0.45, 0.55)}.items():
        case = f"unary/f={f},n=1000000/float32/threads=1"
        cells.append(entry(f"{case}/numpy", 1e-3, ONE, curve=f))
        cells.append(entry(f"{case}/torch-cpu", 1e-3 / speedup[0], speedup, curve=f))
    page = unfolded(pages_of(content(cells))[FAMILY])
    assert page.count("<figure>") == page.count("<svg") == 1
    assert "at f=exp, n=1000000, float32: torch-cpu is 2.0 times" in plain(page)
    assert "at f=tanh, n=1000000, float32: NumPy is 2.0 times" in plain(page)


def test_a_family_opens_with_the_cpu_and_then_an_accelerator(pages_of):
    data = with_gpu()
    for n, speedup in {16: (0.5, 0.49, 0.51), 64: (2.0, 1.9, 2.1)}.items():
        cell = f"matmul/n={n}/float32/threads=16/torch-cpu"
        data["benchmarks"].append(entry(cell, 1e-3 / speedup[0], speedup))
        data["cells"] = [each for each in data["cells"] if each["id"] != cell]
        data["cells"].append(asked(cell, "ok"))
    page = plain(unfolded(pages_of(data)[FAMILY]))
    cpu, gpu = (
        page.index(f"16 threads: NumPy is faster than {name} at n = 16; {name} is faster at 64")
        for name in ("torch-cpu", "torch-cuda")
    )
    assert cpu < gpu


def test_the_first_page_says_where_the_lead_changes_and_which_way(pages_of):
    data = small_file()
    for benchmark in data["benchmarks"]:
        info = benchmark["extra_info"]
        if info["cell"] == f"{CASE.format(256)}/torch-cpu":
            info["speedup"] |= {"ratio": 0.4, "low": 0.39, "high": 0.41}
    index = pages_of(data)["index.html"]
    assert "<h2>Where the lead changes</h2>" in index
    assert "<h3>More than once</h3>" in index
    assert "torch-cpu is faster at 64; NumPy is faster at 256" in plain(index)
    assert "<h3>From NumPy to PyTorch</h3>" in pages_of(small_file())["index.html"]
    assert "<h3>More than once</h3>" not in pages_of(small_file())["index.html"]


def test_every_page_leads_to_the_words(whole):
    glossary = next(each.page for each in find() if each.name == "glossary")
    for path, text in texts_in(whole[1] / "site").items():
        menu = text.partition("<nav")[2].partition("</nav>")[0]
        assert re.search(rf'href="[^"]*{glossary.rpartition("/")[2]}"[^>]*>Words</a>', menu), path


def test_a_missing_device_is_said_once_on_a_page(pages_of):
    data = small_file()
    case = CASE.format(16)
    names = ("torch-cuda", "torch-cuda-bf16")
    cells = {cell["id"] for cell in data["cells"]} | {f"{case}/{name}" for name in names}
    kept = [cell for cell in data["cells"] if "cuda" not in cell["id"]]
    missing = [asked(cell, "skipped", "no such device") for cell in cells if "cuda" in cell]
    data["cells"] = kept + missing
    page = plain(pages_of(data)[FAMILY])
    assert page.count("no such device") == 1
    assert page.count("torch-cuda-bf16") == 1


def test_each_thread_setting_has_a_chart_of_its_own(pages_of):
    data = small_file()
    for n in (16, 64):
        case = f"matmul/n={n}/float32/threads=4"
        data["benchmarks"] += [
            entry(f"{case}/numpy", 1e-3, ONE),
            entry(f"{case}/torch-cpu", 1e-3, (2.0, 1.9, 2.1)),
        ]
        data["cells"] += [
            asked(f"{case}/{contender}", "ok") for contender in ("numpy", "torch-cpu")
        ]
    text = pages_of(data)[FAMILY]
    assert "CPU contenders on 1 core, float32." in text
    assert "CPU contenders on 4 cores, float32." in text


LEDGER = {
    "host_to_device_s": 1e-3,
    "launch_s": 0.0,
    "kernel_s": 2e-3,
    "device_to_host_s": 3e-3,
    "wall_s": 6.5e-3,
}


def test_device_times_have_their_own_table(pages_of):
    data = small_file()
    case = CASE.format(16)
    timed = entry(f"{case}/torch-cuda", 7e-6, (2.0, 1.9, 2.1), device="cuda")
    timed["extra_info"] |= {"latency_s": 8.25e-6, "device_time_s": 6.5e-6, "cold_s": 2e-3}
    timed["extra_info"]["ledger"] = LEDGER
    data["benchmarks"].append(timed)
    data["cells"] = [cell for cell in data["cells"] if cell["id"] != f"{case}/torch-cuda"]
    data["cells"].append(asked(f"{case}/torch-cuda", "ok"))
    text = pages_of(data)[FAMILY]
    table = text[text.index("On the device") :]
    table = table[: table.index("</table>")]
    assert re.findall(r"<td[^>]*>([^<]*)</td>", table) == [
        "n=16",
        "float32",
        "torch-cuda",
        "7.00 µs",
        "6.50 µs",
        "8.25 µs",
        "2.00 ms",
        "1.00 ms",
        "",
        "2.00 ms",
        "3.00 ms",
        "6.50 ms",
    ]
    assert "On the device" not in pages_of(small_file())[FAMILY]


def test_an_impossible_time_is_struck_out_with_its_reason(pages_of):
    data = small_file()
    for cell in data["cells"]:
        if cell["id"] == f"{CASE.format(64)}/torch-cpu":
            cell |= {"status": "implausible", "reason": "above <the> peak"}
    pages = pages_of(data)
    assert 'class="implausible" title="above &lt;the&gt; peak"' in pages[FAMILY]
    assert "1 more cannot be true and are left out" in plain(pages["machine.html"])
    assert "3.0×" not in pages[FAMILY]  # its speedup is not written beside its point


def test_memory_kept_for_backward_is_a_column_if_it_was_measured(pages_of):
    timed = entry(f"{CASE.format(2)}/torch-cpu", 1e-3, ONE, quality={"saved_bytes": 20480.0})
    text = pages_of(content([timed]))[FAMILY]
    assert "<th>kept for backward</th>" in text
    assert "20.0 KiB" in text
    assert "kept for backward" not in pages_of(small_file())[FAMILY]


def test_rows_have_the_values_that_they_are_sorted_and_filtered_by(pages_of):
    text = pages_of(small_file())[FAMILY]
    row = re.search(r'<tr data-cell="[^"]*n=64[^"]*torch-cpu"[^>]*>', text)[0]
    for wanted in ('data-size="n=64"', 'data-dtype="float32"', 'data-contender="torch-cpu"'):
        assert wanted in row
    assert '<td data-field="time" data-sort="2.133' in text


def test_a_single_file_holds_all_pages_and_the_data(whole):
    text = (whole[1] / "one.html").read_text()
    for anchor in (
        "index",
        "family-matmul",
        "roofline",
        "machine",
        "tutorial-1-basics-01-what-is-pytorch",
    ):
        assert f'<article class="part" id="{anchor}">' in text
        assert f'href="#{anchor}"' in text
    reader = Reader()
    reader.feed(text)
    assert reader.open == []
    assert len(reader.ids) == len(set(reader.ids))
    links = [value for tag, key, value in reader.attributes if (tag, key) == ("a", "href")]
    assert all(link.startswith(("#", "data:", "https://")) for link in links)
    elsewhere = {link for link in links if link.startswith("https://")}
    named = "".join(cell.source for chapter in find() for cell in chapter.cells if not cell.key)
    assert all(link in named for link in elsewhere), "only chapters link to other sites"
    assert {link.partition(";")[0] for link in links if link.startswith("data:")} == {
        "data:application/gzip",
        "data:text/csv",
        "data:application/vnd.apache.parquet",
        "data:application/octet-stream",
    }
    assert main(["check", str(whole[1] / "one.html")]) == 0


def test_pictures_come_on_request(pages_of, tmp_path):
    pages_of(small_file())
    assert not list(tmp_path.rglob("*.png"))
    pages_of(small_file(), pictures=True)
    pictures = list((tmp_path / "site" / "figures").glob("*.png"))
    assert len(pictures) >= 4
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in pictures)


def test_a_chart_becomes_a_file_that_needs_no_page(write, tmp_path, capsys):
    file, out = write(small_file()), tmp_path / "chart.svg"
    assert main(["chart", "matmul", str(file), "--out", str(out)]) == 0
    text = out.read_text()
    assert "var(--" not in text
    assert "currentColor" not in text
    assert text.startswith("<svg")
    assert main(["chart", "matmul", str(file), "--out", str(tmp_path / "c.png")]) == 0
    assert (tmp_path / "c.png").read_bytes().startswith(b"\x89PNG")
    assert main(["chart", "sort", str(file), "--out", str(out)]) == 1
    assert "must hold times of 'sort'; it holds matmul" in capsys.readouterr().err


def test_the_blocks_of_a_cell_are_drawn_next_to_those_of_numpy(write, tmp_path, capsys):
    file, out = write(small_file()), tmp_path / "samples.svg"
    cell = f"{CASE.format(64)}/torch-cpu"
    assert main(["samples", cell, str(file), "--out", str(out)]) == 0
    text = out.read_text()
    assert "6 blocks over 3 visits, 2 disturbed" in text
    assert "torch-cpu is 3.0 times as fast as NumPy" in text
    assert ">numpy<" in text
    assert ">torch-cpu<" in text
    assert "worker 3" in text
    assert main(["samples", f"{CASE.format(64)}/torch", str(file), "--out", str(out)]) == 1
    assert "near it are" in capsys.readouterr().err
    assert main(["samples", f"{CASE.format(64)}/numpy", str(file), "--out", str(out)]) == 0


def test_a_chart_says_in_words_what_it_draws(write):
    text = sizes.describe(load(write(small_file())).timed)
    assert "numpy: 16.0 µs at n=16, 256 µs at n=256." in text
    assert "torch-cpu: 32.0 µs at n=16" in text


def test_the_title_of_a_chart_counts_verdicts(write):
    timed = load(write(small_file())).timed
    on_rows = [replace(row, curve="rows") for row in timed]
    assert sizes.sizes_title(on_rows).startswith("rows: faster at 1, slower")
    title = sizes.sizes_title(timed)
    assert title == "torch-cpu: faster at 1, slower at 1, tied at 1 of 3"


def row_of(contender):
    return timed_row(f"{CASE.format(16)}/{contender}")


@pytest.mark.parametrize("device", ["cpu", "cuda"])
@pytest.mark.parametrize("workload", discover().values(), ids=lambda w: w.name)
def test_contenders_of_one_workload_have_different_colours(workload, device):
    rows = [row_of(contender.name) for contender in contenders(workload, (device,))]
    assert len({drawing.colour(row) for row in rows}) == len(rows)
    gpus = [row_of(name) for name in ("torch-cuda", "torch-cuda1", "torch-mps")]
    assert len({drawing.colour(row) for row in gpus}) == 1


def test_a_variant_on_an_accelerator_is_dashed():
    strokes = [
        drawing.line_style(row_of(name)) for name in ("numpy", "torch-cpu-bf16", "torch-cuda-bf16")
    ]
    assert strokes == ["-", "-", "--"]


def test_many_panels_are_arranged_in_rows(write):
    modes = ("forward", "tape", "inference", "backward")
    timed = [
        entry(f"matmul/n={n}/float32/threads=1/numpy", 1e-3, ONE, curve=mode)
        for n, mode in enumerate(modes, 2)
    ]
    svg = drawing.inline(sizes.time_against_size(load(write(content(timed))).timed))
    width, height = map(float, re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', svg).groups())
    assert width < 1.2 * height


def test_a_failed_chapter_is_reported_and_every_page_is_built(write, tmp_path, monkeypatch, capsys):
    path = tmp_path / "1_basics" / "01_x.py"
    path.parent.mkdir()
    path.write_text("# %% [markdown]\n# # T?\n\n# %%\nraise OSError('over 60 s')\n")
    monkeypatch.setattr("reports.pages.build.find", lambda: [read(path)])
    monkeypatch.setattr("reports.pages.build.outputs", partial(outputs, cache=tmp_path / "kept"))
    out = tmp_path / "site"
    assert main(["build", str(write(small_file())), "--out", str(out)]) == 1
    complaint = "01_x: OSError: over 60 s"
    assert complaint in capsys.readouterr().err
    assert complaint in (out / "index.html").read_text()
    assert "OSError" in (out / "tutorial" / "1_basics" / "01_x.html").read_text()
    assert main(["check", str(out)]) == 0


def test_a_page_says_whether_times_are_of_the_fastest_blocks_or_medians(pages_of):
    text = pages_of(small_file())[FAMILY]
    assert "A time is that of the fastest blocks" in text
    assert "<th>median time</th>" in text
    data = small_file()
    for each in data["benchmarks"]:
        each["extra_info"]["typical_s"] = each["extra_info"]["time_s"]
    text = pages_of(data)[FAMILY]
    assert "All times are medians" in text
    assert "<th>median time</th>" not in text
    assert "<th>by medians</th>" not in text
