"""Scripts that hold the project itself against a bare loop, itself, and large inputs."""
