"""Chapters and their answers meet PyTorch as it starts, whatever other tests have set."""

import pytest
import torch


@pytest.fixture(autouse=True)
def one_precision():
    """Let convolutions and recurrent layers have one precision: torch.export refuses a mix."""
    cudnn = torch.backends.cudnn
    if not hasattr(cudnn, "conv"):  # before PyTorch 2.9
        yield
        return
    before = cudnn.conv.fp32_precision
    cudnn.conv.fp32_precision = cudnn.rnn.fp32_precision
    yield
    cudnn.conv.fp32_precision = before
