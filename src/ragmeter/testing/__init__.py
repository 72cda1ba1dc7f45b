"""A streaming server with known token times and counts, to test a suite or a client against the truth."""

from ragmeter.testing.ground_truth import GroundTruthServer
from ragmeter.testing.oddities import ODDITIES, Expected, Oddity
from ragmeter.testing.script import Contract, StreamScript, StreamTruth

__all__ = ["ODDITIES", "Contract", "Expected", "GroundTruthServer", "Oddity", "StreamScript", "StreamTruth"]
