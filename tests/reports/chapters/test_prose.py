"""Prose quotes results and files by name: sentences follow the data, code comes from its file."""

import base64
import html
import json
import re
from pathlib import Path

import pytest
from markupsafe import Markup

from bench.workload import discover
from reports.chapters import page, parts, prose
from reports.chapters.execution import CellOutput, ChapterRun, run
from reports.chapters.glossary import Glossary
from reports.chapters.outputs import Outputs, Recording
from reports.chapters.reading import find, read
from reports.findings.findings import Findings, Reference
from reports.read.load import load
from tests.conftest import CASE, ONE, content, entry, small_file

ROOT = Path(__file__).resolve().parents[3]
IM2COL, RUNGS = (f"bench/workloads/parts/{name}.py" for name in ("im2col", "ladder"))
SVG = Markup('<svg aria-label="x"><g id="a"><use href="#b"/><path clip-path="url(#c)"/></g></svg>')


def findings_of(write, data, name="result.json"):
    return Findings(load(write(data, name)))


def plain(page):
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", page)))


@pytest.fixture
def rendered(write, tmp_path):
    """Return a function that renders the text of a prose cell, by default as HTML."""

    def of(text, data=None, *, findings=None, kind="html", contents=(), figures=None, more=""):
        path = tmp_path / "1_basics" / "07_x.py"
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"# %% [markdown]\n# # T\n{more}")
        made = prose.Prose(
            chapter=read(path),
            findings=findings or findings_of(write, data or small_file()),
            figure=(figures or {"time/matmul": SVG}).get,
            contents=contents,
            families={"matmul": "family-matmul.html"},
        )
        return getattr(made, kind)(text)

    return of


def with_speedup(speedup):
    case = CASE.format(1024)
    timed = [entry(f"{case}/numpy", 1e-3, ONE), entry(f"{case}/torch-cpu", 1e-3, speedup)]
    return content(timed)


WINS, LOSES, OPEN = (2.0, 1.9, 2.1), (0.5, 0.49, 0.51), (1.0, 0.9, 1.1)


@pytest.mark.parametrize(
    ("speedup", "sentence"),
    [
        (WINS, "torch-cpu is 2.0 times as fast as NumPy"),
        (LOSES, "NumPy is 2.00 times as fast as torch-cpu"),
        (OPEN, "whether NumPy or torch-cpu is faster is unsettled; torch-cpu runs at 1.0 times"),
    ],
)
def test_a_quote_follows_the_data(rendered, speedup, sentence):
    text = plain(rendered('> {{ speedup("matmul", "n=1024") }}', with_speedup(speedup)))
    assert f"matmul at n=1024, float32: {sentence}" in text


@pytest.mark.parametrize(
    ("speedup", "text"),
    [(WINS, "It is *faster*."), (LOSES, "It is slower."), (OPEN, "Nobody knows.")],
)
def test_prose_is_chosen_by_the_state_of_a_finding(rendered, speedup, text):
    template = (
        '{{ choose(speedup("matmul", "n=1024"), faster="It is *faster*.", slower="It is slower.",\n'
        'otherwise="Nobody knows.") }}'
    )
    assert rendered(template, with_speedup(speedup), kind="markdown") == text
    html = rendered(template, with_speedup(speedup))
    assert html == f"<p>{text}</p>\n".replace("*faster*", "<em>faster</em>")


def test_a_choice_without_otherwise_is_refused(rendered):
    with pytest.raises(prose.ChapterError, match="otherwise"):
        rendered('{{ choose(speedup("matmul", "n=16"), faster="x") }}')


def test_a_quote_of_what_was_not_measured_says_so(rendered):
    absent = plain(rendered('{{ speedup("softmax", "over=all,n=3") }}'))
    assert absent == "softmax at over=all, n=3, float32, torch-cpu: not measured in this run. "
    assert "growth: not measured" not in rendered('{{ quote("growth", workload="fft") }}')
    assert plain(rendered('{{ quote("growth", workload="fft") }}')).startswith("fft: not measured")


def test_findings_of_other_kinds_are_quoted_by_their_subject(rendered):
    text = plain(rendered('{{ quote("crossover", workload="matmul", contender="torch-cpu") }}'))
    assert text.startswith(
        "matmul, float32: NumPy is faster than torch-cpu at n = 16; torch-cpu is faster at 64"
    )
    assert plain(rendered('{{ quote("verification") }}')).startswith("6 results were compared")


def test_all_findings_of_a_kind_are_a_list_and_an_empty_list_says_so(rendered):
    listed = rendered('{{ quotes("speedup", workload="matmul", contender="torch-cpu") }}')
    assert listed.count("<li ") == 3
    assert listed.startswith('<ul class="findings">')
    marked = rendered('{{ quotes("speedup", workload="matmul") }}', kind="markdown")
    assert marked.count("- matmul at") == 3
    assert "not measured" in rendered('{{ quotes("speedup", workload="fft") }}')


def test_headlines_are_those_of_the_page(rendered, write):
    findings = findings_of(write, small_file())
    text = plain(rendered("{{ headlines() }}", findings=findings))
    assert all(headline.text in text for headline in findings.headlines())


def with_cuda(label="gpu <box>"):
    case = "matmul/n=16/float32/threads=2"
    timed = [
        entry(f"{case}/numpy", 1e-3, ONE),
        entry(f"{case}/torch-cuda", 1e-5, (99.0, 98.0, 99.9), device="cuda"),
    ]
    return content(timed, label=label)


def test_a_missing_gpu_is_quoted_from_a_reference_machine_and_marked(rendered, write):
    theirs = findings_of(write, with_cuda(), "gpu.json")
    reference = Reference(theirs, "gpu <box>", "data/gpu.json")
    own = load(write(small_file()))
    text = '{{ speedup("matmul", "n=16", contender="torch-cuda") }}'
    marked = rendered(text, findings=Findings(own, (reference,)))
    assert "torch-cuda is 99.0† times as fast" in plain(marked)
    assert "measured on gpu &lt;box&gt;, not on this machine" in marked
    assert 'data-file="data/gpu.json"' in marked
    alone = plain(rendered(text, findings=Findings(own)))
    assert "torch-cuda has no speedup (no cuda device)." in alone
    mine = rendered('{{ speedup("matmul", "n=16") }}', findings=Findings(own, (reference,)))
    assert "†" not in mine


def test_cpu_times_of_another_machine_are_never_quoted(rendered, write):
    theirs = findings_of(write, with_speedup(WINS), "theirs.json")
    own = Findings(load(write(small_file())), (Reference(theirs, "theirs", "data/theirs.json"),))
    assert "not measured" in rendered('{{ speedup("matmul", "n=1024") }}', findings=own)


def test_a_figure_names_its_machine_and_has_ids_of_its_chapter(rendered):
    text = rendered('before\n\n{{ figure("time/matmul") }}\n\nafter')
    assert '<g id="c07-a"><use href="#c07-b"/><path clip-path="url(#c07-c)"/>' in text
    assert "Measured on box." in plain(text)
    assert "<p><figure" not in text


def test_a_figure_of_a_reference_machine_names_that_machine(rendered, write):
    theirs = findings_of(write, with_cuda(), "gpu.json")
    own = load(write(small_file()))
    for references, place in (
        ((Reference(theirs, "gpu box", "data/gpu.json"),), "gpu box, not on this machine"),
        ((), "box"),
    ):
        findings = Findings(own, references)
        text = rendered(
            '{{ figure("answer/gpu") }}', findings=findings, figures={"answer/gpu": SVG}
        )
        assert plain(text).strip() == f"Measured on {place}."


def test_what_only_a_gpu_can_answer_is_named_in_words_where_there_is_none(rendered):
    assert plain(rendered('{{ quote("bill", contender="torch-cuda") }}')).startswith(
        "The bill of one call: this run timed no accelerator"
    )
    assert plain(rendered('{{ quote("on-gpu", device="cuda") }}')).startswith(
        "What a GPU changes: this run timed no accelerator"
    )


def test_a_chapter_opens_with_its_reading_time_and_what_it_needs(rendered):
    contents = find()
    views = next(chapter for chapter in contents if chapter.name == "views")
    exercises = "#\n# ## Exercises\n"
    text = rendered('{{ opening("views", "autograd") }}', contents=contents, more=exercises)
    assert plain(text).startswith(f"About five minutes, and the exercises. Needs {views.number} · ")
    assert f'<a href="../1_basics/{views.path.stem}.html">' in text
    assert plain(rendered("{{ opening() }}")).strip() == "About five minutes."


def test_a_missing_figure_says_why(rendered):
    assert "this run did not time what it shows" in rendered('{{ figure("time/fft") }}')


def test_the_code_of_a_workload_is_that_of_its_file(rendered):
    whole = (ROOT / "bench/workloads/matmul.py").read_text()
    shown = [
        html.unescape(re.sub(r"<[^>]+>", "", block))
        for block in rendered('{{ source("bench/workloads/matmul.py") }}').split(
            '<div class="code">'
        )
    ]
    assert whole in "".join(shown)
    both = html.unescape(re.sub(r"<[^>]+>", "", rendered('{{ pair("matmul") }}')))
    assert "def matmul_numpy" in both
    assert "def matmul_torch" in both
    one = html.unescape(
        re.sub(r"<[^>]+>", "", rendered('{{ function("' + IM2COL + '", "output_size") }}'))
    )
    assert one.strip() in (ROOT / IM2COL).read_text()


@pytest.mark.parametrize("name", discover())
def test_both_bodies_of_every_workload_are_shown_side_by_side(rendered, name):
    text = (ROOT / f"bench/workloads/{name}.py").read_text()
    shown = rendered(f'{{{{ pair("{name}") }}}}', kind="markdown")
    bodies = re.findall(r"```python\n(.*?)```", shown, flags=re.DOTALL)
    assert len(bodies) == 2
    for body in bodies:
        assert all(part.strip() in text for part in body.split("\n\n\n"))


def test_a_diff_marks_removed_added_and_same_lines(rendered):
    text = '{{ diff("' + RUNGS + '", "mlp_tensors", "' + RUNGS + '", "mlp_autograd") }}'
    marked = rendered(text, kind="markdown")
    assert "- def mlp_tensors(" in marked
    assert "+ def mlp_autograd(" in marked
    assert "      losses = []" in marked
    assert '<span class="removed">- def mlp_tensors(' in rendered(text)


def test_a_diff_of_bodies_leaves_out_signatures_and_formatting(rendered):
    files = '"bench/workloads/train_mlp.py", "{}", "bench/workloads/parts/deeper.py", "{}"'
    text = "{{ diff(" + files.format("mlp_torch", "mlp_torch") + ", bodies=True) }}"
    lines = rendered(text, kind="markdown").splitlines()
    assert sum(line.startswith("+") for line in lines) == 2
    assert not any("def mlp_torch" in line for line in lines)


def test_a_picture_is_a_part_of_the_page_with_its_date_version_and_a_description(rendered):
    text = '{{ picture("tensorboard-scalars", "curves <of> \\"runs\\"") }}'
    shown = rendered(text)
    (path,) = parts.PICTURES.glob("tensorboard-scalars-*")
    (content,) = re.findall(r'<img src="data:image/webp;base64,([^"]+)"', shown)
    assert base64.b64decode(content) == path.read_bytes()
    assert 'alt="curves &lt;of&gt; &#34;runs&#34;"' in shown
    assert re.fullmatch(r"tensorboard-scalars-\d+\.\d+\.\d+-\d{4}-\d{2}-\d{2}", path.stem)
    version, date = path.stem[20:-11], path.stem[-10:]
    assert f"Recorded on {date} with tensorboard {version}, not on this machine." in shown
    assert "base64" not in rendered(text, kind="markdown")


@pytest.mark.parametrize(
    "text",
    [
        "{{ nothing }}",
        '{{ source("/etc/passwd") }}',
        '{{ function("bench/workloads/parts/im2col.py", "nothing") }}',
        '{{ pair("nothing") }}',
        '{{ picture("nothing", "a page") }}',
        '{{ chapter("nothing") }}',
        "{{ speedup() }}",
        "{% if %}",
    ],
)
def test_an_unknown_name_in_prose_is_an_error_that_names_the_chapter(rendered, text):
    with pytest.raises(prose.ChapterError, match=r"^07_x\.py: "):
        rendered(text)


def test_links_lead_to_chapters_and_to_families_of_this_run(rendered):
    contents = find()
    views = next(chapter for chapter in contents if chapter.name == "views")
    link = rendered('{{ chapter("views") }}', contents=contents)
    assert f'<a href="../1_basics/{views.path.stem}.html">{views.number} · ' in link
    assert f"(../1_basics/{views.path.stem}.ipynb)" in rendered(
        '{{ chapter("views") }}', contents=contents, kind="markdown"
    )
    assert rendered('{{ family("matmul", "all") }}') == (
        '<p><a href="../../family-matmul.html">all</a></p>\n'
    )
    assert rendered('{{ family("fft", "all") }}') == "<p>all</p>\n"


def test_every_common_mistake_is_listed_with_a_link_to_it(rendered):
    contents = find()
    listed = rendered("{{ mistakes() }}", contents=contents)
    assert listed.count("<li>") == sum(bool(chapter.mistake) for chapter in contents)
    views = next(chapter for chapter in contents if chapter.name == "views")
    anchor = views.anchor(f"A common mistake: {views.mistake}")
    assert f'href="../1_basics/{views.path.stem}.html#{anchor}"' in listed


def test_headings_can_be_linked_to(rendered):
    assert rendered("## A *b*") == '<h2 id="c07-a-b">A <em>b</em></h2>\n'


def test_texts_of_a_result_file_are_neither_markdown_nor_markup(rendered, write):
    data = small_file(label="[x](http://evil) <b> *y* `z`")
    data["cells"][-1]["reason"] = "[go](http://evil) <img src=x>"
    text = 'On {{ machine }}:\n\n> {{ speedup("matmul", "n=256", contender="torch-cuda") }}'
    shown = rendered(text, data)
    assert "<a " not in shown
    assert "<img" not in shown
    assert "[x](http://evil) &lt;b&gt; *y* `z`" in shown
    assert r"\[go\](http://evil) \<img src=x\>" in rendered(text, data, kind="markdown")


CELLS = """# %% [markdown]
# # T
#
# {{ machine }}

# %%
x = 1
x

# %% tags=["gpu"]
1 / 0

# %%
x < 2
"""


@pytest.fixture
def chapter(tmp_path, write):
    def of(text=CELLS):
        path = tmp_path / "07_x.py"
        path.write_text(text)
        return prose.Prose(
            chapter=read(path),
            findings=findings_of(write, small_file()),
            figure={}.get,
            contents=(),
            families={},
        )

    return of


def shown(made, ran=None, recordings=()):
    return page.render(made, Outputs(ran=ran or run(made.chapter), recordings=recordings))


def test_a_page_shows_the_output_of_each_cell(chapter):
    text = shown(chapter())
    assert text.index("<h1>T</h1>") < text.index('<pre class="output">1\n</pre>')
    assert text.index('<pre class="output">1\n</pre>') < text.index('<pre class="output">True\n')


def test_a_page_shows_the_html_form_of_a_value_as_it_is(chapter):
    made = chapter()
    key = next(cell.key for cell in made.chapter.cells if cell.key)
    text = shown(made, ChapterRun(cells={key: CellOutput(html="<table></table>")}))
    assert '<div class="output scroll"><table></table></div>' in text


def test_the_hints_of_an_exercise_are_folded_below_its_cell(chapter, monkeypatch):
    monkeypatch.setattr(page, "paragraphs", lambda file: {"x": ["First `a`.", "Second."]})
    text = shown(chapter(CELLS + "\n\n# %%\ndef check(x):\n    pass\n\n\ncheck(x)\n"))
    assert text.endswith(
        "<details><summary>A hint</summary><p>First <code>a</code>.</p><details><summary>A hint"
        "</summary><p>Second.</p></details></details>"
    )


def test_a_gpu_cell_without_a_recording_says_that_it_was_not_run(chapter):
    assert "needs a GPU, and the machine that built this page has none" in shown(chapter())


def test_a_page_shows_the_recording_of_another_machine_with_its_label(chapter):
    made = chapter()
    key = next(cell.key for cell in made.chapter.cells if cell.gpu)
    cells = {key: CellOutput(text="fast <b>\n", figures=("<svg></svg>",))}
    recording = Recording(
        label="an <H100>", place="GPU, PyTorch 2.13", made="2026-01-01", cells=cells
    )
    text = shown(made, recordings=[recording])
    assert "Recorded on an &lt;H100&gt;, not on this machine (" in text
    assert "(<samp>GPU, PyTorch 2.13</samp>, 2026-01-01):" in text
    assert (
        '<pre class="output">fast &lt;b&gt;\n</pre><figure class="drawn"><svg></svg></figure>'
        in text
    )
    assert "needs a GPU" not in text


def test_a_page_shows_the_error_of_a_failed_cell_and_runs_no_later_cell(chapter):
    text = shown(chapter(CELLS.replace("x = 1", "x = 1 / 0")))
    assert '<pre class="output failed">ZeroDivisionError: division by zero</pre>' in text
    assert text.count("because an earlier cell failed") == 1


def test_without_torch_a_page_says_that_code_was_not_run(chapter, monkeypatch):
    monkeypatch.setattr(page.importlib.util, "find_spec", lambda name: None)
    assert shown(chapter(), ChapterRun()).count("PyTorch is not installed") == 3


def test_a_notebook_holds_the_code_and_the_filled_prose(chapter):
    cells = json.loads(page.notebook(chapter()))["cells"]
    assert [cell["cell_type"] for cell in cells] == ["markdown", "code", "code", "code"]
    assert "".join(cells[0]["source"]) == "# T\n\nbox"
    assert "".join(cells[1]["source"]) == "x = 1\nx"
    assert cells[2]["metadata"]["tags"] == ["gpu"]


GLOSSARY = """# %% [markdown]
# # What do the words mean?
#
# **leaf** · a tensor of one's own.
#
# **leaf node** · another.
"""


@pytest.fixture
def linked(tmp_path, write):
    """Return a function that renders the texts of cells as HTML, with a glossary."""

    def of(*texts):
        folder = tmp_path / "4_utilities"
        folder.mkdir()
        (folder / "27_glossary.py").write_text(GLOSSARY)
        (tmp_path / "05_x.py").write_text("# %% [markdown]\n# # T\n")
        words, chapter = read(folder / "27_glossary.py"), read(tmp_path / "05_x.py")
        made = prose.Prose(
            chapter=chapter,
            findings=findings_of(write, small_file()),
            figure={}.get,
            contents=[chapter, words],
            families={},
        )
        glossary = Glossary(chapter, [chapter, words])
        return [made.html(text, glossary) for text in texts]

    return of


LEAF = '<a class="term" href="../4_utilities/27_glossary.html#c27-leaf">{}</a>'
NODE = '<a class="term" href="../4_utilities/27_glossary.html#c27-leaf-node">{}</a>'


def test_the_first_use_of_a_word_in_a_chapter_leads_to_the_glossary(linked):
    first, second = linked("Two Leafs & a leaf.", "a leaf, a leaf node")
    assert first == f"<p>Two {LEAF.format('Leafs')} &amp; a leaf.</p>\n"
    assert second == f"<p>a leaf, a {NODE.format('leaf node')}</p>\n"


def test_no_term_is_linked_in_links_headings_code_or_emphasis(linked):
    text = "## A leaf\n\n[a leaf](x.html) `leaf` *leaf* **leaf** leaflet"
    (html,) = linked(text)
    assert "term" not in html


def test_the_glossary_gives_each_word_an_id_and_links_none(tmp_path, write):
    (tmp_path / "27_glossary.py").write_text(GLOSSARY)
    words = read(tmp_path / "27_glossary.py")
    made = prose.Prose(
        chapter=words,
        findings=findings_of(write, small_file()),
        figure={}.get,
        contents=[words],
        families={},
    )
    page_of_words = made.html(words.cells[0].source, Glossary(words, [words]))
    assert '<p id="c27-leaf"><strong>leaf</strong>' in page_of_words
    assert "term" not in page_of_words
