"""Contenders in processes of their own: verified, then timed in turn, block by block."""
