"""Files in: result files from any address, and the code that they timed."""
