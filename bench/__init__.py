"""The suite: what ``pytest bench`` runs, and ``pytest --pyargs ragmeter.suite`` where ragmeter is installed."""
