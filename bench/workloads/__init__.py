"""One file a workload; `bench.workload.discover` finds every one that is here."""
