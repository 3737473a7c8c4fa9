"""A chain of elementwise operations, compiled by inductor: the chapter on fusion shows this file.

`python -m tutorial.compiled_chain` runs it. It takes some seconds, most of them in the compiler. It
starts with an empty cache each time, like a first call on a new machine.
"""

import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor

from bench.variant import no_compiler

N = 2048


def chain(x: Tensor, w: Tensor, b: Tensor) -> Tensor:
    return torch.relu(x * w + b) * 2


def seconds(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def main() -> None:
    if reason := no_compiler("cpu"):
        raise SystemExit(reason)
    x, w, b = torch.randn(N, N), torch.randn(N), torch.randn(N)
    with tempfile.TemporaryDirectory() as folder:
        os.environ["TORCHINDUCTOR_CACHE_DIR"] = folder
        compiled = torch.compile(chain, fullgraph=True)
        first_s = seconds(lambda: compiled(x, w, b))
        print("same result:", torch.allclose(compiled(x, w, b), chain(x, w, b)))
        steps_s = min(seconds(lambda: chain(x, w, b)) for _ in range(20))
        fused_s = min(seconds(lambda: compiled(x, w, b)) for _ in range(20))
        print(
            f"eager {steps_s * 1e3:.2f} ms, compiled {fused_s * 1e3:.2f} ms, first {first_s:.1f} s"
        )
        if fused_s < steps_s:
            print(f"it pays after {(first_s - fused_s) / (steps_s - fused_s):.0f} calls")
        written = [path.read_text(encoding="utf-8") for path in Path(folder).rglob("*.cpp")]
    kernel = next((text for text in written if "for(" in text and "out_ptr0" in text), "")
    for line in kernel.splitlines():
        if any(part in line for part in ("for(", "auto tmp", "out_ptr0 +", "out_ptr0[")):
            print(line.strip())


if __name__ == "__main__":
    main()
