"""The whole program, in PyTorch and by hand in NumPy: the same network, gradients and results."""

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from tutorial import digits_numpy, digits_torch


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def test_both_programs_have_the_same_gradients():
    model = digits_torch.Network().double().eval()
    by_hand = {name: p.detach().numpy() for name, p in model.named_parameters()}
    by_hand["conv.weight"] = by_hand["conv.weight"].reshape(16, 9)
    images, labels = digits_numpy.digits(np.arange(50))
    loss, gradients = digits_numpy.gradients(by_hand, images.astype("float64"), labels, kept=1.0)
    scores = model(torch.from_numpy(images).double()[:, None])
    same = F.cross_entropy(scores, torch.from_numpy(labels))
    same.backward()
    assert loss == pytest.approx(same.item())
    for name, parameter in model.named_parameters():
        wanted = parameter.grad.numpy().reshape(gradients[name].shape)
        np.testing.assert_allclose(gradients[name], wanted, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(
    ("program", "file"), [(digits_torch, "weights.pt"), (digits_numpy, "weights.npz")]
)
def test_each_program_learns_saves_loads_and_predicts(program, file, tmp_path, capsys):
    program.main(tmp_path / file, epochs=2)
    *epochs, last = capsys.readouterr().out.splitlines()
    assert len(epochs) == 2
    assert float(last.partition("%")[0]) > 85, "one in ten would be chance"
