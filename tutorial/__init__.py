"""A tutorial: chapters that run, and exercises that you can check."""
