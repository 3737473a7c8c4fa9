"""The card to share has a fixed size, and shows the answers of the first page."""

from io import BytesIO

import pytest
from matplotlib.image import imread

from reports.__main__ import main
from reports.charts import card as module
from reports.findings.findings import Findings
from reports.pages.first import shared_card
from reports.read.load import load
from tests.conftest import small_file


def test_the_card_has_the_size_that_sites_expect_and_all_answers(write, monkeypatch):
    seen = []
    draw = module._column
    monkeypatch.setattr(module, "_column", lambda *args: (seen.append(args[2]), draw(*args)))
    picture = imread(BytesIO(shared_card(Findings(load(write(small_file()))))))
    assert picture.shape[:2] == (630, 1200)
    assert [answer.number for answer in seen] == ["0 of 1", "", ""]
    assert seen[0].sentence.startswith("It depends: on one core PyTorch is faster in 0 of 1")
    assert [answer.plot is not None for answer in seen] == [True, False, False]


@pytest.mark.parametrize(("name", "code"), [("a.png", 0), ("a.pdf", 1)])
def test_the_command_writes_a_png_and_nothing_else(write, tmp_path, capsys, name, code):
    out = tmp_path / name
    assert main(["card", str(write(small_file())), "--out", str(out)]) == code
    assert out.exists() == (code == 0)
    assert code == 0 or "--out must end in .png" in capsys.readouterr().err
