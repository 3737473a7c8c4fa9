"""The result file: what it holds, how it is written and read. Free of PyTorch, for both packages."""
