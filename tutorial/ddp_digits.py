"""Data-parallel training of the digits network: each process computes a share of every batch.

    torchrun --standalone --nproc-per-node=2 -m tutorial.ddp_digits OUT.json

The processes train the same network in four ways, one after the other. In `one`, rank 0 alone uses
whole batches. In the other ways the ranks share each batch and all-reduce the gradients: `by_hand`
averages them, `ddp` uses DistributedDataParallel, and `summed` forgets to divide. Rank 0 writes the
loss and the seconds of each step.
"""

import ctypes
import json
import os
import signal
import socket
import sys
import time
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import torch
import torch.distributed as dist
import torch.distributed.nn  # before the group exists: DDP's own import would keep it alive
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

SIZES = {"small": (32, 64), "large": (512, 896)}  # hidden units, images per batch
WAYS = ("one", "by_hand", "ddp", "summed")
EPOCHS, LR = 3, 0.5
PR_SET_PDEATHSIG = 1


def network(hidden: int) -> nn.Module:
    """Return a network 64-hidden-10 in float64, with the same weights in every process."""
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(64, hidden), nn.Tanh(), nn.Linear(hidden, 10)).double()


@cache
def batches(batch: int) -> tuple[Tensor, Tensor]:
    """Return the batches of all epochs: x (steps, batch, 64), y (steps, batch)."""
    file = Path(find_spec("sklearn").origin).parent / "datasets" / "data" / "digits.csv.gz"
    table = torch.from_numpy(np.loadtxt(file, delimiter=","))  # faster than importing sklearn
    table = table[: len(table) // batch * batch].reshape(-1, batch, 65).repeat(EPOCHS, 1, 1)
    return table[..., :64] / 16, table[..., 64].long()


def all_reduce_gradients(model: nn.Module, divisor: int) -> None:
    """Replace each gradient by its sum over all processes, divided by `divisor`."""
    for p in model.parameters():
        dist.all_reduce(p.grad, op=dist.ReduceOp.SUM)
        p.grad /= divisor


def train(model: nn.Module, x: Tensor, y: Tensor, divisor: int) -> list[Tensor]:
    """Take one step per batch, with an all-reduce unless `divisor` is 0; return losses, seconds."""
    losses, seconds = [], []
    for xb, yb in zip(x, y, strict=True):
        began = time.perf_counter()
        model.zero_grad()
        loss = nn.functional.cross_entropy(model(xb), yb)
        loss.backward()
        if divisor:
            all_reduce_gradients(model, divisor)
        with torch.no_grad():
            for p in model.parameters():
                p.sub_(LR * p.grad)
        seconds.append(time.perf_counter() - began)
        losses.append(loss.detach())
    return [torch.stack(losses), torch.tensor(seconds)]


def run(way: str, hidden: int, batch: int) -> dict[str, list[float]]:
    """Train in one of the ways; return the loss of the whole batch and the seconds, by step."""
    (x, y), rank = batches(batch), dist.get_rank()
    world = 1 if way == "one" else dist.get_world_size()
    model = DistributedDataParallel(network(hidden)) if way == "ddp" else network(hidden)
    divisor = {"by_hand": world, "summed": 1}.get(way, 0)
    losses = seconds = torch.zeros(len(x))
    dist.barrier()
    if rank < world:
        losses, seconds = train(model, x[:, rank::world], y[:, rank::world], divisor)
    if world > 1:
        dist.all_reduce(losses)
    return {"losses": (losses / world).tolist(), "seconds": seconds.tolist()}


def main(path: str) -> None:
    """Join the process group, train in every way, write the results, leave the group."""
    if sys.platform == "linux":  # end with torchrun, even if it is killed: prctl(2)
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    loopback = [name for _, name in socket.if_nameindex() if name.startswith("lo")]
    if loopback:  # all processes are on this machine: its host name need not resolve
        os.environ.setdefault("GLOO_SOCKET_IFNAME", loopback[0])
    torch.set_num_threads(1)
    dist.init_process_group("gloo")
    results = {size: {way: run(way, *SIZES[size]) for way in WAYS} for size in SIZES}
    if dist.get_rank() == 0:
        Path(path).write_text(json.dumps(results), encoding="utf-8")
    dist.destroy_process_group()


if __name__ == "__main__":
    main(*sys.argv[1:])
