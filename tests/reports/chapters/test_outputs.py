"""What chapters show is kept while nothing changes, run anew when something does, or recorded."""

import json
import subprocess

import pytest

from reports.chapters import execution
from reports.chapters import outputs as module
from reports.chapters.execution import Ran, Shown
from reports.chapters.outputs import Outputs, key, outputs, record, recorded_in, slowest
from reports.chapters.reading import read

RUNS = "# %% [markdown]\n# # T\n\n# %%\nimport uuid\n\nprint(uuid.uuid4())\n"


@pytest.fixture
def made(tmp_path):
    def chapter(text=RUNS, name="01_x.py"):
        path = tmp_path / name
        path.write_text(text)
        return read(path)

    return chapter


@pytest.fixture
def shown(tmp_path):
    """Return a way to what chapters show, and whether it was kept in a folder of the test's."""

    def of(*chapters, recorded="none"):
        return outputs(chapters, tmp_path / "kept", tmp_path / recorded)

    return of


@pytest.fixture
def planted(monkeypatch):
    """Return a way to say what a chapter shows, which then is not run for it."""

    def plant(chapter):
        cells = {chapter.cells[1].key: Shown(text="planted")}
        ran = Ran(place="a box", made="2026-01-02", cells=cells)
        monkeypatch.setattr(module, "run_apart", lambda chapters: [ran])
        return ran

    return plant


def test_what_was_shown_is_shown_again_until_the_code_changes(made, shown):
    first = shown(made())["01_x"].ran
    assert shown(made())["01_x"].ran == first
    assert shown(made(RUNS + "\n# %% [markdown]\n# more prose\n"))["01_x"].ran != first


def test_prose_aside_what_is_imported_from_here_changes_the_key(made, monkeypatch, tmp_path):
    plain, using = made(), made(RUNS + "\n# %%\nimport bench\n", "02_y.py")
    (tmp_path / "bench").mkdir()
    (tmp_path / "bench" / "a.py").write_text("1")
    monkeypatch.setattr(module, "ROOT", tmp_path)
    before = key(plain), key(using)
    (tmp_path / "bench" / "a.py").write_text("2")
    assert key(plain) == before[0]
    assert key(using) != before[1]


def test_other_libraries_change_the_key(made, monkeypatch):
    before = key(made())
    monkeypatch.setattr(module, "version", lambda name: "99")
    assert key(made()) != before


@pytest.mark.parametrize("text", ["", "{", "[]", '{"key": 1}', '{"ran": "{}"}'])
def test_a_broken_file_of_what_was_shown_is_written_anew(made, shown, planted, tmp_path, text):
    ran = planted(made())
    path = tmp_path / "kept" / "01_x.json"
    path.parent.mkdir()
    path.write_text(text)
    assert shown(made())["01_x"].ran == ran
    assert json.loads(path.read_text())["key"] == key(made())


def test_what_failed_is_not_kept(made, shown, tmp_path):
    assert shown(made(RUNS + "1 / 0"))["01_x"].ran.error.startswith("ZeroDivisionError")
    assert not (tmp_path / "kept").exists()


def test_a_folder_that_cannot_be_written_costs_time_alone(made, planted, tmp_path):
    ran = planted(made())
    (tmp_path / "kept").write_text("a file")
    assert outputs([made()], tmp_path / "kept", tmp_path)["01_x"].ran == ran


def test_chapters_run_in_one_process_in_order(made, shown):
    cell = "# %% [markdown]\n# # T\n\n# %%\nimport os\n\nos.getpid()\n"
    both = shown(made(cell), made(cell, "02_y.py"))
    pids = [next(iter(each.ran.cells.values())).text for each in both.values()]
    assert pids[0] == pids[1]
    assert int(pids[0]) != module.os.getpid()


def test_a_chapter_that_kills_its_process_costs_no_chapter_before_it(made, shown):
    dies = RUNS + "import os\n\nos._exit(9)\n"
    found = shown(made(), made(dies, "02_y.py"), made(name="03_z.py"))
    assert found["01_x"].ran.cells
    assert found["02_y"].ran.error.startswith("its process ended with 9")
    assert found["03_z"].ran.error.startswith("its process ended with 9")


def test_chapters_that_do_not_end_are_stopped(made, shown, monkeypatch):
    def slow(*args, **kwargs):
        raise subprocess.TimeoutExpired("x", 1)

    monkeypatch.setattr(module.subprocess, "run", slow)
    assert "did not end within" in shown(made())["01_x"].ran.error


def test_a_chapter_after_the_time_of_all_is_cut_at_its_first_cell(made, tmp_path, monkeypatch):
    monkeypatch.setattr(execution, "ALL_S", 0.0)
    path = made("# %% [markdown]\n# # T\n\n# %%\nimport time\n\ntime.sleep(9)\n").path
    execution.main(str(tmp_path), str(path))
    assert "took over" in json.loads((tmp_path / "01_x.json").read_text())["error"]


def test_the_log_names_the_slowest_chapters_and_cells():
    def took(*seconds):
        cells = {str(n): Shown(seconds=s) for n, s in enumerate(seconds)}
        return Outputs(ran=Ran(seconds=sum(seconds), cells=cells))

    shown = {"01_a": took(0.5, 2.0), "02_b": took(9.0, 1.0), "03_c": took(), "04_d": took(1.0)}
    assert slowest(shown, 2) == (
        "4 chapters ran in 14 s; the longest: 02_b 10.0 s, of it 9.0 s in cell 1; "
        "01_a 2.5 s, of it 2.0 s in cell 2"
    )


def test_without_torch_nothing_is_run(made, shown, monkeypatch):
    monkeypatch.setattr(module.importlib.util, "find_spec", lambda name: None)
    assert shown(made())["01_x"].ran == Ran()


def test_of_recordings_the_newest_that_holds_a_cell_is_shown(made, shown, planted, tmp_path):
    chapter = made()
    planted(chapter)
    cell = chapter.cells[1].key
    (tmp_path / "recorded").mkdir()
    for label, date in (("old", "2025-01-01"), ("new", "2026-01-01"), ("other", "2027-01-01")):
        text = {"text": label, "figures": []}
        cells = {cell if label != "other" else "else": text}
        stored = {"label": label, "place": "a box", "made": date, "cells": cells}
        (tmp_path / "recorded" / f"{label}.json").write_text(json.dumps(stored))
    recording, text = shown(chapter, recorded="recorded")["01_x"].recorded(cell)
    assert (recording.label, text) == ("new", Shown(text="new"))
    assert shown(chapter)["01_x"].recorded(cell) is None
    assert [each.label for each in recorded_in(tmp_path / "recorded")] == ["other", "new", "old"]


def test_what_one_machine_records_another_shows(made, shown, planted, tmp_path):
    chapter = made()
    planted(chapter)
    first = shown(chapter)
    path = record(first, "my <box>/..", tmp_path / "recorded")
    assert path.name == "my-box-...json"
    recording, text = shown(chapter, recorded="recorded")["01_x"].recorded(chapter.cells[1].key)
    assert text == first["01_x"].ran.cells[chapter.cells[1].key]
    assert (recording.label, recording.place) == ("my <box>/..", first["01_x"].ran.place)


def test_nothing_is_recorded_where_nothing_ran(tmp_path):
    with pytest.raises(ValueError, match="chapters that ran here expected"):
        record({"01_x": module.Outputs(ran=Ran())}, "box", tmp_path)
