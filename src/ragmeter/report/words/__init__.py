"""Numbers, names and sentences that terminal and page share."""
