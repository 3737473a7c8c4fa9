"""An exported program runs where its class is not; what it replaced is used in one cell."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import nn

from reports.chapters.reading import find

ROOT = Path(__file__).resolve().parents[2]
CHAPTERS = find()
CODE = sorted(path for folder in ("tutorial", "bench") for path in (ROOT / folder).rglob("*.py"))
PROGRAM = """
import sys, torch

program, given, out = sys.argv[1:]
run = torch.export.load(program).module()
torch.save([run(x) for x in torch.load(given)], out)
"""


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.norm, self.second = nn.Linear(6, 5), nn.BatchNorm1d(5), nn.Linear(5, 3)
        self.drop = nn.Dropout(0.5)

    def forward(self, x):
        return self.second(self.drop(torch.tanh(self.norm(self.first(x)))))


def test_a_program_gives_the_same_in_a_process_without_its_class(tmp_path):
    torch.manual_seed(0)
    network = Network()
    network(torch.randn(50, 6))  # running means that are not those of the start
    network.eval()
    rows = {0: torch.export.Dim("batch", min=1)}
    program = torch.export.export(network, (torch.zeros(4, 6),), dynamic_shapes={"x": rows})
    saved, given, out, script = (tmp_path / name for name in ("p.pt2", "x.pt", "y.pt", "run.py"))
    torch.export.save(program, saved)
    batches = [torch.randn(n, 6) for n in (1, 4, 7)]
    torch.save(batches, given)
    script.write_text(PROGRAM)
    subprocess.run(
        [sys.executable, "-W", "error", script, saved, given, out], check=True, cwd=tmp_path
    )
    for x, y in zip(batches, torch.load(out), strict=True):
        assert torch.equal(y, network(x))


def torchscript(code: str) -> list[int]:
    """Return the lines that reach for `torch.jit`."""
    found = []
    for node in ast.walk(ast.parse(code)):
        match node:
            case ast.Attribute(value=ast.Name(id="torch"), attr="jit"):
                found.append(node.lineno)
            case ast.Import(names=names) if any(n.name.startswith("torch.jit") for n in names):
                found.append(node.lineno)
            case ast.ImportFrom(module="torch", names=names) if any(n.name == "jit" for n in names):
                found.append(node.lineno)
            case ast.ImportFrom(module=str(module)) if module.startswith("torch.jit"):
                found.append(node.lineno)
    return found


@pytest.mark.parametrize(
    "code",
    [
        "torch.jit.script(f)",
        "import torch.jit",
        "from torch import jit",
        "from torch.jit import trace",
        "def load(path):\n    import torch.jit as j\n    return j.load(path)",
    ],
)
def test_torchscript_is_seen(code):
    assert torchscript(code)


def test_no_code_uses_torchscript_but_the_one_cell_that_shows_it():
    assert CODE
    (chapter,) = (each for each in CHAPTERS if each.name == "export")
    found = {path for path in CODE if torchscript(path.read_text(encoding="utf-8"))}
    assert found == {chapter.path}
    (shown,) = (cell for cell in chapter.cells if cell.key and torchscript(cell.source))
    assert "warnings.catch_warnings(record=True)" in shown.source
