"""What servers say of themselves while a load runs: readings of their metrics, and what those mean."""
