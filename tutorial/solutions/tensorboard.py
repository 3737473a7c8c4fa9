"""Solutions of the exercises of the chapter on TensorBoard."""

import hashlib
import json
import re

import numpy as np
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator


def slider_smoothed(values, weight):
    """Divide by the sum of the weights so far, which is `1 - weight**k`."""
    m, drawn = 0.0, []
    for k, value in enumerate(values, start=1):
        m = weight * m + (1 - weight) * value
        drawn.append(m / (1 - weight**k))
    return drawn


def steps_to_target(folder, tag, target):
    """Round the target to float32, as the file rounds its values: 0.9 is smaller there."""
    reader = EventAccumulator(folder, size_guidance={"scalars": 0}).Reload()
    reached = (event.step for event in reader.Scalars(tag) if event.value >= np.float32(target))
    return next(reached, None)


def run_name(settings):
    """Begin with readable settings and end with a hash of all settings in sorted order."""
    everything = json.dumps(settings, sort_keys=True)
    read = re.sub(r"[^\w.]+", "-", everything)[:60]
    return f"{read.strip('-')}-{hashlib.sha256(everything.encode()).hexdigest()[:12]}"
