"""Solutions of the exercises of the chapter on checkpoints."""

import json
import os
import struct

import numpy as np


def write_or_leave(path, write):
    """Write under another name and rename; a rename within a folder is all or nothing."""
    part = path.with_name(path.name + ".part")
    try:
        with part.open("wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)  # after the rename it does not exist


def checkpoints_to_delete(names, keep, best):
    """Sort by the number in a name: sorted as text, 1000 comes before 900."""
    by_steps = sorted(names, key=lambda name: int(name.removeprefix("step-").removesuffix(".pt")))
    return sorted(set(by_steps[:-keep]) - {best})


def read_one_tensor(file, name):
    """Read the header, then the bytes it points to: offsets count from the end of the header."""
    (length,) = struct.unpack("<Q", file.read(8))
    entry = json.loads(file.read(length))[name]
    start, end = entry["data_offsets"]
    file.seek(8 + length + start)
    return np.frombuffer(file.read(end - start), dtype="<f4").reshape(entry["shape"])
