"""What the Kubernetes API says, and the documents that a run in a cluster leaves there."""
