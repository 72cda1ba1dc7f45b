"""The load of a campaign: warm-up, blocks of trials, searches, and when to stop."""
