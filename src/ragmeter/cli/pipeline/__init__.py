"""Commands of pipelines, and of what is told to other systems."""
