"""The phrase book: every entry runs, and its kind and its fix are what was compared."""

import numpy as np
import pytest
import torch

from tutorial.phrases import DIFFERS, PHRASES, RENAMED, SAME, Phrase, equal

IDS = [phrase.numpy for phrase in PHRASES.phrases]


@pytest.mark.parametrize("phrase", PHRASES.phrases, ids=IDS)
def test_an_entry_runs_in_numpy_and_is_mended_exactly_where_it_differs(phrase):
    assert not isinstance(phrase.results[0], str), "NumPy's expression runs"
    assert not phrase.fix or phrase.fix_works
    assert not phrase.fix or phrase.kind == DIFFERS
    random = "random" in phrase.numpy  # no expression gives NumPy's numbers
    assert bool(phrase.fix) is (phrase.kind == DIFFERS and not random)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (np.ones(2), torch.ones(2, dtype=torch.float64), True),
        (np.ones(2), torch.ones(2), False),
        (np.ones(2), torch.ones(1, 2, dtype=torch.float64), False),
        (np.ones(2), torch.tensor([1.0, 1.1], dtype=torch.float64), False),
        ((2, 3), torch.Size((2, 3)), True),
        ([np.ones(1)], (torch.ones(1).double(), torch.ones(1).double()), False),
        (np.ones(2), (torch.ones(2).double(),), False),
        (np.ones(2), "raises ValueError", False),
        (True, torch.tensor(data=True), True),
    ],
)
def test_results_are_the_same_in_structure_shape_dtype_and_numbers(one, other, same):
    assert equal(one, other) is same


@pytest.mark.parametrize(
    ("numpy", "other", "kind"),
    [
        ("np.exp(x)", "torch.exp(x)", SAME),
        ("x.copy()", "x.clone()", RENAMED),
        ("x.std()", "x.std()", DIFFERS),
        ("x[::-1]", "x[::-1]", DIFFERS),
    ],
)
def test_the_kind_is_found_by_running_both(numpy, other, kind):
    assert Phrase("any", numpy, other).kind == kind


def test_the_table_has_a_row_for_each_entry_and_shows_what_differs():
    page = PHRASES._repr_html_()
    assert page.count("<tr") == len(PHRASES.phrases) + 1
    assert "gives float32, NumPy float64" in page
    assert "raises ValueError; NumPy gives" in page
    assert "write <code>x.amax(axis=1)</code>" in page
    assert sum(PHRASES.counts().values()) == len(PHRASES.phrases)
