"""The grammar of ids: how names of cases, contenders and cells are written and read back.

A case is `matmul/n=1024/float32/threads=1`, a contender `numpy`, `torch-cpu` or
`torch-cuda1-tf32` (PyTorch on the device `cuda:1`, in the variant `tf32`), and a cell is a case, a
slash and a contender. Only a file of an old schema has to be read this way: a cell of today's
says the same in fields.
"""

import re
from dataclasses import dataclass

NUMPY, TORCH = "numpy", "torch"
CPU = "cpu"
TWIN = "-twin"  # ends the name of the second worker of a contender that is compared with itself
THREADS = "threads="
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
    """What a contender's name says.

    Attributes
    ----------
    library : "numpy" or "torch".
    device : as PyTorch writes it, "cpu" or "cuda:1".
    variant : the rung or the way PyTorch runs in, "" for its main body in the usual way.
    twin : whether it is the second worker of a contender that is compared with itself.

    """

    library: str
    device: str = CPU
    variant: str = ""
    twin: bool = False

    def __str__(self) -> str:
        """Write the name."""
        return contender(self.library, self.device, self.variant, twin=self.twin)


@dataclass(frozen=True, kw_only=True)
class CellId:
    """What a cell's id says; `contender` is the name."""

    workload: str
    size: str
    dtype: str
    threads: int
    contender: str


def contender(library: str, device: str = CPU, variant: str = "", *, twin: bool = False) -> str:
    """Write a contender's name; NumPy has no device and no variant in it."""
    parts = (library,) if library == NUMPY else (library, device.replace(":", ""), variant)
    return "-".join(filter(None, parts)) + TWIN * twin


def case(workload: str, size: str, dtype: str, threads: float) -> str:
    """Write a case's id."""
    return f"{workload}/{size}/{dtype}/{THREADS}{threads:.0f}"


def cell(case_id: str, contender_name: str) -> str:
    """Write a cell's id."""
    return f"{case_id}/{contender_name}"


def test(cell_id: str) -> str:
    """Write the name of a cell's test as it reads aloud: `matmul-n=16-float32-threads=1-numpy`."""
    return cell_id.replace("/", "-")


def peak(device: str, threads: float) -> str:
    """Write the name a device's measured peak is kept under: the CPU has one for each setting."""
    return f"{CPU}/{THREADS}{threads:.0f}" if device == CPU else device


def read_contender(name: str) -> ContenderId:
    """Read a contender's name.

    Raises
    ------
    ValueError : it is none.

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
    """Read a cell's id.

    Raises
    ------
    ValueError : it is none.

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
    """Read the name of a measured peak: a device and, of the CPU, its threads."""
    device, _, threads = name.partition(f"/{THREADS}")
    return device, int(threads) if threads.isdecimal() else None
