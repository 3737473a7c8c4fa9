"""Precisions: their unit roundoff, and what float32 means on a GPU.

By default cuDNN rounds the inputs of a float32 convolution to TF32, which stores 10 bits of the
significand, while matrix products keep all 23 (PyTorch notes, CUDA semantics, "TensorFloat-32"). So
the suite sets both to the same precision and reads them back.
"""

import torch

UNIT_ROUNDOFF = {  # 2^-p for p bits of significand, with the hidden bit; integers do not round
    "int64": 0.0,
    "float64": 2.0**-53,
    "float32": 2.0**-24,
    "float16": 2.0**-11,
    "tf32": 2.0**-11,
    "bfloat16": 2.0**-8,
}


def set_float32(kind: str) -> None:
    """Set float32 on CUDA to "ieee" or "tf32", for matrix products and convolutions."""
    cuda, cudnn = torch.backends.cuda.matmul, torch.backends.cudnn  # its `conv` is untyped
    if hasattr(cuda, "fp32_precision"):
        cuda.fp32_precision = kind
        cudnn.conv.fp32_precision = kind  # type: ignore[attr-defined]
    else:  # before PyTorch 2.9
        cuda.allow_tf32 = kind == "tf32"
        cudnn.allow_tf32 = kind == "tf32"


def float32_precision() -> dict[str, str]:
    """Return the float32 precision of matmul and conv on CUDA: "ieee" or "tf32"."""
    cuda, cudnn = torch.backends.cuda.matmul, torch.backends.cudnn  # its `conv` is untyped
    if hasattr(cuda, "fp32_precision"):
        return {"matmul": cuda.fp32_precision, "conv": cudnn.conv.fp32_precision}  # type: ignore[attr-defined]
    tf32 = {True: "tf32", False: "ieee"}
    return {"matmul": tf32[cuda.allow_tf32], "conv": tf32[cudnn.allow_tf32]}
