"""All ranks of a visit in lockstep: they join, wait for each other, and exchange what they know."""

import os
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import torch
import torch.distributed as dist
from torch.distributed import PrefixStore, TCPStore  # type: ignore[attr-defined]  # public, not in __all__

from bench.scaling import nodes
from bench.scaling.options import Rank

PATIENCE = 2  # times the limit, after which a collective fails: whoever watches sees it before


class Lockstep:
    """One rank among all ranks.

    Parameters
    ----------
    name : tells the keys of this visit in the store from those of others.
    counts : numbers of ranks that are to have a group each.
    limit_s : a rank that does not get on for longer has hung.

    Attributes
    ----------
    device : that this rank computes on.
    groups : of the first n ranks, by n.

    """

    def __init__(
        self, rank: Rank, name: str, counts: Iterable[int], *, cuda: bool, limit_s: float
    ) -> None:
        self._world = rank.world
        self.device = f"cuda:{rank.local}" if cuda else "cpu"
        if interface := nodes.interface(rank.address, alone=rank.world == rank.per_node):
            os.environ.setdefault("GLOO_SOCKET_IFNAME", interface)  # host names need not resolve
        limit = timedelta(seconds=PATIENCE * limit_s)
        store = TCPStore(rank.address, rank.port, is_master=False, timeout=limit)
        if cuda:
            torch.cuda.set_device(self.device)
        dist.init_process_group(
            "cpu:gloo,cuda:nccl" if cuda else "gloo",
            store=PrefixStore(name, store),
            rank=rank.number,
            world_size=rank.world,
            timeout=limit,
            device_id=torch.device(self.device) if cuda else None,
        )
        self._control = dist.new_group(backend="gloo", timeout=limit)
        self.groups = {n: dist.new_group(list(range(n)), timeout=limit) for n in sorted(counts)}

    def leave(self) -> None:
        """Leave all groups."""
        dist.destroy_process_group()

    def meet(self) -> None:
        """Wait for all ranks, without taking a core."""
        dist.barrier(group=self._control)

    def of_rank_0(self, value: Any) -> Any:
        """Return rank 0's value on every rank."""
        values = [value]
        dist.broadcast_object_list(values, src=0, group=self._control)
        return values[0]

    def gathered(self, value: Any) -> list[Any]:
        """Return the values of all ranks, on every rank."""
        values: list[Any] = [None] * self._world
        dist.all_gather_object(values, value, group=self._control)
        return values
