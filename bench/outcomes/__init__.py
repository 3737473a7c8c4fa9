"""From blocks to figures: estimates, plausibility, and the records that a result file keeps."""
