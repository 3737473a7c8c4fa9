"""The result file: what it holds, how it is written and read. Free of torch, for both packages."""
