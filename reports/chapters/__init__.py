"""Runs the tutorial's chapters (percent-format scripts); turns them into pages and notebooks."""
