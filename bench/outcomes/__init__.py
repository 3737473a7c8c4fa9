"""From blocks to figures: estimates, plausibility checks, and records for the result file."""
