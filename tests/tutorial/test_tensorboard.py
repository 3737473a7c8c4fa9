"""Event files as the chapter on TensorBoard writes them, read by TensorBoard's own reader."""

import numpy as np
import pytest
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from torch.utils.tensorboard import SummaryWriter

LOSSES = [2.302585092994046, 0.1, -3.5e-12, 7.0]


@pytest.fixture
def reader(tmp_path):
    with SummaryWriter(tmp_path) as writer:
        for step, loss in enumerate(LOSSES, start=1):
            writer.add_scalar("loss/train", loss, 10 * step)
            writer.add_scalar("accuracy/held out", torch.tensor(loss, dtype=torch.float64), step)
        for step in (1, 2):
            weights = step * torch.arange(6.0).reshape(2, 3)
            writer.add_histogram("weights/first layer", weights, step, bins="auto")
    return EventAccumulator(str(tmp_path), size_guidance={"histograms": 0}).Reload()


@pytest.mark.parametrize(("tag", "stride"), [("loss/train", 10), ("accuracy/held out", 1)])
def test_scalars_are_read_as_they_were_written(reader, tag, stride):
    events = reader.Scalars(tag)
    assert [event.step for event in events] == [stride, 2 * stride, 3 * stride, 4 * stride]
    assert [event.value for event in events] == np.float32(LOSSES).tolist()


def test_histograms_are_read_as_they_were_written(reader):
    first, second = (event.histogram_value for event in reader.Histograms("weights/first layer"))
    assert (first.min, first.max, first.num, first.sum) == (0, 5, 6, 15)
    assert (second.min, second.max, second.sum_squares) == (0, 10, 220)
    counts, ends = np.histogram(np.arange(6), bins="auto")
    assert list(first.bucket) == [0, *counts]
    assert list(first.bucket_limit) == list(ends)


def test_what_was_not_logged_is_not_there(reader):
    assert reader.Tags()["scalars"] == ["loss/train", "accuracy/held out"]
    assert not reader.Tags()["graph"]
    with pytest.raises(KeyError):
        reader.Scalars("loss")
