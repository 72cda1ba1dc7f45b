"""What people write: workloads, providers, traces, and what may be in them."""
