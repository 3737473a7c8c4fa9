"""Peaks from the data sheets of known NVIDIA GPUs.

FLOP/s are of dense matrix products by the precision of the inputs, bytes/s are of the GPU's memory.
float64 is the rate of the tensor cores where they compute in float64. The figures come from
NVIDIA's data sheets of the H100, H200, A100 and T4 Tensor Core GPUs. The H100's data sheet gives
TF32, bfloat16 and float16 "with sparsity"; half of that is the dense rate.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

TERA = 1e12


@dataclass(frozen=True, kw_only=True)
class DataSheet:
    """Peaks of one GPU model.

    Attributes
    ----------
    flop_s : FLOP/s by precision.
    bytes_s : bytes/s of its memory.
    source : the name of the data sheet.

    """

    flop_s: Mapping[str, float]
    bytes_s: float
    source: str

    def as_dict(self) -> dict[str, Any]:
        """Return the values in the form of the result file."""
        return {"flop_s": dict(self.flop_s), "bytes_s": self.bytes_s, "source": self.source}


def _sheet(source: str, terabytes_s: float, **teraflop_s: float) -> DataSheet:
    rates = MappingProxyType({name: rate * TERA for name, rate in teraflop_s.items()})
    return DataSheet(flop_s=rates, bytes_s=terabytes_s * TERA, source=f"NVIDIA {source}")


_A100 = {"float64": 19.5, "float32": 19.5, "tf32": 156, "bfloat16": 312, "float16": 312}
_H100 = {"float64": 67, "float32": 67, "tf32": 494.7, "bfloat16": 989.4, "float16": 989.4}
DATA_SHEETS: Mapping[str, DataSheet] = MappingProxyType(  # by the driver's name of the model
    {
        "NVIDIA H200": _sheet("H200 datasheet", 4.8, **_H100),
        "NVIDIA H100 80GB HBM3": _sheet("H100 datasheet", 3.35, **_H100),
        "NVIDIA A100-SXM4-80GB": _sheet("A100 datasheet", 2.039, **_A100),
        "NVIDIA A100-SXM4-40GB": _sheet("A100 datasheet", 1.555, **_A100),
        "NVIDIA A100 80GB PCIe": _sheet("A100 datasheet", 1.935, **_A100),
        "Tesla T4": _sheet("T4 datasheet", 0.32, float32=8.141, float16=65.13),
    }
)


def data_sheet(model: str) -> DataSheet | None:
    """Return the data sheet of a model by its name in the driver; None if it is not known."""
    return DATA_SHEETS.get(model)
