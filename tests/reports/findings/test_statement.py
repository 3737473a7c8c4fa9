"""Words and numbers apart, and every number tied to where it comes from."""

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
            "sentence": "{who} takes {time}, {other} before",
            "words": {"who": "<b>X</b> & {time}"},
            "numbers": {"time": "3 µs", "other": "4 µs"},
            "cells": ("case/numpy", "case/torch-cpu"),
            "of": {"other": "case/numpy"},
            "cause": "; {who} did it",
        }
        | changes
    )


DATA = re.compile(
    r'<data class="(.*?)" value="(.*?)" data-finding="(.*?)" data-key="(.*?)" data-cell="(.*?)"'
    r"(.*?)>(.*?)</data>"
)


def test_text_is_the_sentence_and_its_cause_with_their_places_filled():
    told = finding()
    assert told.text == "<b>X</b> & {time} takes 3 µs, 4 µs before; <b>X</b> & {time} did it."
    assert (told.kind, told.has_numbers) == ("kind", True)


def test_html_escapes_words_and_ties_each_number_to_finding_key_and_cell():
    html = str(finding().html)
    assert "<b>" not in html
    assert html.startswith("&lt;b&gt;X&lt;/b&gt; &amp; {time} takes <data")
    assert html.endswith("; &lt;b&gt;X&lt;/b&gt; &amp; {time} did it.")
    assert DATA.findall(html) == [
        ("faster", "3 µs", "kind/a", "time", "case/torch-cpu", "", "3 µs"),
        ("faster", "4 µs", "kind/a", "other", "case/numpy", "", "4 µs"),
    ]


def test_what_stands_in_an_attribute_cannot_leave_it():
    hostile = '"><script>'
    told = finding(id=hostile, cells=(hostile,), numbers={"time": hostile, "other": hostile})
    html = str(told.elsewhere(hostile, hostile).html)
    assert "<script" not in html
    assert html.count('"') == 2 * 7 * 2  # two numbers of seven attributes each


def test_a_number_without_cells_is_the_findings_own():
    assert 'data-cell="kind/a"' in finding(cells=(), of={}).html


def test_what_another_machine_gave_is_marked_at_every_number():
    told = finding().elsewhere("<lab>", "machines/lab.json")
    assert told.text == "<b>X</b> & {time} takes 3 µs†, 4 µs† before; <b>X</b> & {time} did it."
    numbers = DATA.findall(str(told.html))
    assert [(number[3], number[-1]) for number in numbers] == [
        ("time", "3 µs<sup>†</sup>"),
        ("other", "4 µs<sup>†</sup>"),
    ]
    for number in numbers:
        assert number[-2] == (
            ' data-file="machines/lab.json" title="measured on &lt;lab&gt;, not on this machine"'
        )
    assert (told.machine, finding().machine) == ("<lab>", "")


def test_a_place_that_nothing_fills_is_an_error():
    broken = finding(sentence="{nothing}")
    for way in ("text", "html"):
        with pytest.raises(KeyError):
            getattr(broken, way)


def test_a_statement_without_numbers_is_not_told():
    assert not finding(sentence="{who}", numbers={}).has_numbers


def test_what_a_file_says_itself_is_tied_to_its_cell_like_a_number():
    told = finding(sentence="{who}: {reason}", words={"who": "it", QUOTED: "4 < 5"}, numbers={})
    told = Finding(**{**vars(told), "cause": ""})
    assert told.text == "it: 4 < 5."
    ((state, *rest, shown),) = DATA.findall(str(told.html))
    assert (state, rest[2], rest[3], shown) == ("faster", QUOTED, "case/torch-cpu", "4 &lt; 5")


def test_markdown_says_what_text_says():
    told = finding(words={"who": "<b>*X*</b>\n[a](b)"})
    shown = MarkdownIt().renderInline(told.markdown)
    assert shown == escapeHtml(told.text.replace("\n", " "))
    assert finding().elsewhere("lab", "f").markdown.count("†") == 2


@given(st.text(alphabet=st.sampled_from("ab1 <>&*_`~[]()!|\\\\#$\n\t.:/-+=\"'{}"), max_size=30))
def test_nothing_that_a_file_says_has_a_meaning_in_markdown(text):
    shown = MarkdownIt("commonmark").renderInline(markdown(text))
    assert shown == escapeHtml(" ".join(text.split()))
