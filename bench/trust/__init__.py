"""Scripts that test the suite itself: its overhead, its repeatability, its cost with many files."""
