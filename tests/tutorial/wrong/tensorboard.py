"""Plausible wrong answers to the exercises on smoothing, on reading events, and on naming runs."""

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator


def slider_smoothed(values, weight):
    """Begins at the first value, which then counts for more than the page lets it."""
    drawn = list(values[:1])
    for value in values[1:]:
        drawn.append(weight * drawn[-1] + (1 - weight) * value)
    return drawn


def steps_to_target(folder, tag, target):
    """Compares float32 with float64: what was logged as 0.9 is less than 0.9."""
    reader = EventAccumulator(folder, size_guidance={"scalars": 0}).Reload()
    return next((event.step for event in reader.Scalars(tag) if event.value >= target), None)


def run_name(settings):
    """Rounds, so that two learning rates share a folder."""
    parts = (
        f"{name}={value:.3f}" if isinstance(value, float) else f"{name}={value}"
        for name, value in sorted(settings.items())
    )
    return ",".join(parts).replace("/", "_")
