"""Explain: result files -> table -> findings -> charts -> pages."""
