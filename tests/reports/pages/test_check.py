"""`check` reports every fault of a site, since it recomputes the numbers on its pages."""

import json
import re
import shutil
from functools import partial

import pytest

from reports.__main__ import main
from reports.chapters.outputs import outputs
from reports.chapters.reading import read
from reports.pages.build import build
from reports.pages.check import check
from reports.pages.writing import write_folder, write_single
from reports.read.load import load
from tests.conftest import CASE, small_file

pytestmark = pytest.mark.usefixtures("few_chapters")

FAMILY = "family-matmul.html"
BOTH = r'value="{0}"([^>]*>){0}<'  # a number as its attribute and as its text


def with_facts():
    data = small_file()
    data["machine_info"] |= {"cpu": {"model": "Chip <1>", "usable_cores": 2}}
    data["cells"][-1]["reason"] = "NumPy did not finish in 5 s"
    for each in data["benchmarks"]:
        each["extra_info"] |= {
            "time_low_s": each["extra_info"]["time_s"] * 0.99,
            "time_high_s": each["extra_info"]["time_s"] * 1.01,
        }
    return data


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """Return the folder of a site of two machines, one twice as slow."""
    slow = json.loads(json.dumps(with_facts()))
    slow["machine_info"]["label"] = "slow box"
    for each in slow["benchmarks"]:
        for name in ("time_s", "typical_s", "time_low_s", "time_high_s"):
            each["extra_info"][name] *= 2
    folder = tmp_path_factory.mktemp("built")
    for name, data in (("a.json", with_facts()), ("b.json", slow)):
        (folder / name).write_text(json.dumps(data))
    results = [load(folder / name, blocks=True) for name in ("a.json", "b.json")]
    write_folder(build(results, machines=folder / "none"), folder / "site")
    return folder / "site"


@pytest.fixture
def site(built, tmp_path):
    """Return a copy of that site, to be changed."""
    return shutil.copytree(built, tmp_path / "site")


def change(site, page, old, new, count=1):
    path = site / page
    text = path.read_text()
    assert re.search(old, text, flags=re.DOTALL)
    path.write_text(re.sub(old, new, text, count=count, flags=re.DOTALL))


def test_a_new_site_has_no_fault(site, capsys):
    assert check(site) == []
    assert main(["check", str(site)]) == 0
    assert "no faults" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("page", "old", "new", "complaint"),
    [
        ("index.html", r'(value="3\.0"[^>]*>)3\.0<', r"\g<1>3.1<", "'3.1' is '3.0' when"),
        ("index.html", r'value="3\.0"', 'value="3.1"', "'3.0' is '3.0' when recomputed"),
        ("index.html", BOTH.format(r"3\.0"), r'value="3.1"\g<1>3.1<', "'3.1' is '3.0' when"),
        ("compare.html", BOTH.format(r"2\.00"), r'value="2.50"\g<1>2.50<', "'2.50' is '2.00' when"),
        ("index.html", r'data-cell="matmul/n=64', 'data-cell="matmul/n=16', "comes from the cell"),
        ("index.html", r' data-cell="[^"]*"', "", "names no cell"),
        ("index.html", r' data-finding="[^"]*"', "", "names no cell and no finding"),
        ("index.html", r'data-finding="speedup/', 'data-finding="sp/', "which its result does not"),
        ("index.html", r'data-key="ratio"', 'data-key="least"', "is None when recomputed"),
        ("index.html", "<h1>[^<]*", "<h1>It is 3.2 times as fast", "'3.2 times' in prose has"),
        ("index.html", "</main>", "<p>only <em>14 ms</em></p></main>", "'14 ms' in prose has"),
        ("index.html", "</main>", "<ul><li>7 %</ul></main>", "'7 %' in prose has no finding"),
        (FAMILY, r'(data-field="time"[^>]*>)64\.0 µs', r"\g<1>63.0 µs", "'63.0 µs' is '64.0"),
        (FAMILY, r'<tr data-cell="matmul/n=16', '<tr data-cell="matmul/n=17', "is None when"),
        ("machine.html", "Chip &lt;1&gt;", "Chip 2", "'Chip 2' is 'Chip <1>' when recomputed"),
        (FAMILY, "did not finish in 5 s", "did not finish in 6 s", "recomputed: reason of"),
        ("compare.html", r'(data-field="ratio"[^>]*>)0\.50', r"\g<1>0.60", "'0.60"),
        ("compare.html", r'(data-field="mean"[^>]*>)0\.', r"\g<1>1.", "when recomputed"),
        ("compare.html", r"(<data [^>]*>)2\.0", r"\g<1>2.5", "when recomputed"),
        ("index.html", 'data-sha256="[0-9a-f]', 'data-sha256="x', "older than its result"),
        ("index.html", "</main>", '<img src="x.png" alt="x"></main>', "<img> loads 'x.png'"),
        ("index.html", "</main>", "<script src='//e.x/a.js'></script></main>", "<script> loads"),
        ("index.html", "</head>", '<link rel="icon" href="i.png"></head>', "<link> loads"),
        ("index.html", "<style>", "<style>@import 'x.css';", "<style> loads something"),
        ("index.html", "<style>", "<style>a{background:url(https://x)}", "<style> loads something"),
        ("index.html", "<script>", "<script>fetch('x');", "<script> loads something"),
        ("index.html", "<h1>", '<h1 style="background:url(//x)">', "<h1> loads something"),
        ("index.html", '(<svg [^>]*label=")[^"]*', r"\g<1>", "<svg> has no alternative text"),
        ("index.html", "</main>", '<img src="data:,"></main>', "<img> has no alternative text"),
        ("index.html", 'href="roofline.html"', 'href="rooflines.html"', "leads to no file"),
        ("index.html", "</main>", '<a href="machine.html#x">x</a></main>', "leads to an id"),
        ("index.html", "</main>", '<a href="../../etc/passwd">x</a></main>', "leads to no file"),
    ],
)
def test_each_fault_of_a_page_is_one_line_that_names_the_page(site, page, old, new, complaint):
    change(site, page, old, new)
    complaints = check(site)
    assert any(line.startswith(f"{page}: ") and complaint in line for line in complaints)


def test_the_command_prints_the_faults_and_fails(site, capsys):
    change(site, "index.html", "</main>", '<img src="data:,"></main>')
    assert main(["check", str(site)]) == 1
    assert "index.html: <img> has no alternative text" in capsys.readouterr().out


def test_numbers_that_are_no_measurements_may_stand_in_prose(site):
    prose = "<p>a 95 % interval, float32, n=1024, 2026, on <samp>H100 80GB HBM3</samp></p></main>"
    change(site, "index.html", "</main>", prose)
    assert check(site) == []


def test_a_result_that_is_newer_than_its_pages_is_reported(site):
    path = next((site / "data").glob("1-*.json"))
    path.write_text(path.read_text().replace('"ratio": 3.0', '"ratio": 3.08'))
    complaints = check(site)
    assert any("older than its result" in line for line in complaints)
    assert any("'3.0' is '3.1' when recomputed" in line for line in complaints)


def test_a_comparison_that_does_not_follow_from_the_results_is_reported(site):
    path = site / "data" / "comparison.csv"
    path.write_text(path.read_text().replace("slower", "faster", 1))
    assert any("does not follow from the results beside it" in line for line in check(site))


def test_a_missing_or_broken_result_is_reported(site):
    path = next((site / "data").glob("1-*.json"))
    path.write_text("{")
    assert any("cannot be read" in line for line in check(site))
    path.unlink()
    assert any("cannot be read" in line for line in check(site))


def test_a_single_page_is_checked_with_the_data_inside_it(write, tmp_path):
    empty = tmp_path / "none"
    empty.mkdir()
    made = build([load(write(with_facts()), blocks=True)], machines=empty)
    page = write_single(made, tmp_path / "one.html")
    assert check(page) == []
    change(tmp_path, "one.html", r'(value="3\.0"[^>]*>)3\.0<', r"\g<1>3.1<")
    assert any("'3.1' is '3.0'" in line for line in check(page))
    change(tmp_path, "one.html", r'value="3\.0"', 'value="3.1"')  # the text of that number too
    assert any("'3.1' is '3.0'" in line for line in check(page))


def test_a_folder_without_pages_is_an_error_that_says_what_to_do(tmp_path, capsys):
    assert main(["check", str(tmp_path)]) == 1
    assert "build them first" in capsys.readouterr().err
    assert main(["check", str(tmp_path / "nothing.html")]) == 1


def test_a_number_names_its_cell(site):
    assert f'data-cell="{CASE.format(64)}/torch-cpu"' in (site / "index.html").read_text()


@pytest.mark.parametrize(
    ("prose", "number"),
    [("It takes 3 ms here.", "3 ms"), ("- twice, or 2 times, as fast", "2 times"), ("`x` ms", "")],
)
def test_a_measurement_typed_into_a_chapter_is_reported(tmp_path, monkeypatch, prose, number):
    path = tmp_path / "1_basics" / "01_x.py"
    path.parent.mkdir()
    path.write_text(f"# %% [markdown]\n# # T?\n#\n# {prose}\n\n# %%\nprint('takes 9 ms')\n")
    monkeypatch.setattr("reports.pages.build.find", lambda: [read(path)])
    monkeypatch.setattr("reports.pages.build.outputs", partial(outputs, cache=tmp_path))
    (tmp_path / "a.json").write_text(json.dumps(small_file()))
    write_folder(build([load(tmp_path / "a.json")], machines=tmp_path / "none"), tmp_path / "site")
    assert [
        "typed"
        for line in check(tmp_path / "site")
        if f"'{number}' in prose has no finding" in line
    ] == (["typed"] if number else [])
    assert not any("9 ms" in line for line in check(tmp_path / "site"))
