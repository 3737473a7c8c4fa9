"""Lines of code: what counts, and that called functions of this project count too."""

from functools import partial

import numpy as np

from bench.outcomes.lines import code_lines
from bench.workload import discover
from bench.workloads.parts.classifier import cross_entropy_numpy, sgd


def test_comments_blank_lines_and_docstrings_do_not_count():
    assert code_lines(sgd) == 3  # its def, its loop, its step: not its docstring


def test_what_a_body_calls_from_the_project_counts_once(monkeypatch):
    def body(z, y):
        first = cross_entropy_numpy(z, y)

        # a comment
        return first, cross_entropy_numpy(z, y), np.exp(z)

    monkeypatch.setattr(body, "__module__", "bench.somewhere")
    assert code_lines(body) == 3 + code_lines(cross_entropy_numpy)


def test_a_call_over_several_lines_counts_the_lines_that_hold_code(monkeypatch):
    def body(x):
        return np.add(
            x,
            x,
        )

    monkeypatch.setattr(body, "__module__", "bench.somewhere")
    assert code_lines(body) == 5


def test_a_partial_body_counts_the_functions_in_its_arguments():
    assert code_lines(partial(sgd)) == code_lines(sgd)
    assert code_lines(partial(sgd, grads=cross_entropy_numpy)) == 3 + code_lines(
        cross_entropy_numpy
    )


def test_code_of_other_libraries_does_not_count():
    assert code_lines(np.exp) == 0


def test_every_body_has_two_lines_or_more():
    for workload in discover().values():
        assert code_lines(workload.numpy) >= 2
        assert code_lines(workload.torch) >= 2


def test_gradients_by_hand_take_more_lines_than_autograd():
    steps = {one.name: one.body for one in discover()["train_mlp"].variants}
    assert code_lines(steps["tensors"]) > code_lines(steps["autograd"])
