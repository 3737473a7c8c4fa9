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
LOCAL = ("127.", "localhost")  # begin addresses at which all agents are on this machine
ELSEWHERE = "192.0.2.1"  # of no machine (RFC 5737), so the default route leads there


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

    Debian gives a machine's own name a loopback address, which reaches no other machine: the
    default route counts then.
    """
    if alone:
        return LOOPBACK if LOOPBACK in psutil.net_if_addrs() else ""
    name = _towards(address)
    if name == LOOPBACK and not address.startswith(LOCAL):
        return _towards(ELSEWHERE) or name
    return name


def _towards(address: str) -> str:
    """Return the interface of the route to an address; no packet is sent."""
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
