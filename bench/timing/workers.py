"""The worker processes of a run: starts each generation, asks workers for steps, ends them.

Each contender has a process of its own for each thread setting. A worker with several threads is
frozen between its turns, because its idle threads may spin and take the cores of the others.
"""

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

from bench.cases.contenders import Contender
from bench.timing.fork_server import START_S, ForkServer, WorkerError, WorkerProcess
from bench.timing.peaks import Peaks, merged, name_of

Key = tuple[Contender, int]  # a contender and its number of threads


class Workers:
    """The processes of one generation.

    Parameters
    ----------
    limit_s : a worker that is silent for longer has hung.
    imports : modules that every fork server imports, so that no first call has to.
    generation : the last generation of the run that is resumed.

    Attributes
    ----------
    generation : the number of the current generation.
    observed : the threads, cores and precision that each worker read back, by its name.

    """

    def __init__(self, limit_s: float, imports: Sequence[str] = (), generation: int = 0) -> None:
        self.limit_s = limit_s
        self.generation = generation
        self.observed: dict[str, Mapping[str, Any]] = {}
        self._imports = tuple(imports)
        self._servers: dict[int, ForkServer] = {}  # by threads
        self._processes: dict[Key, WorkerProcess] = {}
        self._wrong_settings: dict[Key, str] = {}

    def __contains__(self, key: Key) -> bool:
        return key in self._processes

    def preload(self, imports: Sequence[str]) -> None:
        """Import further modules in the fork servers that are started from now on."""
        self._imports = tuple(dict.fromkeys((*self._imports, *imports)))

    def renew(self, keys: Sequence[Key], *, servers: bool = True) -> None:
        """End all processes and start fresh ones for some contenders and threads.

        New fork servers have another layout of memory. Without `servers`, the running ones fork the
        processes, which takes a tenth of the time.
        """
        self.end(servers=servers)
        self.generation += 1
        for threads in {threads for _, threads in keys} - self._servers.keys():
            self._servers[threads] = ForkServer(threads, self._imports)
        for key in keys:
            with suppress(WorkerError):  # `ask` will try again and report the error
                self._start(key)
        for key in list(self._processes):
            with suppress(WorkerError):
                self._observe(key)

    def end(self, *, servers: bool = True) -> None:
        """End all workers, and the fork servers too unless they are kept."""
        while self._processes:
            self._processes.popitem()[1].end()
        while servers and self._servers:
            self._servers.popitem()[1].end()

    def ask(self, key: Key, step: str, *arguments: Any, limit_s: float = 0.0) -> Any:
        """Have a worker do a step; return its answer. Start the worker if it is not running.

        Raises
        ------
        WorkerError : the step failed, or the worker hung, crashed or has other settings than it
            was given.

        """
        try:
            if key not in self._processes:
                self._start(key)
                self._observe(key)
            if key in self._wrong_settings:
                raise WorkerError("skipped", self._wrong_settings[key])
            process = self._processes[key]
            answer = process.call(step, *arguments, limit_s=limit_s or self.limit_s)
        except WorkerError:
            if key in self._processes and not self._processes[key].alive:
                self._processes.pop(key).end()
            raise
        if key[1] > 1:
            process.freeze()
        return answer

    def peaks(
        self,
        keys: Sequence[Key],
        probe_s: float,
        precisions: Collection[str],
        known: Mapping[str, Peaks],
        only: str = "",
    ) -> dict[str, Peaks]:
        """Measure the peaks of each device with every library there; keep the larger figures.

        `known` has the peaks so far. With `only`, just that device is measured.
        """
        peaks = dict(known)
        libraries = {
            (contender, name_of(contender, threads)): threads
            for contender, threads in keys
            if contender == contender.plain
        }  # an accelerator has one name for all thread settings
        for (contender, name), threads in libraries.items():
            if only in ("", name):
                with suppress(WorkerError):  # without a roof, times are just not compared with it
                    key = (replace(contender, checks=True), threads)
                    measured = self.ask(key, "peaks", probe_s, precisions)
                    peaks = merged(peaks, name, measured)
        return peaks

    def _start(self, key: Key) -> None:
        contender, threads = key
        if threads not in self._servers or self._servers[threads].used_up:
            self._servers[threads] = ForkServer(threads, self._imports)
        try:
            self._processes[key] = self._servers[threads].start(contender)
        except WorkerError:
            self._servers.pop(threads).end()
            raise

    def _observe(self, key: Key) -> None:
        """Compare the settings that a process reads back with those it was given."""
        contender, threads = key
        process = self._processes[key]
        try:
            observed = process.observed(START_S)
        except WorkerError:  # a worker with unknown settings must not be timed
            self._processes.pop(key).end()
            raise
        float32 = contender.variant.float32
        wrong: dict[str, Any] = {k: n for k, n in observed["threads"].items() if n != threads}
        if any(len(cores) != 1 for cores in observed["cores"]):
            wrong["cores"] = observed["cores"]
        if set(observed["float32_precision"].values()) != {float32}:
            wrong["float32_precision"] = observed["float32_precision"]
        if wrong:
            self._wrong_settings[key] = (
                f"asked for {threads} threads, each on a core, and float32 as {float32}; "
                f"observed {wrong}"
            )
        if not contender.checks:
            self.observed[f"{contender.name}/threads={threads}"] = observed
        if threads > 1:
            process.freeze()
