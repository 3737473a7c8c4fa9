"""Outputs of chapters are cached until something changes; recordings fill the gaps."""

import json
import subprocess

import pytest

from reports.chapters import execution
from reports.chapters import outputs as module
from reports.chapters.execution import CellOutput, ChapterRun
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
    """Return a function from chapters to their outputs; its cache is a folder of the test."""

    def of(*chapters, recorded="none"):
        return outputs(chapters, tmp_path / "kept", tmp_path / recorded)

    return of


@pytest.fixture
def planted(monkeypatch):
    """Return a function that replaces a chapter's run by a planted result."""

    def plant(chapter):
        cells = {chapter.cells[1].key: CellOutput(text="planted")}
        ran = ChapterRun(place="a box", made="2026-01-02", cells=cells)
        monkeypatch.setattr(module, "run_in_process", lambda chapters: [ran])
        return ran

    return plant


def test_outputs_are_cached_until_the_code_changes(made, shown):
    first = shown(made())["01_x"].ran
    assert shown(made())["01_x"].ran == first
    assert shown(made(RUNS + "\n# %% [markdown]\n# more prose\n"))["01_x"].ran != first


def test_changed_code_of_an_imported_package_changes_the_key(made, monkeypatch, tmp_path):
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
def test_a_broken_cache_file_is_written_again(made, shown, planted, tmp_path, text):
    ran = planted(made())
    path = tmp_path / "kept" / "01_x.json"
    path.parent.mkdir()
    path.write_text(text)
    assert shown(made())["01_x"].ran == ran
    assert json.loads(path.read_text())["key"] == key(made())


def test_a_failed_run_is_not_cached(made, shown, tmp_path):
    assert shown(made(RUNS + "1 / 0"))["01_x"].ran.error.startswith("ZeroDivisionError")
    assert not (tmp_path / "kept").exists()


def test_a_cache_that_cannot_be_written_is_no_error(made, planted, tmp_path):
    ran = planted(made())
    (tmp_path / "kept").write_text("a file")
    assert outputs([made()], tmp_path / "kept", tmp_path)["01_x"].ran == ran


def test_chapters_run_in_one_process_in_order(made, shown):
    cell = "# %% [markdown]\n# # T\n\n# %%\nimport os\n\nos.getpid()\n"
    both = shown(made(cell), made(cell, "02_y.py"))
    pids = [next(iter(each.ran.cells.values())).text for each in both.values()]
    assert pids[0] == pids[1]
    assert int(pids[0]) != module.os.getpid()


def test_a_chapter_that_kills_its_process_loses_no_earlier_output(made, shown):
    dies = RUNS + "import os\n\nos._exit(9)\n"
    after = shown(made(), made(dies, "02_y.py"), made(name="03_z.py"))
    assert after["01_x"].ran.cells
    assert after["02_y"].ran.error.startswith("its process ended with status 9")
    assert after["03_z"].ran.error.startswith("its process ended with status 9")


def test_chapters_that_do_not_end_are_stopped(made, shown, monkeypatch):
    def slow(*args, **kwargs):
        raise subprocess.TimeoutExpired("x", 1)

    monkeypatch.setattr(module.subprocess, "run", slow)
    assert "did not end within" in shown(made())["01_x"].ran.error


def test_after_the_time_limit_of_all_chapters_a_chapter_stops_at_its_first_cell(
    made, tmp_path, monkeypatch
):
    monkeypatch.setattr(execution, "ALL_S", 0.0)
    path = made("# %% [markdown]\n# # T\n\n# %%\nimport time\n\ntime.sleep(9)\n").path
    execution.main(str(tmp_path), str(path))
    assert "took over" in json.loads((tmp_path / "01_x.json").read_text())["error"]


def test_the_log_names_the_slowest_chapters_and_cells():
    def took(*seconds):
        cells = {str(n): CellOutput(seconds=s) for n, s in enumerate(seconds)}
        return Outputs(ran=ChapterRun(seconds=sum(seconds), cells=cells))

    shown = {"01_a": took(0.5, 2.0), "02_b": took(9.0, 1.0), "03_c": took(), "04_d": took(1.0)}
    assert slowest(shown, 2) == (
        "4 chapters ran in 14 s; the slowest: 02_b 10.0 s (cell 1: 9.0 s); "
        "01_a 2.5 s (cell 2: 2.0 s)"
    )


def test_without_torch_nothing_is_run(made, shown, monkeypatch):
    monkeypatch.setattr(module.importlib.util, "find_spec", lambda name: None)
    assert shown(made())["01_x"].ran == ChapterRun()


def test_the_newest_recording_of_a_cell_is_shown(made, shown, planted, tmp_path):
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
    assert (recording.label, text) == ("new", CellOutput(text="new"))
    assert shown(chapter)["01_x"].recorded(cell) is None
    assert [each.label for each in recorded_in(tmp_path / "recorded")] == ["other", "new", "old"]


def test_a_recording_of_one_machine_is_shown_on_another(made, shown, planted, tmp_path):
    chapter = made()
    planted(chapter)
    first = shown(chapter)
    path = record(first, "my <box>/..", tmp_path / "recorded")
    assert path.name == "my-box-...json"
    recording, text = shown(chapter, recorded="recorded")["01_x"].recorded(chapter.cells[1].key)
    assert text == first["01_x"].ran.cells[chapter.cells[1].key]
    assert (recording.label, recording.place) == ("my <box>/..", first["01_x"].ran.place)


def test_without_a_run_there_is_nothing_to_record(tmp_path):
    with pytest.raises(ValueError, match="record needs a chapter that ran here"):
        record({"01_x": module.Outputs(ran=ChapterRun())}, "box", tmp_path)


def test_chapters_without_room_for_their_files_do_not_run_and_are_one_line(
    made, shown, monkeypatch
):
    monkeypatch.setattr(module, "ROOM_BYTES", 2**80)
    monkeypatch.setattr(subprocess, "run", None)
    (line,) = module.failures(shown(made(), made(name="02_y.py")))
    assert line.startswith("all chapters: ")
    assert "must name a folder with" in line
