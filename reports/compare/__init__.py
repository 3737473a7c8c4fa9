"""Machines side by side, or two runs of one: ratios, means, what differs, and what that says."""
