"""What can be taken over from the results of other tools, one file a tool.

Taken are figures whose definition is ours, or differs in a way that a note can say. All else is left out.
"""
