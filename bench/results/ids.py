"""The grammar of ids: how the names of cases, contenders and cells are written and read.

A case is `matmul/n=1024/float32/threads=1`. A contender is `numpy`, `torch-cpu` or
`torch-cuda1-tf32`: PyTorch on the device `cuda:1`, variant `tf32`. A cell is a case, a slash and a
contender. Only files of schema 1 need their ids parsed; in schema 2 each cell has the same
information in fields.
"""

import re
from dataclasses import dataclass

NUMPY, TORCH = "numpy", "torch"
CPU = "cpu"
TRANSFER = "transfer"  # the variant that copies inputs to a device and the result back
COPYING = "transfer"  # the family that only copies: it computes nothing
TWIN = "-twin"  # ends the name of a contender's second worker in a self-test
THREADS = "threads="
TEST_CHARS = str.maketrans("/=,", "-:-")
CONTENDER = re.compile(
    r"numpy|torch-(?P<kind>[a-z]+)(?P<index>[0-9]*)(?:-(?P<variant>.+))?", re.DOTALL
)
CELL = re.compile(
    r"(?P<workload>[^/]+)/(?P<size>.+)/(?P<dtype>[^/]+)/threads=(?P<threads>[0-9]{1,6})"
    r"/(?P<contender>[^/]+)",
    re.DOTALL,
)


@dataclass(frozen=True, kw_only=True)
class ContenderId:
    """The parts of a contender's name.

    Attributes
    ----------
    library : "numpy" or "torch".
    device : in PyTorch's notation, "cpu" or "cuda:1".
    variant : the further way to run the PyTorch side ("tf32", "autograd"); "" for the usual way.
    twin : the name is of the contender's second worker in a self-test.

    """

    library: str
    device: str = CPU
    variant: str = ""
    twin: bool = False

    def __str__(self) -> str:
        """Return the name."""
        return contender(self.library, self.device, self.variant, twin=self.twin)


@dataclass(frozen=True, kw_only=True)
class CellId:
    """The parts of a cell's id; `contender` is the contender's name."""

    workload: str
    size: str
    dtype: str
    threads: int
    contender: str


def contender(library: str, device: str = CPU, variant: str = "", *, twin: bool = False) -> str:
    """Return a contender's name. NumPy's has no device and no variant."""
    parts = (library,) if library == NUMPY else (library, device.replace(":", ""), variant)
    return "-".join(filter(None, parts)) + TWIN * twin


def case(workload: str, size: str, dtype: str, threads: float) -> str:
    """Return a case's id."""
    return f"{workload}/{size}/{dtype}/{THREADS}{threads:.0f}"


def cell(case_id: str, contender_name: str) -> str:
    """Return a cell's id."""
    return f"{case_id}/{contender_name}"


def test(cell_id: str) -> str:
    """Return the name of a cell's test: `matmul-n:16-float32-threads:1-numpy`.

    It has only characters that pytest's `-k` accepts. A part of a cell's id becomes the same part
    of the name: `batch=32,n=128` becomes `batch:32-n:128`.
    """
    return cell_id.translate(TEST_CHARS)


def peak(device: str, threads: float) -> str:
    """Return the key of a device's peaks in the file; the CPU has one for each thread setting."""
    return f"{CPU}/{THREADS}{threads:.0f}" if device == CPU else device


def read_contender(name: str) -> ContenderId:
    """Return the parts of a contender's name.

    Raises
    ------
    ValueError : it is no contender's name.

    """
    twin = name.endswith(TWIN)
    parts = CONTENDER.fullmatch(name.removesuffix(TWIN))
    if parts is None:
        raise ValueError(f"a contender like numpy or torch-cuda1-tf32 expected, got {name!r}")
    if parts["kind"] is None:
        return ContenderId(library=NUMPY, twin=twin)
    device = ":".join(filter(None, (parts["kind"], parts["index"])))
    return ContenderId(library=TORCH, device=device, variant=parts["variant"] or "", twin=twin)


def read_cell(cell_id: str) -> CellId:
    """Return the parts of a cell's id.

    Raises
    ------
    ValueError : it is no cell's id.

    """
    parts = CELL.fullmatch(cell_id)
    if parts is None:
        raise ValueError(
            f"a cell like matmul/n=16/float32/threads=1/numpy expected, got {cell_id!r}"
        )
    return CellId(
        workload=parts["workload"],
        size=parts["size"],
        dtype=parts["dtype"],
        threads=int(parts["threads"]),
        contender=parts["contender"],
    )


def read_peak(name: str) -> tuple[str, int | None]:
    """Return the device in a key of peaks and, for the CPU, its threads."""
    device, _, threads = name.partition(f"/{THREADS}")
    return device, int(threads) if threads.isdecimal() else None
