"""Measure: workload -> contenders -> verified -> timed -> one result file."""
