"""Statements drawn from one result, each number tied to the cell it comes from."""
