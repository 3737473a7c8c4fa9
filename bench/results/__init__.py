"""The result file: what it holds, how it is written and read; for both packages, no PyTorch."""
