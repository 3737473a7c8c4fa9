"""Teaches: chapters that run, exercises that can be checked."""
