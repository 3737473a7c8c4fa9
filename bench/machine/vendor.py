"""What makers promise of devices whose model is known: the peaks of their own data sheets.

FLOP/s of dense matrix products (no sparsity) by the precision of the inputs, and bytes/s of memory.
float64 is that of the tensor cores where a card has them for it. The figures are NVIDIA's, of the
data sheets of H100, H200, A100 and T4 Tensor Core GPUs; the H100's TF32, bfloat16 and float16 are
half of what stands there "with sparsity". A model that is not here has no promise to be held
against.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

T = 1e12


@dataclass(frozen=True, kw_only=True)
class Promise:
    """Peaks of a model.

    Attributes
    ----------
    flop_s : by precision.
    bytes_s : of its memory.
    source : the data sheet.

    """

    flop_s: Mapping[str, float]
    bytes_s: float
    source: str

    def as_dict(self) -> dict[str, Any]:
        """Return it as the result file holds it."""
        return {"flop_s": dict(self.flop_s), "bytes_s": self.bytes_s, "source": self.source}


def _promise(source: str, bytes_s: float, **flop_s: float) -> Promise:
    rates = MappingProxyType({name: rate * T for name, rate in flop_s.items()})
    return Promise(flop_s=rates, bytes_s=bytes_s * T, source=f"NVIDIA {source}")


_A100 = {"float64": 19.5, "float32": 19.5, "tf32": 156, "bfloat16": 312, "float16": 312}
_H100 = {"float64": 67, "float32": 67, "tf32": 494.7, "bfloat16": 989.4, "float16": 989.4}
PROMISES: Mapping[str, Promise] = MappingProxyType(  # by the names that the driver gives
    {
        "NVIDIA H200": _promise("H200 datasheet", 4.8, **_H100),
        "NVIDIA H100 80GB HBM3": _promise("H100 datasheet", 3.35, **_H100),
        "NVIDIA A100-SXM4-80GB": _promise("A100 datasheet", 2.039, **_A100),
        "NVIDIA A100-SXM4-40GB": _promise("A100 datasheet", 1.555, **_A100),
        "NVIDIA A100 80GB PCIe": _promise("A100 datasheet", 1.935, **_A100),
        "Tesla T4": _promise("T4 datasheet", 0.32, float32=8.141, float16=65.13),
    }
)


def promise(model: str) -> Promise | None:
    """Return what its maker promises of a model, by the driver's name of it."""
    return PROMISES.get(model)
