"""Scaling: what several ranks, devices or machines gain, measured on `torch.distributed`."""
