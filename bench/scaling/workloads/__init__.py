"""The scaling workloads, each with both bodies one above the other."""
