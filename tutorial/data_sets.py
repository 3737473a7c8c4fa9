"""Two datasets, and a program that loads them with worker processes: see the chapter on data.

This is a separate file because a worker may import the program that starts it. Only the main
process runs `main`, which is behind the guard at the end. The program prints JSON.
"""

import json
import multiprocessing
import time

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset, get_worker_info

BATCHES, BATCH, WORKERS = 6, 8, 2
TRAIN_S = 0.015  # a training step, here only a pause


class Waiting(Dataset):
    """Slow items, as if read from a slow disc; each holds its start, its end and its process."""

    def __init__(self, wait_s):
        self.wait_s = wait_s

    def __len__(self):
        return BATCHES * BATCH

    def __getitem__(self, index):
        began = time.monotonic()
        time.sleep(self.wait_s)
        worker = get_worker_info()  # None in the main process
        name = "loading" if worker is None else f"worker {worker.id}"
        return began, time.monotonic(), name


class Noise(Dataset):
    """Items with a random number from each of four sources."""

    def __init__(self):
        self.kept = np.random.default_rng(0)
        self.reseeded = np.random.default_rng(0)

    def __len__(self):
        return 4 * WORKERS

    def __getitem__(self, index):
        return {
            "torch.rand": torch.rand(()).item(),
            "np.random.random": np.random.random(),  # noqa: NPY002 - the old way is the subject
            "a generator kept": self.kept.random(),
            "a generator reseeded": self.reseeded.random(),
        }


def reseed(_):
    """Give the copy of the dataset in this worker its own generator."""
    worker = get_worker_info()
    worker.dataset.reseeded = np.random.default_rng(worker.seed)


def loader(dataset, workers, **options):
    if not workers:
        return DataLoader(dataset, **options)
    forks = "forkserver" in multiprocessing.get_all_start_methods()  # not on Windows
    context = multiprocessing.get_context("forkserver" if forks else "spawn")
    if forks:
        context.set_forkserver_preload(["torch.utils.data"])  # imported once, not in every worker
    return DataLoader(dataset, num_workers=workers, multiprocessing_context=context, **options)


def epoch(wait_s, workers):
    """Load and train; return what each process did: its name, start and end in seconds."""
    spans = []
    for began, ended, names in loader(Waiting(wait_s), workers, batch_size=BATCH):
        trains = time.monotonic()
        time.sleep(TRAIN_S)
        spans.append([names[0], began[0].item(), ended[-1].item()])
        spans.append(["training", trains, time.monotonic()])
    return spans


def main():
    start = time.monotonic()
    next(iter(loader(Waiting(0), WORKERS)))
    result = {"start-up": time.monotonic() - start}
    for name, wait_s in (("slow", 0.006), ("fast", 0)):
        result[name] = {workers: epoch(wait_s, workers) for workers in (0, WORKERS)}
    seeded = torch.Generator().manual_seed(0)
    options = {"batch_size": 1, "worker_init_fn": reseed, "generator": seeded}
    drawn = loader(Noise(), WORKERS, **options)
    result["noise"] = [
        [{name: value.item() for name, value in item.items()} for item in drawn]
        for _ in ("an epoch", "the next")
    ]
    print(json.dumps(result))


if __name__ == "__main__":
    main()
