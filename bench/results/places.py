"""Folders that results, pages and temporary files go to, checked before anything runs.

An error is one line that names the folder, and the option or variable that chooses another.
"""

import os
import shutil
import tempfile
from pathlib import Path

VARIABLES = ("TMPDIR", "TEMP", "TMP")  # in the order in which Python looks at them


def writable_folder(folder: Path, choice: str) -> Path:
    """Create a folder if it is missing, check that files can be written in it, and return it.

    Raises
    ------
    ValueError : it cannot be written; the message says so of `choice`, like "--out".

    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"0" * 4096)
    except OSError as error:
        reason = error.strerror or error
        raise ValueError(
            f"{choice} must be a folder to write into; got {folder}: {reason}"
        ) from error
    return folder


def writable_file(file: Path, choice: str) -> Path:
    """Check that a file can be written, and return its path; its folder must be there.

    Raises
    ------
    ValueError : it cannot be written; the message says so of `choice`.

    """
    missing = not file.exists()
    try:
        with file.open("ab"):
            pass
        if missing:
            file.unlink()
    except OSError as error:
        reason = error.strerror or error
        raise ValueError(f"{choice} must be a file to write; got {file}: {reason}") from error
    return file


def temporary_folder(needed_bytes: float, purpose: str) -> tuple[Path, str]:
    """Return the folder of temporary files, and a note if it is not the one that was asked for.

    Raises
    ------
    ValueError : there is none, or it has less than `needed_bytes` free.

    """
    asked = {name: value for name in VARIABLES if (value := os.environ.get(name))}
    name = next(iter(asked), VARIABLES[0])
    try:
        folder = Path(tempfile.gettempdir())
    except OSError as error:
        raise ValueError(f"{name} must name a folder to write into; {error.strerror}") from error
    free = shutil.disk_usage(folder).free
    if free < needed_bytes:
        raise ValueError(
            f"{name} must name a folder with {_megabytes(needed_bytes)} free for {purpose}; got "
            f"{folder} with {_megabytes(free)}"
        )
    if asked and folder != Path(asked[name]).absolute():
        return folder, f"{name}={asked[name]} cannot be written; temporary files go to {folder}"
    return folder, ""


def _megabytes(number: float) -> str:
    return f"{number / 2**20:,.1f} MB" if number < 2**30 else f"{number / 2**30:,.1f} GB"
