"""Pages work in a real browser: offline, without errors, legible, and usable by keyboard."""

import copy
import json
import os
import re
import shutil
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urldefrag, urlsplit

import pytest

from bench.results.reading import current
from reports.chapters.reading import find
from reports.pages.build import MACHINES, build
from reports.pages.writing import write_folder, write_single
from reports.read.load import load
from tests.conftest import ONE, asked, content, entry, small_file
from tests.suites import many_tests, suite_file, suite_test

MISSING = "not installed: pip install -e '.[test]'"
playwright = pytest.importorskip("playwright.sync_api", reason=f"playwright is {MISSING}")
axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason=f"axe is {MISSING}")
CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="no chromium on this machine: apt-get install chromium"
)

MACHINE = MACHINES / "amd-epyc-2-cores.json"
EVIL = (
    "\"'><img src=https://example.org/x.png onerror=console.error(1)>"
    "<script>console.error(2)</script>${7*7}{{7*7}}"
)
DESK, PHONE = 1200, 400
SITES = ("folder", "single", "reference", "suite")
DRAWN = ("folder", "reference", "suite")  # the single file holds the same charts as the folder
CHAPTERS = {chapter.name: chapter.page for chapter in find()}
CHAPTER, GLOSSARY = CHAPTERS["training_ladder"], CHAPTERS["glossary"]
FAMILY, TRAINING, SMALL = (
    "folder/family-matmul.html",
    "folder/family-training.html",
    "reference/family-matmul.html",
)
PAGES = (
    "folder/index.html",
    TRAINING,
    "folder/machine.html",
    "folder/compare.html",
    f"folder/{CHAPTER}",
    f"folder/{GLOSSARY}",
    "folder/tutorial/index.html",
    "reference/index.html",
    "suite/index.html",
)
SCHEMES = ("light", "dark")


def hostile():
    """Return a machine that is twice as fast in matrix products, with markup in every free text."""
    data = current(json.loads(MACHINE.read_text()))
    few = [b for b in data["benchmarks"] if b["extra_info"]["workload"] == "matmul"]
    for each in few:
        info = each["extra_info"]
        times = [key for key in info if re.match(r"(best|time|typical)(_low|_high)?_s$", key)]
        info |= {key: info[key] / 2 for key in times}
    odd = copy.deepcopy(small_file()["benchmarks"])
    for each in odd:
        each["extra_info"] |= {"family": EVIL, "curve": EVIL, "threads": 3}
        each["extra_info"]["cell"] = each["extra_info"]["cell"].replace("threads=1", "threads=3")
    made = content(few + odd, [asked("a/b/c/threads=3/torch-cpu", "skipped", EVIL)], EVIL)
    made["machine_info"] |= {
        "settings": {"environment": {EVIL: EVIL}},
        "versions": {"numpy": EVIL, "torch": EVIL},
        "node": EVIL,
    }
    return made


def two_dtypes():
    data = small_file()
    case = "matmul/n=64/float64/threads=1"
    timed = [entry(f"{case}/numpy", 1e-3, ONE), entry(f"{case}/torch-cpu", 1e-3, ONE)]
    data["benchmarks"] += timed
    data["cells"] += [asked(each["extra_info"]["cell"], "ok") for each in timed]
    return data


def with_gpu():
    """Return a file in which CUDA wins at 64 and loses at 16."""
    timed = []
    for n, speedup in {16: (0.25, 0.24, 0.26), 64: (50.0, 49.0, 51.0)}.items():
        case = f"matmul/n={n}/float32/threads=16"
        timed += [
            entry(f"{case}/numpy", 1e-3, ONE),
            entry(f"{case}/torch-cuda", 1e-3 / speedup[0], speedup, device="cuda"),
        ]
    data = content(timed, label="gpu box")
    data["machine_info"]["gpus"] = [{"name": "H <1>", "driver": "570.1", "promise": None}]
    return data


def other_suite():
    """Return a file of another suite: curves, many tests, long and hostile names."""
    curves = [
        suite_test(
            "test_sort", group="sorts", params={"how": how, "n": 10**n}, time_s=10.0 ** (n - 9)
        )
        for how in ("quick", "a long name of a way to sort")
        for n in range(1, 8)
    ]
    names = [EVIL, "x" * 3000, "a\u200fb", "اختبار", "test_" + "prefix_" * 20 + "red"]
    odd = [suite_test(name, group=name, time_s=10.0 ** (2 - n)) for n, name in enumerate(names)]
    odd += [suite_test(name, time_s=1e-3) for name in names]
    many = [suite_test(f"test_{n}", file="tests/many.py", time_s=1e-5 * n) for n in range(1, 60)]
    return suite_file(*curves, *odd, *many, *many_tests(12, 3), suite_test("bad", median=None))


@pytest.fixture(scope="module")
def root(tmp_path_factory, all_chapters):
    """Return four sites: two machines as a folder and as one file, a small one, another suite."""
    root = tmp_path_factory.mktemp("sites")
    given = root / "given"
    (given / "machines").mkdir(parents=True)
    for name, data in {
        "hostile": hostile(),
        "small": two_dtypes(),
        "machines/gpu": with_gpu(),
    }.items():
        (given / f"{name}.json").write_text(json.dumps(data))
    with all_chapters():
        whole = build([load(path, blocks=True) for path in (MACHINE, given / "hostile.json")])
        small = build([load(given / "small.json", blocks=True)], machines=given / "machines")
    write_folder(whole, root / "folder")
    write_single(whole, root / "single" / "one.html")
    write_folder(small, root / "reference")
    (given / "suite.json").write_text(json.dumps(other_suite()))
    write_folder(build([load(given / "suite.json")]), root / "suite")
    return root


@pytest.fixture(scope="module")
def browser() -> Iterator:
    with playwright.sync_playwright() as driver:
        flags = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=flags)
        yield browser
        browser.close()


@pytest.fixture
def opened(browser, root):
    """Return a function that opens a page of a site in a new browser context."""
    contexts = []

    def show(path: str, width: int = DESK, **options):
        context = browser.new_context(viewport={"width": width, "height": 900}, **options)
        contexts.append(context)
        page = context.new_page()
        page.goto((root / path).as_uri())
        return page

    yield show
    for context in contexts:
        context.close()


def open_details(page):
    page.evaluate("for (const part of document.querySelectorAll('details')) part.open = true")


WIDE = """() => {
    const wide = [];
    if (document.documentElement.scrollWidth > innerWidth)
        wide.push(`${document.documentElement.scrollWidth} of ${innerWidth} px`);
    for (const part of document.querySelectorAll("table, svg, pre")) {
        const box = part.closest("figure, .scroll, pre");
        const inside = box && box.getBoundingClientRect().right <= innerWidth
            && getComputedStyle(box).overflowX === "auto";
        if (!inside) wide.push(part.outerHTML.slice(0, 80));
    }
    for (const figure of document.querySelectorAll("figure"))
        if (figure.scrollWidth > figure.clientWidth)
            wide.push(`a figure scrolls: ${figure.textContent.trim().slice(0, 80)}`);
    return wide;
}"""


TINY = """() => [...document.querySelectorAll("main *")]
    .filter((part) => !part.closest("svg") && part.checkVisibility()
        && [...part.childNodes].some((node) => node.nodeType === 3 && node.data.trim())
        && parseFloat(getComputedStyle(part).fontSize) < 11)
    .map((part) => part.outerHTML.slice(0, 80))"""


# pairs of texts of a chart of which one covers the other
COVERED = """() => [...document.querySelectorAll("figure:not(.drawn) svg")].flatMap((svg) => {
    const boxes = [...svg.querySelectorAll("text")]
        .map((text) => [text, text.getBoundingClientRect()]);
    return boxes.flatMap(([text, a], n) => boxes.slice(n + 1).filter(([, b]) =>
        Math.min(a.right, b.right) - Math.max(a.left, b.left) > 2
        && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > a.height / 2
    ).map(([other]) => `${text.textContent} | ${other.textContent}`));
})"""


SMALL_PRINT = """() => [...document.querySelectorAll("figure:not(.drawn) svg")].flatMap((svg) =>
    [...svg.querySelectorAll("text")]
        .filter((text) => parseFloat(getComputedStyle(text).fontSize) * svg.getScreenCTM().a < 10.5)
        .map((text) => text.textContent))"""


CUT = """() => [...document.querySelectorAll("svg")].flatMap((svg) => {
    const box = svg.getBoundingClientRect();
    return [...svg.querySelectorAll("text")].filter((text) => {
        const { left, right, top, bottom } = text.getBoundingClientRect();
        return Math.max(box.left - left, right - box.right, box.top - top, bottom - box.bottom) > 2;
    }).map((text) => text.textContent);
})"""


# axe skips text in SVG, so this computes its contrast with what was painted behind its centre
CONTRAST = """() => {
    const context = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
    const rgba = (colour) => {
        context.clearRect(0, 0, 1, 1);
        context.fillStyle = colour;
        context.fillRect(0, 0, 1, 1);
        return [...context.getImageData(0, 0, 1, 1).data].map((part) => part / 255);
    };
    const known = {};
    const paint = (part) => {
        const style = getComputedStyle(part);
        if (style.fill === "none") return [0, 0, 0, 0];
        const [r, g, b, a] = (known[style.fill] ??= rgba(style.fill));
        let opacity = a * style.fillOpacity;
        for (let up = part; up.nodeName !== "svg"; up = up.parentNode)
            opacity *= getComputedStyle(up).opacity;
        return [r, g, b, opacity];
    };
    const over = (back, [r, g, b, a]) => [r, g, b].map((part, i) => a * part + (1 - a) * back[i]);
    const linear = (part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    const light = (rgb) => {
        const [r, g, b] = rgb.map(linear);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const holds = (box, x, y) => box.left <= x && x <= box.right && box.top <= y && y <= box.bottom;
    const body = rgba(getComputedStyle(document.body).backgroundColor);
    const poor = [];
    let judged = 0;
    for (const svg of document.querySelectorAll("svg")) {
        const parts = [...svg.querySelectorAll("path, rect, use, text")]
            .filter((part) => !part.closest("defs"));
        const behind = [];
        for (const part of parts) {
            if (part.nodeName !== "text") {
                const colour = paint(part);
                if (colour[3] > 0) behind.push([part, part.getBoundingClientRect(), colour]);
                continue;
            }
            const box = part.getBoundingClientRect();
            const [x, y] = [(box.left + box.right) / 2, (box.top + box.bottom) / 2];
            let back = body;
            for (const [shape, where, colour] of behind) {
                const marker = shape.nodeName === "use" && where.width < box.width;
                if (marker || !holds(where, x, y)) continue;
                let [form, matrix] = [shape, shape.getScreenCTM()];
                if (shape.nodeName === "use") {
                    form = document.getElementById(shape.href.baseVal.slice(1));
                    matrix = matrix.translate(shape.x.baseVal.value, shape.y.baseVal.value);
                }
                const point = new DOMPoint(x, y).matrixTransform(matrix.inverse());
                if (form.isPointInFill(point)) back = over(back, colour);
            }
            const [one, two] = [light(over(back, paint(part))), light(back)];
            const ratio = (Math.max(one, two) + 0.05) / (Math.min(one, two) + 0.05);
            judged += 1;
            if (ratio < 4.5) poor.push(`${part.textContent}: ${ratio.toFixed(2)}`);
        }
    }
    return [judged, poor];
}"""


CHARTS = """() => [...document.querySelectorAll("svg")].map((svg) => ({
    role: svg.getAttribute("role"),
    name: svg.getAttribute("aria-label") ?? "",
    drawn: svg.closest("figure.drawn") !== null,
    titles: [...svg.querySelectorAll("title")].map((title) => title.textContent),
}))"""
LINKS = """() => [[...document.querySelectorAll("[id]")].map((part) => part.id),
    [...document.querySelectorAll("a[href]")].map((link) => link.href)]"""


def measured(page, *, drawn):
    """Return facts about an open page, at two widths and in both colour schemes."""
    answers = {"links": page.evaluate(LINKS)}
    open_details(page)
    if drawn:
        answers |= {"cut": page.evaluate(CUT), "charts": page.evaluate(CHARTS)}
        for scheme in SCHEMES:
            page.emulate_media(color_scheme=scheme)
            answers[scheme] = page.evaluate(CONTRAST)
    for width in (DESK, PHONE):
        page.set_viewport_size({"width": width, "height": 900})
        answers[width] = page.evaluate(WIDE)
    if drawn:
        answers["tiny"] = page.evaluate(TINY) + page.evaluate(SMALL_PRINT)
        answers["covered"] = page.evaluate(COVERED)
    return answers


@pytest.fixture(scope="module")
def visited(browser, root):
    """Return a function from a site to its pages' facts, requested URLs and console messages."""

    @cache
    def of(site):
        requests, messages, facts = [], [], {}
        context = browser.new_context(viewport={"width": DESK, "height": 900})

        def only_files(route):
            requests.append(route.request.url)
            if route.request.url.startswith("file:"):
                route.continue_()
            else:
                route.abort()

        context.route("**/*", only_files)
        page = context.new_page()
        page.on("console", lambda message: messages.append((page.url, message.type, message.text)))
        page.on("pageerror", lambda error: messages.append((page.url, str(error))))
        for path in sorted((root / site).rglob("*.html")):
            page.set_viewport_size({"width": DESK, "height": 900})
            page.emulate_media(color_scheme="light")
            page.goto(path.as_uri())
            facts[path] = measured(page, drawn=site in DRAWN)
        context.close()
        return facts, requests, messages

    return of


def listed(visited, site, fact):
    """Return the entries of a fact over all pages of a site, each with its page."""
    return [(path.name, each) for path, facts in visited(site)[0].items() for each in facts[fact]]


@pytest.mark.parametrize("site", SITES)
def test_a_page_loads_only_itself_and_logs_no_message(visited, site):
    facts, requests, messages = visited(site)
    assert requests == [path.as_uri() for path in facts]
    assert messages == []


@pytest.mark.parametrize("width", [DESK, PHONE])
@pytest.mark.parametrize("site", SITES)
def test_only_boxes_that_scroll_hold_anything_wider_than_the_screen(visited, site, width):
    assert listed(visited, site, width) == []


@pytest.mark.parametrize("site", DRAWN)
def test_text_is_large_enough_to_read(visited, site):
    assert listed(visited, site, "tiny") == []


@pytest.mark.parametrize("site", DRAWN)
def test_no_text_of_a_chart_is_cut_off(visited, site):
    assert listed(visited, site, "cut") == []


@pytest.mark.parametrize("site", DRAWN)
def test_no_text_of_a_chart_covers_another(visited, site):
    assert listed(visited, site, "covered") == []


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("site", DRAWN)
def test_text_in_charts_stands_out_from_what_is_behind_it(visited, site, scheme):
    judged = {path.name: facts[scheme] for path, facts in visited(site)[0].items()}
    assert {name: poor for name, (_, poor) in judged.items() if poor} == {}
    assert sum(total for total, _ in judged.values()) > 20


# a time, a rate, a share or a ratio; or a count, named as what it counts; or why there is none
UNIT = re.compile(
    r"\d ?([nµm]?s\b|[kMGT]?(FLOP|B)/s|%|×|times)"
    r"|(speedup|epoch|error|near \w+ =) \d|operations|not a case|not timed"
)


@pytest.mark.parametrize("site", DRAWN)
def test_each_chart_has_a_name_and_values_with_units_on_hover(visited, site):
    charts = [chart for _, chart in listed(visited, site, "charts")]
    assert charts
    assert {chart["role"] for chart in charts} == {"img"}
    assert min(len(chart["name"]) for chart in charts) > 20
    measured = [chart for chart in charts if not chart["drawn"]]  # the others a chapter's code drew
    assert [chart["name"] for chart in measured if not chart["titles"]] == []
    titles = {title for chart in charts for title in chart["titles"]}
    assert [title for title in titles if not UNIT.search(title)] == []


@pytest.mark.parametrize("site", SITES)
def test_every_link_leads_somewhere(visited, root, site):
    facts = visited(site)[0]
    ids = {path: set(each["links"][0]) for path, each in facts.items()}
    links = {link for each in facts.values() for link in each["links"][1]}
    astray = []
    for link in links:
        url, fragment = urldefrag(link)
        if urlsplit(url).scheme in {"data", "https"}:
            continue
        path = Path(unquote(urlsplit(url).path))
        inside = urlsplit(url).scheme == "file" and (root / site) in path.parents and path.is_file()
        if not inside or (fragment and unquote(fragment) not in ids.get(path, ())):
            astray.append(link)
    assert astray == []
    assert any(link.startswith("file:") for link in links)


def test_on_a_phone_the_menu_is_one_line_that_shows_the_current_page(opened):
    page = opened("folder/compare.html", PHONE)
    box = page.locator("header nav").bounding_box()
    here = page.locator("header nav a[aria-current]").bounding_box()
    assert box["height"] < 45
    assert box["x"] <= here["x"]
    assert here["x"] + here["width"] <= PHONE


RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"],
    "resultTypes": ["violations"],
    "rules": {"color-contrast": {"enabled": False}},  # it alone takes most of the time
}
COLOURS = {
    "runOnly": {"type": "rule", "values": ["color-contrast"]},
    "resultTypes": ["violations"],
}
TEXT = {"exclude": [["svg"]]}  # in which axe judges no colour


def violations(page):
    """Return what axe finds on a page, by its rules of structure and of colours."""
    return faults(page, RULES) + faults(page, COLOURS, TEXT)


def faults(page, rules, context=None):
    found = axe.Axe().run(page, context=context, options=rules).response["violations"]
    return [
        (v["id"], node["html"][:120], node["failureSummary"]) for v in found for node in v["nodes"]
    ]


@pytest.mark.parametrize("path", PAGES)
def test_axe_reports_nothing_on_a_desk_in_light_and_on_a_phone_in_dark(opened, path):
    page = opened(path, color_scheme="light")
    open_details(page)
    assert violations(page) == []
    page.emulate_media(color_scheme="dark")
    page.set_viewport_size({"width": PHONE, "height": 900})
    assert violations(page) == []


@pytest.mark.parametrize("scheme", SCHEMES)
def test_axe_reports_nothing_after_the_theme_button(opened, scheme):
    page = opened(f"folder/{CHAPTER}", color_scheme=scheme)
    page.click("#theme")
    assert violations(page) == []


def background(page):
    return page.evaluate("getComputedStyle(document.body).backgroundColor")


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_theme_button_switches_and_the_choice_is_stored(opened, scheme):
    other = {"light": "dark", "dark": "light"}[scheme]
    page = opened(FAMILY, color_scheme=scheme)
    button, before = page.locator("#theme"), background(page)
    assert button.inner_text() == other
    button.click()
    assert button.inner_text() == scheme
    assert page.locator("html").get_attribute("data-theme") == other
    assert background(page) != before
    page.reload()
    assert page.locator("html").get_attribute("data-theme") == other
    assert button.inner_text() == scheme
    button.click()
    assert background(page) == before


def test_the_theme_follows_the_system_until_one_is_chosen(opened):
    page = opened(FAMILY, color_scheme="light")
    page.emulate_media(color_scheme="dark")
    assert page.locator("#theme").inner_text() == "light"


def test_without_scripts_all_content_is_there_and_no_dead_control(opened):
    page = opened(FAMILY, java_script_enabled=False)
    assert not page.locator("#theme").is_visible()
    assert not page.locator(".filters").is_visible()
    assert page.locator("th button").count() == 0
    table = page.locator("table.sortable").first
    assert not table.is_visible()
    page.locator("details", has=table).locator("summary").first.click()
    assert table.is_visible()
    assert table.locator("tbody tr").count() > 5
    assert page.locator("figure svg").first.is_visible()


def test_a_box_that_scrolls_sideways_is_reached_by_keyboard(opened):
    page = opened(FAMILY, PHONE)
    open_details(page)
    box = page.locator(".scroll").first
    comes_true(page, "() => document.querySelector('.scroll').hasAttribute('tabindex')")
    box.focus()
    page.keyboard.press("ArrowRight")
    comes_true(page, "() => document.querySelector('.scroll').scrollLeft > 0")
    page.set_viewport_size({"width": 3 * DESK, "height": 900})
    page.evaluate("document.querySelector('main').style.maxWidth = 'none'")
    comes_true(page, "() => !document.querySelector('.scroll').hasAttribute('tabindex')")


def comes_true(page, condition, tries=100):
    """Wait until a condition holds; polls from outside, since the page's policy forbids `eval`."""
    while not page.evaluate(condition):
        assert tries, f"{condition} did not come true"
        tries -= 1
        page.wait_for_timeout(50)


def column(table, index):
    """Return the values that a column is sorted by: numbers, texts, or None for an empty cell."""
    texts = table.evaluate(
        """(table, index) => [...table.tBodies[0].rows].map(
            ({ cells }) => cells[index].dataset.sort ?? cells[index].textContent.trim())""",
        index,
    )
    return [None if text == "" else number(text) for text in texts]


def number(text):
    try:
        return float(text)
    except ValueError:
        return text


def test_a_click_on_any_head_sorts_up_then_down_with_empty_cells_last(opened):
    page = opened(TRAINING)
    open_details(page)
    table = page.locator("table.sortable").first
    heads = table.locator("th")
    has_empty = False
    for index in range(heads.count()):
        before = column(table, index)
        full = sorted(value for value in before if value is not None)
        empty = [None] * before.count(None)
        has_empty |= 0 < len(empty) < len(before)
        for order, wanted in (("ascending", full), ("descending", full[::-1])):
            heads.nth(index).locator("button").click()
            assert heads.nth(index).get_attribute("aria-sort") == order
            assert table.locator("[aria-sort]").count() == 1
            assert column(table, index) == wanted + empty
    assert has_empty


def test_a_table_is_sorted_by_keyboard_and_keeps_its_rows(opened):
    page = opened(FAMILY)
    open_details(page)
    table = page.locator("table.sortable").first
    rows = set(table.locator("tbody tr").all_inner_texts())
    button = table.locator("th button").last
    button.focus()
    page.keyboard.press("Enter")
    assert table.locator("th").last.get_attribute("aria-sort") == "ascending"
    assert set(table.locator("tbody tr").all_inner_texts()) == rows


SHOWN = """(key) => [...document.querySelectorAll("main tr[data-size], main li[data-size]")]
    .filter((row) => row.checkVisibility() && key in row.dataset).map((row) => row.dataset[key])"""


@pytest.mark.parametrize(
    ("path", "key"),
    [(FAMILY, "size"), (SMALL, "dtype"), (FAMILY, "threads"), (FAMILY, "contender")],
)
def test_a_filter_shows_only_its_choice_and_all_shows_everything_again(opened, path, key):
    page = opened(path)
    open_details(page)
    whole = page.evaluate(SHOWN, key)
    select = page.locator(f"select[name={key}]")
    names = select.locator("option").evaluate_all("all => all.map((option) => option.value)")
    assert set(names) == {"", *whole}
    for name in names[1:]:
        select.select_option(name)
        assert page.evaluate(SHOWN, key) == [name] * whole.count(name)
    select.select_option("")
    assert page.evaluate(SHOWN, key) == whole


@pytest.mark.parametrize(
    ("name", "words", "row", "kept"),
    [
        ("index", "phrase gather", "ol.contents li", 1),
        ("phrase_book", "DIFFERS std", "tbody tr", 1),
    ],
)
def test_a_search_leaves_what_has_all_its_words(opened, name, words, row, kept):
    page = opened(f"folder/{CHAPTERS.get(name, 'tutorial/index.html')}")
    shown = page.locator(f"[data-search] {row}:visible")
    whole = shown.count()
    page.fill("input[type=search]", words)
    assert shown.count() == kept < whole
    page.fill("input[type=search]", "")
    assert shown.count() == whole


def test_filters_combine_and_open_the_tables_with_matching_rows(opened):
    page = opened(FAMILY)
    assert page.evaluate(SHOWN, "size") == []
    page.select_option("select[name=size]", "n=512")
    page.select_option("select[name=threads]", "1")
    rows = page.locator("tr[data-cell]:visible")
    cells = rows.evaluate_all("rows => rows.map((row) => row.dataset.cell)")
    assert cells
    assert all("/n=512/" in cell and "/threads=1/" in cell for cell in cells)


def test_a_filter_in_the_single_file_leaves_other_families_alone(opened):
    page = opened("single/one.html")
    open_details(page)
    rows = page.locator("#family-training tr[data-size]:visible")
    before = rows.count()
    page.select_option("#family-matmul select[name=contender]", "numpy")
    assert page.locator("#family-matmul tr[data-contender=torch-cpu]:visible").count() == 0
    assert rows.count() == before > 0


def test_a_family_prints_with_all_its_tables(opened):
    page = opened(FAMILY)
    paper = page.pdf(format="A4")
    assert paper.startswith(b"%PDF")
    assert len(re.findall(rb"/Type\s*/Page\b(?!s)", paper)) > 1
    assert len(paper) > 20_000


def test_closed_parts_open_in_print_and_close_again(opened):
    page = opened(FAMILY)
    tables = page.locator("details table")
    assert tables.count() > 1
    assert page.locator("details table:visible").count() == 0
    page.emulate_media(media="print")
    assert page.locator("details table:visible").count() == tables.count()
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator("details:not([open])").count() == 0
    heads = page.locator("details th")
    assert all(heads.nth(index).inner_text() for index in range(heads.count()))
    assert not page.locator("header").is_visible()
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    page.emulate_media(media="screen")
    assert page.locator("details table:visible").count() == 0


def test_a_test_of_another_suite_is_found_by_its_name_or_its_group(opened):
    page = opened("suite/index.html")
    shown = "tbody tr:visible"
    every = page.locator(shown).count()
    field = page.get_by_label("find a test")
    field.fill("TEST_59")
    assert page.locator(shown).count() == 1
    assert page.locator("section.tests:visible").count() == 1
    field.fill("sorts")
    assert page.locator(shown).count() == 14
    field.fill("")
    assert page.locator(shown).count() == every
