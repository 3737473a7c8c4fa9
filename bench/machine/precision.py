"""Precisions: what a rounding in each costs, and what float32 means on an accelerator.

Set through one interface and read back. Left alone, cuDNN rounds the inputs of a float32
convolution to TF32's 10 bits while matrix products keep 23 (PyTorch notes, CUDA semantics,
"TensorFloat-32").
"""

import torch

UNIT_ROUNDOFF = {  # 2^-p with p bits of significand, the hidden one included
    "float64": 2.0**-53,
    "float32": 2.0**-24,
    "float16": 2.0**-11,
    "tf32": 2.0**-11,
    "bfloat16": 2.0**-8,
}


def set_float32(kind: str) -> None:
    """Make float32 on CUDA mean "ieee" or "tf32", in matrix products and convolutions alike."""
    cuda, cudnn = torch.backends.cuda.matmul, torch.backends.cudnn  # whose `conv` has no type
    if hasattr(cuda, "fp32_precision"):
        cuda.fp32_precision = kind
        cudnn.conv.fp32_precision = kind  # type: ignore[attr-defined]
    else:  # before PyTorch 2.9
        cuda.allow_tf32 = kind == "tf32"
        cudnn.allow_tf32 = kind == "tf32"


def float32_precision() -> dict[str, str]:
    """Read back what `set_float32` set: "ieee" or "tf32" of matmul and of conv."""
    cuda, cudnn = torch.backends.cuda.matmul, torch.backends.cudnn  # whose `conv` has no type
    if hasattr(cuda, "fp32_precision"):
        return {"matmul": cuda.fp32_precision, "conv": cudnn.conv.fp32_precision}  # type: ignore[attr-defined]
    tf32 = {True: "tf32", False: "ieee"}
    return {"matmul": tf32[cuda.allow_tf32], "conv": tf32[cudnn.allow_tf32]}
