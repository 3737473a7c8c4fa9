"""The benchmark is a plugin of pytest; this file names it."""

pytest_plugins = ["bench.plugin"]
