"""What a plug-in of a target is made of: a class, as `Speaker` describes it, for what no description can say.

An installed package names it as an entry point of the group ``ragmeter.targets``, a conftest.py in the hook
``pytest_ragmeter_targets``. A target with the key ``plugin`` has it ask.
"""

from ragmeter.clients.plugins.speaker import Question, ServiceFailed, Speaker
from ragmeter.clients.plugins.stream import Arrival, Stream

__all__ = ["Arrival", "Question", "ServiceFailed", "Speaker", "Stream"]
