"""Runs each contender in its own process: verifies it, then times blocks of all in turn."""
