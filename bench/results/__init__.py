"""The result file: what it holds, how it is written and read. No PyTorch; for both packages."""
