"""Measures the workloads: verifies each contender, times it, and writes one result file."""
