"""The result file: its fields, and how it is written and read. Nothing here imports torch."""
