"""The program in the pods of an east-west probe: the Python standard library and iperf3, nothing else."""
