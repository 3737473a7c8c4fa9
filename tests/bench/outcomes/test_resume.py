"""A run goes on only as the run that it was, and the refusal names what changed."""

import copy

import pytest

from bench.outcomes.journal import Journal
from bench.outcomes.resume import ResumeError, refuse_changed, unfinished
from bench.results.schema import ListedCell
from tests.conftest import CASE, asked

A, B = (f"{CASE.format(n)}/numpy" for n in (16, 64))
HEADER = {
    "datetime": "2026-01-02T03:04:05",
    "machine_info": {
        "label": "box",
        "cpu": {"model": "A", "usable_cores": 2},
        "gpus": [],
        "blas": {},
        "settings": {"malloc": {}},
        "versions": {"numpy": "2.0", "torch": "2.6"},
    },
    "run": {"sources": {"matmul": "aa"}},
}


def journal(folder, name="run", *, complete=False):
    made = Journal(folder / f"{name}.json", HEADER, [ListedCell.model_validate(asked(A))])
    made.complete = complete
    return made


def changed(path, value):
    header = copy.deepcopy(HEADER)
    place = header
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return header


def test_the_same_run_may_go_on(tmp_path):
    refuse_changed(journal(tmp_path), HEADER, [A])


@pytest.mark.parametrize(
    ("header", "asked", "said"),
    [
        (changed(["machine_info", "cpu", "model"], "B"), [A], "the machine's cpu"),
        (changed(["machine_info", "gpus"], [{"name": "H"}]), [A], "the machine's gpus"),
        (
            changed(["machine_info", "versions", "torch"], "2.7"),
            [A],
            "the version of torch: 2.6, now 2.7",
        ),
        (changed(["run", "sources", "matmul"], "bb"), [A], "the source of workload matmul"),
        (HEADER, [A, B], "the selection: 1 cells, now 2"),
    ],
)
def test_what_changed_is_named(tmp_path, header, asked, said):
    with pytest.raises(ResumeError, match="cannot mix two runs") as caught:
        refuse_changed(journal(tmp_path), header, asked)
    assert said in str(caught.value)


def test_the_newest_run_is_taken_a_journal_before_its_older_file(tmp_path):
    journal(tmp_path, "2026-01-01").assemble()
    journal(tmp_path, "2026-01-02").assemble()
    assert unfinished(tmp_path).path.name == "2026-01-02.jsonl"
    journal(tmp_path, "2026-01-02")
    assert unfinished(tmp_path).path.exists()


def test_a_newer_result_file_is_taken_before_the_journal_of_an_older_run(tmp_path):
    journal(tmp_path, "2026-01-01")
    journal(tmp_path, "2026-01-02").assemble()
    assert unfinished(tmp_path).path.name == "2026-01-02.jsonl"


def test_without_a_run_that_was_cut_off_there_is_nothing_to_go_on_with(tmp_path):
    with pytest.raises(ResumeError, match="there is none"):
        unfinished(tmp_path)
    journal(tmp_path, complete=True).assemble()
    with pytest.raises(ResumeError, match="came to its end"):
        unfinished(tmp_path)


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"benchmarks": []}'])
def test_a_file_that_is_no_run_is_one_clear_line(tmp_path, text):
    (tmp_path / "run.json").write_text(text)
    with pytest.raises(ResumeError, match="cannot read"):
        unfinished(tmp_path)
