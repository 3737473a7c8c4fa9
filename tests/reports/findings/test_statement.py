"""Words and numbers are kept apart, and every number names its source."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.common.utils import escapeHtml

from reports.findings.statement import QUOTED, Finding, markdown


def finding(**changes):
    return Finding(
        **{
            "id": "kind/a",
            "state": "faster",
            "sentence": "{name} takes {time}, {other} before",
            "words": {"name": "<b>X</b> & {time}"},
            "numbers": {"time": "3 µs", "other": "4 µs"},
            "cells": ("case/numpy", "case/torch-cpu"),
            "of": {"other": "case/numpy"},
            "cause": "; {name} did it",
        }
        | changes
    )


DATA = re.compile(
    r'<data class="(.*?)" value="(.*?)" data-finding="(.*?)" data-key="(.*?)" data-cell="(.*?)"'
    r"(.*?)>(.*?)</data>"
)


def test_text_fills_the_fields_of_sentence_and_cause():
    statement = finding()
    assert statement.text == "<b>X</b> & {time} takes 3 µs, 4 µs before; <b>X</b> & {time} did it."
    assert (statement.kind, statement.has_numbers) == ("kind", True)


def test_html_escapes_words_and_marks_numbers_with_finding_key_and_cell():
    html = str(finding().html)
    assert "<b>" not in html
    assert html.startswith("&lt;b&gt;X&lt;/b&gt; &amp; {time} takes <data")
    assert html.endswith("; &lt;b&gt;X&lt;/b&gt; &amp; {time} did it.")
    assert DATA.findall(html) == [
        ("faster", "3 µs", "kind/a", "time", "case/torch-cpu", "", "3 µs"),
        ("faster", "4 µs", "kind/a", "other", "case/numpy", "", "4 µs"),
    ]


def test_attributes_are_escaped():
    hostile = '"><script>'
    statement = finding(id=hostile, cells=(hostile,), numbers={"time": hostile, "other": hostile})
    html = str(statement.elsewhere(hostile, hostile).html)
    assert "<script" not in html
    assert html.count('"') == 2 * 7 * 2  # two numbers of seven attributes each


def test_a_number_without_cells_names_the_finding():
    assert 'data-cell="kind/a"' in finding(cells=(), of={}).html


def test_every_number_of_another_machine_is_marked():
    statement = finding().elsewhere("<lab>", "machines/lab.json")
    assert (
        statement.text == "<b>X</b> & {time} takes 3 µs†, 4 µs† before; <b>X</b> & {time} did it."
    )
    numbers = DATA.findall(str(statement.html))
    assert [(number[3], number[-1]) for number in numbers] == [
        ("time", "3 µs<sup>†</sup>"),
        ("other", "4 µs<sup>†</sup>"),
    ]
    for number in numbers:
        assert number[-2] == (
            ' data-file="machines/lab.json" title="measured on &lt;lab&gt;, not on this machine"'
        )
    assert (statement.machine, finding().machine) == ("<lab>", "")


def test_a_field_without_value_is_an_error():
    broken = finding(sentence="{nothing}")
    for way in ("text", "html"):
        with pytest.raises(KeyError):
            getattr(broken, way)


def test_has_numbers_is_false_without_numbers():
    assert not finding(sentence="{name}", numbers={}).has_numbers


def test_a_quoted_reason_names_its_cell_like_a_number():
    statement = finding(
        sentence="{name}: {reason}", words={"name": "it", QUOTED: "4 < 5"}, numbers={}
    )
    statement = Finding(**{**vars(statement), "cause": ""})
    assert statement.text == "it: 4 < 5."
    ((state, *rest, shown),) = DATA.findall(str(statement.html))
    assert (state, rest[2], rest[3], shown) == ("faster", QUOTED, "case/torch-cpu", "4 &lt; 5")


def test_rendered_markdown_equals_text():
    statement = finding(words={"name": "<b>*X*</b>\n[a](b)"})
    shown = MarkdownIt().renderInline(statement.markdown)
    assert shown == escapeHtml(statement.text.replace("\n", " "))
    assert finding().elsewhere("lab", "f").markdown.count("†") == 2


@given(st.text(alphabet=st.sampled_from("ab1 <>&*_`~[]()!|\\\\#$\n\t.:/-+=\"'{}"), max_size=30))
def test_any_text_is_escaped_in_markdown(text):
    shown = MarkdownIt("commonmark").renderInline(markdown(text))
    assert shown == escapeHtml(" ".join(text.split()))
