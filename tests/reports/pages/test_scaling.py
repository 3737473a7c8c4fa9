"""The page on several ranks, and the sites of files that have points alone, both, or none."""

import json
import re
import shutil

import pytest

from reports.findings.findings import Findings
from reports.pages.build import build
from reports.pages.check import check
from reports.pages.readme import committed, readme
from reports.pages.subject import SourceFile, Subject
from reports.pages.writing import write_folder, write_single
from reports.read.load import load
from tests.conftest import small_file
from tests.points import MATMUL, REDUCE, cluster, group, point, ratio, training

pytestmark = pytest.mark.usefixtures("few_chapters")

GLOO = "train_data_parallel/n=4/strong/float32/ranks=2/torch-gloo"
REASON = "rank 1: no progress for 30 s"


def points():
    """Return points of every kind: with figures, failed, skipped, communicating alone."""
    trained = [*training("n=4", 0.5), *training("n=16", 1.6)]
    for each in trained:
        if each["contender"] == "torch-gloo":
            each |= {"communication_share": 0.625, "compute_s": 2.5e-4}
            each["against_numpy"] = ratio(2.0, 1.9, 2.1)
    return [
        *trained,
        *(point(f"bytes={2**n}", "", 2, "torch-gloo", 1e-3, workload=REDUCE) for n in (10, 20)),
        point("n=4", "strong", 2, "torch-gloo", workload=MATMUL, status="timeout", reason=REASON),
        point("n=8", "strong", 2, "numpy", workload=MATMUL, status="skipped", reason="too late"),
    ]


FILES = {
    "alone": cluster(points(), faults=["between points: crashed: rank 0: lost 3 s"]),
    "both": small_file() | {"scaling": group(points())},
    "oversubscribed": cluster(points(), oversubscribed=True),
    "failed": cluster([point("n=4", "strong", 2, "torch-gloo", status="oom", reason="full")]),
}


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """Return the folders of sites by name of file; each is built once."""

    folders = {}

    def site(name):
        if name not in folders:
            folder = tmp_path_factory.mktemp(name)
            (folder / "a.json").write_text(json.dumps(FILES[name]))
            made = build([load(folder / "a.json", blocks=True)], machines=folder / "none")
            write_folder(made, folder / "site")
            folders[name] = folder / "site"
        return folders[name]

    return site


def text_of(site, page="scaling.html"):
    return (site / page).read_text(encoding="utf-8")


def words_of(html):
    return " ".join(re.sub(r"<[^>]+>", "", html).split())


@pytest.mark.parametrize("name", FILES)
def test_a_site_with_points_has_no_fault_and_a_page_on_them(built, name):
    site = built(name)
    assert check(site) == []
    index = text_of(site, "index.html")
    assert index.count('href="scaling.html"') >= 2  # in the menu, and from the page itself
    assert "<h1>Is a second rank worth it here?</h1>" in text_of(site)


def test_a_file_of_points_alone_has_no_empty_pages(built):
    site = built("alone")
    pages = {path.relative_to(site).as_posix() for path in site.rglob("*.html")}
    assert {page for page in pages if "tutorial" not in page} == {
        "index.html",
        "scaling.html",
        "machine.html",
    }
    index = words_of(text_of(site, "index.html"))
    assert "This file holds points of several ranks, from torchrun alone, and no cells" in index
    assert "a second rank is worth it at n=16, the largest of 2 sizes" in index
    assert "NumPy or PyTorch" not in index
    machine = text_of(site, "machine.html")
    assert "Fairness" not in machine
    assert 'href="scaling.html"' in machine


def test_a_file_with_cells_keeps_its_first_page(built):
    index = text_of(built("both"), "index.html")
    assert "<h1>NumPy or PyTorch?</h1>" in index
    assert "Fairness" in text_of(built("both"), "machine.html")


def test_a_file_without_points_has_no_page_on_them(write, tmp_path):
    result = load(write(small_file()), blocks=True)
    made = build([result], machines=tmp_path / "none")
    assert "scaling.html" not in {page.path for page in made.pages}
    assert not any("scaling.html" in page.body for page in made.pages)


def test_the_page_answers_first_and_shows_every_point(built):
    page = text_of(built("alone"))
    words = words_of(page)
    order = [
        "Is a second rank worth it here?",
        "a second rank is worth it at n=16, the largest of 2 sizes",
        "Strong scaling: the ranks share the work of one",
        "A second rank, or a second thread?",
        "Against NumPy’s processes",
        "Where communication outweighs work",
        "How fast ranks exchange messages",
        "All points",
        "The group",
    ]
    places = [words.index(part) for part in order]
    assert places == sorted(places)
    assert page.count("<tr data-cell=") == len(points())
    assert page.count('<svg role="img"') == 4  # two sizes, the all-reduce, and its model
    assert f'<small data-field="reason">{REASON}</small>' in page
    heads = re.findall(r"<th[^>]*>([^<]+)</th>", page[page.index("All points") :])
    assert heads[:4] == ["computation", "contender", "ranks", "time"]  # which a phone shows
    assert '<small><span data-field="size">n=4</span>; <span data-field="mode">strong<' in page
    assert "<cite>between points: crashed: rank 0: lost 3 s</cite>" in page
    assert 'data-fact="scaling.world">2</dd>' in page


def test_more_ranks_than_cores_are_shown_marked_and_without_speedups(built):
    page = text_of(built("oversubscribed"))
    assert "so no speedup is given" in page
    assert 'data-field="speedup"' not in page
    assert page.count("ok, oversubscribed") == 12
    assert page.count('<svg role="img"') == 2


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        (r'(data-key="ratio"[^>]*>)1\.6<', r"\g<1>1.7<", "'1.7' is '1.6' when recomputed"),
        (r'(data-key="efficiency" data-cell=")[^"]*', r"\g<1>x", "comes from the cell '" + GLOO),
        (r'(data-field="speedup">)0\.50', r"\g<1>0.60", "'0.60' is '0.50' when recomputed"),
        (r"(data-field=\"reason\">rank )1", r"\g<1>2", "when recomputed: reason of matmul"),
        (r'<tr data-cell="train_data', '<tr data-cell="training', "is None when recomputed"),
        (r'(data-fact="scaling.copy">)1', r"\g<1>2", "'2.00 GB/s' is '1.00 GB/s' when"),
        ("</h1>", "</h1><p>1.6 times as fast</p>", "'1.6 times' in prose has no finding"),
    ],
)
def test_a_wrong_number_of_a_point_is_a_fault(built, tmp_path, old, new, complaint):
    site = shutil.copytree(built("alone"), tmp_path / "site")
    text = text_of(site)
    if GLOO in complaint:
        complaint = complaint.replace("n=4", "n=16")
    assert re.search(old, text)
    (site / "scaling.html").write_text(re.sub(old, new, text, count=1), encoding="utf-8")
    assert any(line.startswith("scaling.html: ") and complaint in line for line in check(site))


def test_what_was_odd_in_the_file_is_said_on_the_page(write, tmp_path):
    data = cluster(points())
    data["scaling"]["points"][2]["time_s"] = -1.0
    made = build([load(write(data))], machines=tmp_path / "none")
    write_folder(made, tmp_path / "site")
    assert check(tmp_path / "site") == []
    assert "time_s: Input should be greater than 0</cite>" in text_of(tmp_path / "site")


def test_a_single_page_holds_the_points_too(write, tmp_path):
    made = build([load(write(cluster(points())))], machines=tmp_path / "none")
    page = write_single(made, tmp_path / "one.html")
    assert check(page) == []
    assert 'id="scaling"' in page.read_text(encoding="utf-8")


def test_the_readme_of_machines_names_what_ranks_gain(write, tmp_path):
    write(FILES["alone"], "alone.json")
    write(FILES["both"], "both.json")
    text = readme(committed(tmp_path))
    assert text.count("a second rank is worth it at n=16, the largest of 2 sizes") == 2
    assert "12 of 14 points" in text
    assert text.count("| workload | size |") == 1


@pytest.mark.parametrize(("name", "there"), [("alone", False), ("both", True)])
def test_chapters_link_to_the_roofline_only_where_its_page_is(tmp_path, name, there):
    (tmp_path / "a.json").write_text(json.dumps(FILES[name]))
    result = load(tmp_path / "a.json", blocks=True)
    source = SourceFile(file="a.json", sha256=result.sha256)
    subject = Subject(findings=Findings(result), drawn={}, source=source)
    assert ("roofline" in subject.linked) is there
