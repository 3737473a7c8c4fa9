"""The notebook for a free GPU is that of its script, and its cells do what they say."""

import subprocess
import sys
import types
from contextlib import nullcontext

import torch

from tutorial.__main__ import FREE_GPU, notebook


def test_the_committed_notebook_is_that_of_the_script():
    assert FREE_GPU.with_suffix(".ipynb").read_text(encoding="utf-8") == notebook(FREE_GPU)


def test_its_cells_install_measure_and_show_without_replacing_pytorch(
    tmp_path, monkeypatch, capsys
):
    project = tmp_path / "numpy-vs-pytorch"
    called = []

    def ran(command, **_):
        called.append(command)
        if command[0] == "git":
            results = project / "reports" / "results" / "free-gpu"
            results.mkdir(parents=True)
            (results / "run.json").write_text("{}")
            (project / "reports" / "site").mkdir()
            (project / "reports" / "site" / "index.html").write_text('<p class="a">1 & 2</p>')

    def running(command, **more):
        called.append(command)
        assert more["cwd"] == project
        return nullcontext(types.SimpleNamespace(stdout=["the answers\n"]))

    shown = []
    display = types.SimpleNamespace(HTML=str, display=shown.append)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(subprocess, "run", ran)
    monkeypatch.setattr(subprocess, "Popen", running)
    monkeypatch.setitem(sys.modules, "IPython.display", display)
    code = FREE_GPU.read_text(encoding="utf-8").replace(
        'REPOSITORY = ""', 'REPOSITORY = "https://example.org/it.git"'
    )
    exec(compile(code, str(FREE_GPU), "exec"), {"__name__": "notebook"})  # noqa: S102 - this project's own script
    clone, pip, run = called
    assert clone[-2:] == ["https://example.org/it.git", str(project)]
    assert pip[-2:] == ["-c", "installed.txt"]
    assert (tmp_path / "installed.txt").read_text() == f"torch=={torch.__version__}\n"
    assert run[-2:] == ["--machine", "free-gpu"]
    assert "the answers" in capsys.readouterr().out
    (frame,) = shown
    assert 'srcdoc="&lt;p class=&quot;a&quot;&gt;1 &amp; 2&lt;/p&gt;"' in frame
