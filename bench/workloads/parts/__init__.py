"""Code that several workloads share. There is no workload in this folder."""
