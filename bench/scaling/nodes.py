"""Facts about the machine that a rank is on, without its host name."""

import os
import socket
from pathlib import Path
from typing import Any

import psutil

from bench.machine import facts
from bench.machine.gpus import gpus

NET = Path("/sys/class/net")
LOOPBACK = "lo"


def node(address: str, *, alone: bool) -> dict[str, Any]:
    """Return the facts of this machine, with the network interface that reaches `address`.

    With `alone`, all ranks are on this machine.
    """
    name = os.environ.get("GLOO_SOCKET_IFNAME", "") or interface(address, alone=alone)
    return {
        "cpu": facts.cpu(),
        "ram_bytes": psutil.virtual_memory().total,
        "gpus": [{"name": gpu["name"], "driver": gpu["driver"]} for gpu in gpus()],
        "interface": name,
        "interface_bits_s": _speed_bits_s(name),
    }


def interface(address: str, *, alone: bool) -> str:
    """Return the name of the network interface that reaches `address`; "" if that is not known.

    No packet is sent: a UDP socket only looks up the route.
    """
    if alone:
        return LOOPBACK if LOOPBACK in psutil.net_if_addrs() else ""
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.connect((address, 9))
            own = probe.getsockname()[0]
    except OSError:
        return ""
    for name, addresses in psutil.net_if_addrs().items():
        if any(each.address == own for each in addresses):
            return name
    return ""


def _speed_bits_s(name: str) -> float | None:
    """Return the speed that an interface's driver reports (sysfs, in Mbit/s); None if it does not.

    A virtual interface reports what it was made with, or nothing.
    """
    try:
        speed = int((NET / name / "speed").read_text())
    except (OSError, ValueError):
        return None
    return speed * 1e6 if name and speed > 0 else None
