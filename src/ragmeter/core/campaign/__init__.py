"""What a campaign measures, and what happens while it does."""
