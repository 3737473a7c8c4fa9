"""The generated Markdown matches the committed result files, and `--check` notices when not."""

import json

import pytest

from reports.__main__ import main
from reports.pages import readme
from reports.read.load import load
from tests.conftest import small_file


@pytest.fixture
def machines(tmp_path):
    folder = tmp_path / "machines"
    folder.mkdir()
    (folder / "box.json").write_text(json.dumps(small_file("a_box | <b>")))
    return folder


def test_the_committed_readme_is_up_to_date():
    assert readme.stale() == []
    assert main(["readme", "--check"]) == 0


COPIED = {"nvidia-h100"}  # measured by commit 767593d in a copy without its history


def test_every_committed_machine_reads_and_has_clean_code():
    for result in readme.committed():
        assert result.own
        assert not result.commit.dirty or result.label in COPIED


def test_the_readme_has_findings_speedups_and_trust(machines, tmp_path):
    out = readme.write(machines, tmp_path / "README.md")
    text = out.read_text()
    assert "## a\\_box \\| \\<b\\>" in text
    assert "| matmul | n=256, float32 | 1.01 |" in text  # a tie is not bold
    assert "- matmul at n=64, float32: torch-cpu is 3.0 times as fast as NumPy" in text
    assert "](machines/box.svg)" in text
    assert "NumPy is faster than torch-cpu at n = 16; torch-cpu is faster at 64; a tie" in text
    assert readme.stale(machines, out) == []


@pytest.mark.parametrize("part", ["README.md", "machines/box.svg"])
def test_a_part_that_does_not_match_the_files_is_stale(machines, tmp_path, part):
    out = readme.write(machines, tmp_path / "README.md")
    path = tmp_path / part
    path.write_text(path.read_text().replace("1.01", "1.50"))
    (complaint,) = readme.stale(machines, out)
    assert path.name in complaint
    assert "python -m reports readme" in complaint
    path.unlink()
    assert readme.stale(machines, out)


def test_a_settled_speedup_is_bold_and_an_unsettled_one_in_italics(machines, tmp_path):
    data = small_file()
    path = machines / "box.json"
    path.write_text(json.dumps(data))
    assert "| 1.01 |" in readme.readme([load(path)])
    data["benchmarks"][-1]["extra_info"]["speedup"] = {"ratio": 1.01, "low": 0.9, "high": 1.13}
    path.write_text(json.dumps(data))
    assert "| *1.0* |" in readme.readme([load(path)])
    data["benchmarks"][-1]["extra_info"]["speedup"] = {"ratio": 2.0, "low": 1.9, "high": 2.1}
    path.write_text(json.dumps(data))
    assert "| **2.0** |" in readme.readme([load(path)])
