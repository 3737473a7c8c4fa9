"""Checks of the exercises: one module for each chapter, one function for each exercise."""
