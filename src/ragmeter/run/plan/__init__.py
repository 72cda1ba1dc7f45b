"""From files and options to the plan of a run, before anything is sent."""
