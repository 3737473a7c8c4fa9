"""One file for each workload. `bench.workload.discover` imports every file in this folder."""
