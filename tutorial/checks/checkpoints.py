"""Checks of the exercises of the chapter on checkpoints."""

import io
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save

from tutorial.exercises import NotYetError, expect


def write_or_leave(answer):
    """The common mistake of this chapter is the reason. Write under another name first.

    `path.with_name(path.name + ".part")` is in the same folder. `Path.replace` renames it at
    the end.

    If the function raises, the other file must go: `finally` with `unlink(missing_ok=True)`
    does it in both cases.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "state.bin"
        answer(path, lambda file: file.write(b"first"))
        _expect_files("after writing to a new path", path, b"first")
        answer(path, lambda file: [file.write(piece) for piece in (b"se", b"cond")])
        _expect_files("after writing in pieces to the same path", path, b"second")
        try:
            answer(path, _fails)
        except _CrashError:
            _expect_files("after a function that wrote and then raised", path, b"second")
        else:
            raise NotYetError("expected the exception of the function, got none: do not catch it")
        try:
            answer(path.with_name("new.bin"), _fails)
        except _CrashError:
            _expect_files("after a function that raised, with a new path", path, b"second")


class _CrashError(Exception):
    pass


def _fails(file):
    file.write(b"half of the th")
    file.flush()
    raise _CrashError


def _expect_files(what, path, wanted):
    found = {each.name: each.read_bytes() for each in path.parent.iterdir()}
    expect(f"files {what}", found, {path.name: wanted})


def checkpoints_to_delete(answer):
    """Sorted as text, "step-1000.pt" comes before "step-900.pt". Sort by the number.

    `sorted` takes a `key`. `removeprefix` and `removesuffix` cut the number out of a name.

    The last `keep` names stay, and so does the best. Return the others in the order of text.
    """
    names = ["step-900.pt", "step-1000.pt", "step-80.pt", "step-1100.pt", "step-7.pt"]
    given = list(names)
    for keep, best, wanted in (
        (2, "step-80.pt", ["step-7.pt", "step-900.pt"]),
        (1, "step-1100.pt", ["step-1000.pt", "step-7.pt", "step-80.pt", "step-900.pt"]),
        (3, "step-7.pt", ["step-80.pt"]),
        (9, "step-7.pt", []),
    ):
        got = answer(given, keep, best)
        expect(f"names {names}, keep={keep}, best={best!r}", got, wanted)
        expect("the list of names afterwards", given, names)


def read_one_tensor(answer):
    """A safetensors file begins with eight bytes, the length of the header. Then comes the header.

    The section on safetensors reads both, with `struct.unpack` and `json.loads`. Here
    `file.read(8)` reads the bytes.

    The offsets count from the end of the header, at `8 + length`. Read only the bytes between
    start and end, and give them dtype and shape.
    """
    rng = np.random.default_rng(0)
    tensors: dict[str, Any] = {
        "large": rng.standard_normal((100, 50)).astype(np.float32),
        "weight": rng.standard_normal((3, 5)).astype(np.float32),
        "scale": np.array(-1.5, dtype=np.float32),
        "steps": np.arange(7),
    }
    data = save(tensors, metadata={"note": "not a tensor"})
    for name in ("weight", "scale", "large"):
        file = _Counted(data)
        got = answer(file, name)
        got = got.copy() if isinstance(got, np.ndarray) else got  # one made from bytes is read-only
        expect(f"tensor {name!r}", got, tensors[name])
        header = len(data) - sum(tensor.nbytes for tensor in tensors.values())
        most = header + tensors[name].nbytes
        if file.taken > most:
            raise NotYetError(
                f"tensor {name!r}: expected at most {most} bytes to be read, for header and tensor,"
                f" got {file.taken} of {len(data)}: use file.seek"
            )


class _Counted(io.BytesIO):
    """A file that counts the bytes that are read from it."""

    taken = 0

    def read(self, size=-1, /):
        data = super().read(size)
        self.taken += len(data)
        return data

    def readinto(self, buffer, /):
        count = super().readinto(buffer)
        self.taken += count
        return count
