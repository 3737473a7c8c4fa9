"""What several workloads are made of; not workloads themselves."""
