"""What a pytest session knows of its runs."""
