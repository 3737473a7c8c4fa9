"""The page of another suite's file shows its tests, and nothing that the file does not hold."""

import re

import pytest

from reports.__main__ import main
from reports.pages.build import build
from reports.pages.check import check
from reports.pages.writing import write_folder
from reports.read.load import load
from tests.conftest import small_file
from tests.suites import many_tests, suite_file, suite_test, write_suite

pytestmark = pytest.mark.usefixtures("few_chapters")
OURS = ("NumPy or", "PyTorch is", "verif", "Fairness", "roof", "torch-cpu", "chapter", "speedup")


@pytest.fixture
def site_of(tmp_path, write):
    """Return a function from files to the folder of their site."""

    def make(*datas, names=None):
        paths = names or [f"{n}.json" for n in range(len(datas))]
        for path in paths:
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        results = [load(write(data, path)) for data, path in zip(datas, paths, strict=True)]
        write_folder(build(results), tmp_path / "site")
        return tmp_path / "site"

    return make


@pytest.fixture(scope="session")
def suite(shared):
    """Return the path of a file with odd names that pytest-benchmark wrote."""
    return shared("suite", write_suite) / "suite.json"


def plain(html):
    html = re.sub(r"<(style|script)>.*?</\1>", "", html, flags=re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


@pytest.mark.parametrize("tests", [0, 1, 256, 2000])
def test_a_page_shows_every_test_and_passes_its_check(site_of, tests):
    groups = {0: 0, 1: 1, 256: 32, 2000: 5}[tests]
    site = site_of(suite_file(*many_tests(groups, tests // max(1, groups))))
    assert [path.name for path in site.rglob("*.html")] == ["index.html"]
    assert not list(site.rglob("*.ipynb"))
    page = (site / "index.html").read_text()
    assert page.count("<tr data-cell=") == tests
    assert page.count('<section class="tests"') == groups
    assert not [word for word in OURS if word in plain(page).replace("NumPy vs PyTorch", "")]
    assert check(site) == []


def test_a_file_that_pytest_benchmark_wrote_is_shown_with_what_was_odd(suite, tmp_path):
    site = tmp_path / "site"
    assert main(["build", str(suite), "--out", str(site)]) == 0
    assert check(site) == []
    text = plain((site / "index.html").read_text())
    assert "The file holds 11 tests in 1 group" in text
    assert "how=tuple, n=1000" in text
    assert "test_names[a\\u200fb]" in text
    assert "test_names[\U0001f469\\u200d\U0001f4bb]" in text
    assert "NaN or Infinity is left out: extra_info.loss.last.1, extra_info.loss.most" in text
    assert re.search(r"its id of 30\d\d characters was cut in the middle", text)
    assert "1 test ran one round alone" in text
    assert "So this page calls no test faster than another" in text


@pytest.mark.parametrize(
    ("planted", "complaint"),
    [
        ((">1.00 ms</td>", ">1.01 ms</td>"), "the value '1.01 ms' is '1.00 ms' when recomputed"),
        (
            (">20</td>", ">21</td>"),
            "the value '21' is '20' when recomputed: rounds of t.py::test_a",
        ),
        (('">2.00 s</data>', '">3.00 s</data>'), "the number '3.00 s' is '2.00 s'"),
        ((">test_<wbr>a</span>", ">test_<wbr>c</span>"), "the value 'test_c' is 'test_a'"),
        (("measured 2 times", "measured 5 times"), "the value 'measured 5 times in this file"),
        (
            ("So this page", "It took 5 ms. So this page"),
            "the number '5 ms' in prose has no finding",
        ),
        ((">3.12.1</dd>", ">3.12.2</dd>"), "the value '3.12.2' is '3.12.1' when recomputed"),
    ],
)
def test_a_planted_fault_is_found(site_of, planted, complaint):
    tests = [suite_test("test_a"), suite_test("test_b"), suite_test("test_b", time_s=2.0)]
    site = site_of(suite_file(*tests))
    page = site / "index.html"
    text = page.read_text()
    assert planted[0] in text
    page.write_text(text.replace(*planted, 1))
    assert any(complaint in line for line in check(site))


def test_names_become_no_markup_and_their_numbers_are_no_claims(site_of):
    evil = "<script>alert(1)</script>"
    tests = [suite_test(evil, group="sleep 10 ms"), suite_test("test_5 s", group=evil)]
    site = site_of(suite_file(*tests), names=["run 3 ms.json"])
    assert check(site) == []
    text = (site / "index.html").read_text()
    assert "<script>alert" not in text
    assert text.count("<script>") == 1


@pytest.mark.parametrize(
    "names",
    [
        ("before/out.json", "after/out.json"),
        ("x_1.3.3.json", "x_1.4.4.json"),
        (".hidden.json", "run 5 s.json"),
    ],
)
def test_a_site_of_two_files_passes_its_own_check_and_names_both(site_of, names):
    site = site_of(
        suite_file(suite_test(), suite_test("test_b")),
        suite_file(suite_test(time_s=2e-3), suite_test("test_b")),
        names=names,
    )
    assert check(site) == []
    labels = [name.removesuffix(".json") for name in names]
    page = (site / "compare.html").read_text()
    assert all(label in page for label in labels)
    assert f'data-label="{labels[1]}"' in page


def test_another_label_than_that_of_the_file_is_found(site_of):
    site = site_of(small_file("a"), small_file("b") | {"datetime": "2026-02-03"})
    page = site / "compare.html"
    page.write_text(page.read_text().replace('data-label="b"', 'data-label="c"'))
    assert "the label 'c' is not that of its result, 'b'" in "\n".join(check(site))


def test_a_file_of_this_suite_beside_one_of_another_suite(site_of):
    for datas in (
        (small_file(), suite_file(suite_test())),
        (suite_file(suite_test()), small_file()),
    ):
        assert check(site_of(*datas)) == []


def test_a_file_in_another_encoding_says_how_it_was_read(tmp_path):
    (tmp_path / "a.json").write_bytes(
        b"\xff\xfe" + __import__("json").dumps(suite_file(suite_test())).encode("utf-16-le")
    )
    assert main(["build", str(tmp_path / "a.json"), "--out", str(tmp_path / "site")]) == 0
    assert "read as UTF-16" in (tmp_path / "site" / "index.html").read_text()
    assert check(tmp_path / "site") == []


def test_one_page_that_can_be_mailed_holds_its_file(write, tmp_path):
    out = tmp_path / "one.html"
    file = write(suite_file(*many_tests(3, 4)))
    assert main(["build", str(file), "--single-file", "--out", str(out)]) == 0
    assert check(out) == []
