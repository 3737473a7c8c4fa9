"""Every chapter once, in a process of its own, for all that its tests and its page want to know.

    python -W error -m tests.tutorial.scripts FOLDER AT_ONCE CHAPTER...

forks a process a chapter, `AT_ONCE` at a time, from one that has imported PyTorch, which takes
longer than most chapters do. A chapter runs as a script does: in an empty folder, with its own
folder first where modules are looked for, and with the cells that need a GPU, which a script leaves
to their guards. `FOLDER/name.json` says what each cell showed and what the chapter left behind.
"""

import gc
import json
import os
import sys
import warnings
from dataclasses import asdict, replace
from pathlib import Path
from unittest import mock

import numpy as np
import sklearn.datasets  # noqa: F401 - chapters that are forked from here need not import it
import torch
import torch._dynamo  # at the first step of an optimizer

from reports.chapters import execution
from reports.chapters.reading import read

LIMIT_S = 180.0  # of a chapter that takes less than ten on two idle cores


def main(folder, at_once, *paths):
    """Run chapters; exit with 1 if a process of one ended otherwise than it should."""
    execution.here()  # once for all: it takes a second
    gc.freeze()  # a process that ends collects what it holds: 0.8 s with all of PyTorch
    running, fine, waiting = 0, True, list(map(Path, paths))
    while waiting or running:
        if waiting and running < int(at_once):
            running += 1
            path = waiting.pop(0)
            with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
                number = os.fork()  # beside idle threads of OpenBLAS, which knows of forks
            if number == 0:
                tell(path, Path(folder) / path.stem)
                return
        else:
            running -= 1
            fine &= os.wait()[1] == 0
    sys.exit(not fine)


def tell(path, work):
    """Run a chapter and write what came of it beside its folder."""
    work.mkdir()
    os.chdir(work)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    sys.argv, sys.path[0] = [str(path)], str(path.parent)
    before = state()
    chapter = read(path)
    with mock.patch.object(execution, "_has_gpu", return_value=True):
        ran = execution.run(chapter, LIMIT_S, strict=True)
    after = state()
    hidden = {cell.key for cell in chapter.cells if cell.gpu and not torch.cuda.is_available()}
    cells = {key: shown for key, shown in ran.cells.items() if key not in hidden}
    told = {
        "ran": asdict(replace(ran, cells=cells, place=execution.here())),
        "files": sorted(map(str, work.iterdir())),
        "changed": {key: [before[key], after[key]] for key in before if before[key] != after[key]},
    }
    work.with_suffix(".json").write_text(json.dumps(told), encoding="utf-8")


def state():
    """Return what a chapter could leave changed for the next one of a site, in one process."""
    return {
        "folder": str(Path.cwd()),
        "warnings": repr(warnings.filters),
        "numpy's errors": np.geterr(),
        "threads": torch.get_num_threads(),
        "dtype": str(torch.get_default_dtype()),
        "device": str(torch.get_default_device()),
        "gradients": torch.is_grad_enabled(),
        "deterministic": torch.are_deterministic_algorithms_enabled(),
        "float32": torch.get_float32_matmul_precision(),
    }


if __name__ == "__main__":
    main(*sys.argv[1:])
