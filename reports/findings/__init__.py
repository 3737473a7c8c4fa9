"""Findings: sentences about one result, in which every number names the cell it comes from."""
