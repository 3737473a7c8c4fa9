"""Solutions of the exercises, one module for each chapter; try to solve them yourself first."""
