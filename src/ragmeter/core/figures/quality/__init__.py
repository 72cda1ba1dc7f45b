"""What an answer and its passages say of their quality, without a judge: pure, and computed when the answer is read."""
