"""Facts about the machine, libraries and settings of a run. Each has a key and a line of text."""

from collections.abc import Iterator
from dataclasses import dataclass

from bench.results import ids
from bench.results.machine import GpuState, Machine, Peaks
from bench.results.scaling import Node, Scaling
from reports import units
from reports.read.grouping import grouped
from reports.read.result import FileHead

LOOPBACK = "lo"  # the interface of ranks that are all on one machine


@dataclass(frozen=True, kw_only=True)
class Fact:
    """One fact: a key for comparing machines, a name for readers, and a text."""

    key: str
    name: str
    text: str


def facts(result: FileHead) -> list[Fact]:
    """Return the facts about a result's machine, libraries, settings and code.

    A fact that is unknown is left out.
    """
    machine = result.machine
    changed = ", with changes" if result.commit.dirty else ""
    known = [
        *_hardware(machine),
        *_libraries(machine),
        *_settings(machine),
        *_peaks(machine),
        *_promises(machine),
        ("commit", "commit", result.commit.id[:12] + changed),
        ("datetime", "measured", result.datetime[:19].replace("T", " ")),
    ]
    return [Fact(key=key, name=name, text=text) for key, name, text in known if text]


def group_facts(scaling: Scaling) -> list[Fact]:
    """Return the facts about a group of ranks; one that is unknown is left out."""
    known = _group(scaling)
    return [Fact(key=f"scaling.{key}", name=name, text=text) for key, name, text in known if text]


Entries = Iterator[tuple[str, str, str]]  # key, name and text of each fact; "" if unknown


def _hardware(machine: Machine) -> Entries:
    cores = machine.cpu.usable_cores or machine.cpu.count
    yield "cpu", "processor", machine.processor
    yield "cores", "usable cores" if machine.cpu.usable_cores else "cores", str(cores or "")
    yield "ram", "memory", units.size_bytes(machine.ram_bytes) if machine.ram_bytes else ""
    gpus = "; ".join(gpu.name for gpu in machine.gpus)
    yield "gpu", "GPU", gpus or ("none" if machine.cpu.model else "")
    yield "driver", "GPU driver", "; ".join(gpu.driver for gpu in machine.gpus if gpu.driver)
    for when, states in (("before", machine.gpu_states.begin), ("after", machine.gpu_states.end)):
        text = "; ".join(filter(None, map(_gpu_state, states)))
        yield f"gpu-{when}", f"GPU {when} the run", text
    yield "system", "system", " ".join(filter(None, (machine.system, machine.machine)))
    yield "kernel", "kernel", machine.release


def _gpu_state(state: GpuState) -> str:
    """Return the state of a GPU: clock, temperature, power, memory in use, other processes."""
    parts = []
    if state.clock_hz and state.most_clock_hz:
        most = units.rate(state.most_clock_hz, "Hz")
        parts.append(f"{units.rate(state.clock_hz, 'Hz')} of at most {most}")
    if state.temperature_c is not None:
        parts.append(f"{state.temperature_c:.0f} °C")
    if state.power_w:
        parts.append(f"{state.power_w:.0f} W")
    if state.used_bytes:
        parts.append(f"{units.size_bytes(state.used_bytes)} of memory in use")
    if state.processes:
        parts.append(f"processes computing on it: {state.processes}")
    if state.held_back:
        parts.append(f"held back by {' and '.join(state.held_back)}")
    return ", ".join(parts)


def _libraries(machine: Machine) -> Entries:
    versions = machine.versions
    python = versions.get("python") or machine.python_version
    yield "python", "Python", python
    yield "implementation", "Python implementation", _implementation(machine, python)
    yield "numpy", "NumPy", versions.get("numpy") or ""
    yield (
        "numpy-blas",
        "NumPy’s BLAS",
        "; ".join(
            " ".join(filter(None, (pool.internal_api, pool.version)))
            + (f" with kernels for {pool.architecture}" if pool.architecture else "")
            for pool in machine.blas.numpy
        ),
    )
    torch = machine.blas.torch
    yield "torch", "PyTorch", versions.get("torch") or ""
    yield "torch-blas", "PyTorch’s BLAS", " ".join(filter(None, (torch.library, torch.version)))
    yield "cuda", "CUDA", versions.get("cuda") or ""
    yield "cudnn", "cuDNN", versions.get("cudnn") or ""


def _implementation(machine: Machine, python: str) -> str:
    """Return `CPython`, or `PyPy 7.3.13`: its own version only if it is not the language's."""
    version = machine.python_implementation_version
    own = "" if version in {machine.python_version, python} else version
    return " ".join(filter(None, (machine.python_implementation, own)))


def _settings(machine: Machine) -> Entries:
    settings = machine.settings
    if machine.gpus:
        yield (
            "float32",
            "float32 on the GPU",
            ", ".join(
                f"{kind} {precision}" for kind, precision in settings.float32_precision.items()
            ),
        )
    yield (
        "environment",
        "set in its environment",
        " ".join(f"{name}={value}" for name, value in settings.environment.items()),
    )


def _peaks(machine: Machine) -> Entries:
    for device, peak in (machine.peaks or {}).items():
        kind, threads = ids.read_peak(device)
        name = {None: kind, 1: f"{kind}, one core"}.get(threads, f"{kind}, {threads} cores")
        yield f"peaks.{device}", f"peak of {name}", _peak(peak)


def _peak(peak: Peaks) -> str:
    parts = [f"{name} {units.rate(rate, 'FLOP/s')}" for name, rate in peak.flop_s.items()]
    parts += [
        f"{name} {units.rate(rate, 'B/s')}"
        for name, rate in (("copies", peak.copy_bytes_s), ("reads", peak.read_bytes_s))
        if rate
    ]
    if peak.launch_s:
        parts.append(f"a launch every {units.seconds(peak.launch_s)}")
    return ", ".join(parts)


def _promises(machine: Machine) -> Entries:
    for gpu in machine.gpus:
        if gpu.promise:
            parts = [f"{name} {units.rate(r, 'FLOP/s')}" for name, r in gpu.promise.flop_s.items()]
            parts.append(f"memory {units.rate(gpu.promise.bytes_s, 'B/s')}")
            text = f"{', '.join(parts)} ({gpu.promise.source})"
            yield f"promise.{gpu.name}", f"promised for {gpu.name}", text


MOST_CORES = 16  # ranks whose cores are listed


def _group(scaling: Scaling) -> Entries:
    marked = ", more than there are cores or devices" if scaling.oversubscribed else ""
    yield "world", "ranks", f"{scaling.world}{marked}"
    nodes = grouped(scaling.nodes, _node)
    texts = (f"{len(same)} × {text}" if len(same) > 1 else text for text, same in nodes.items())
    yield "nodes", "machines", "; ".join(texts)
    yield "backends", "backends", ", ".join(scaling.backends)
    yield "link", "link", "; ".join(dict.fromkeys(map(_link, scaling.nodes)))
    threads = grouped(enumerate(scaling.threads), lambda pair: pair[1])
    each = "; ".join(f"{count} on {_ranks([n for n, _ in of])}" for count, of in threads.items())
    yield "threads", "threads, read back", each
    listed = enumerate(scaling.cores[:MOST_CORES])
    cores = [f"rank {rank}: {', '.join(map(str, bound)) or 'any'}" for rank, bound in listed]
    more = ["…"] if len(scaling.cores) > MOST_CORES else []
    yield "cores", "cores, read back", "; ".join([*cores, *more])
    copies = scaling.copy_bytes_s
    yield "copy", "a rank copies", units.byte_rate(copies) if copies else ""
    yield "visits", "visits", str(scaling.visits)
    yield "restarts", "started anew", str(scaling.restarts or "")
    yield "spent", "measured for", units.seconds(scaling.spent_s) if scaling.spent_s else ""


def _ranks(numbers: list[int]) -> str:
    """Return the number of a rank, or how many ranks there are."""
    return f"rank {numbers[0]}" if len(numbers) == 1 else f"each of {len(numbers)} ranks"


def _node(node: Node) -> str:
    gpus = grouped(node.gpus, lambda gpu: gpu.name)
    parts = [
        node.cpu.model or "an unknown processor",
        units.count(node.cpu.usable_cores, "core") if node.cpu.usable_cores else "",
        units.size_bytes(node.ram_bytes) if node.ram_bytes else "",
        *(f"{len(same)} × {name}" for name, same in gpus.items()),
        units.count(node.ranks, "rank") if node.ranks else "",
    ]
    return ", ".join(filter(None, parts))


def _link(node: Node) -> str:
    """Return the interface that the ranks of a machine communicate over, and its speed."""
    if node.interface == LOOPBACK:
        return "within one machine"
    speed = units.rate(node.interface_bits_s, "bit/s") if node.interface_bits_s else ""
    return ", ".join(filter(None, (node.interface or "not known", speed)))
