"""Reads result files from any address, and the source code that they timed."""
