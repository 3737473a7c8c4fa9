"""Chapters: percent-format scripts that run, open as notebooks, and become pages."""
