"""A place that cannot be used is one line, which names the folder and what chooses another."""

import shutil
import tempfile
from types import SimpleNamespace

import pytest

from bench.results.places import temporary_folder, writable_file, writable_folder


@pytest.fixture
def temporary(monkeypatch, tmp_path):
    """Let Python look for a temporary folder again, and `tmp_path` be the one of the system."""

    def choose(**variables):
        for name in ("TMPDIR", "TEMP", "TMP"):
            monkeypatch.delenv(name, raising=False)
        for name, value in variables.items():
            monkeypatch.setenv(name, str(value))
        monkeypatch.setattr(tempfile, "tempdir", None)

    return choose


def free(monkeypatch, number):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=number))


def test_a_temporary_folder_with_too_little_room_is_named_with_its_variable(
    temporary, monkeypatch, tmp_path
):
    temporary(TMPDIR=tmp_path)
    free(monkeypatch, 2**20)
    with pytest.raises(
        ValueError, match=r"TMPDIR must name a folder with 64\.0 MB free for inputs;"
    ) as error:
        temporary_folder(2**26, "inputs")
    assert str(error.value).endswith(f"got {tmp_path} with 1.0 MB")
    assert temporary_folder(2**20, "inputs") == (tmp_path, "")


def test_a_temporary_folder_that_is_missing_is_noted_with_the_one_that_is_used(temporary, tmp_path):
    temporary(TMPDIR=tmp_path / "missing", TMP=tmp_path)
    folder, note = temporary_folder(1, "inputs")
    assert folder == tmp_path
    assert note == f"TMPDIR={tmp_path}/missing cannot be written; temporary files go to {tmp_path}"


def test_without_any_temporary_folder_the_variable_is_named(temporary, monkeypatch):
    temporary()
    monkeypatch.setattr(tempfile, "_candidate_tempdir_list", list)
    with pytest.raises(ValueError, match="TMPDIR must name a folder to write into; No usable temp"):
        temporary_folder(1, "inputs")


def test_a_file_is_checked_without_being_made_or_changed(tmp_path):
    kept = tmp_path / "kept"
    kept.write_text("kept")
    assert writable_file(kept, "--out").read_text() == "kept"
    assert not writable_file(tmp_path / "new", "--out").exists()
    with pytest.raises(
        ValueError, match=f"--out must be a file to write; got {tmp_path}: Is a dir"
    ):
        writable_file(tmp_path, "--out")
    with pytest.raises(ValueError, match=r"got .*kept/below: Not a directory"):
        writable_folder(kept / "below", "--out")
