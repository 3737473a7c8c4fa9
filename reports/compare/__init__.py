"""Compares machines, or runs of one machine: ratios, means, verdicts, and what differs."""
