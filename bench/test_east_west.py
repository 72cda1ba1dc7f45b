"""What does the network inside the cluster do? ``pytest -m ew_probe``, or ``--bench-ew`` around a load."""

import pytest

from ragmeter.typing import RunNetprobe

pytestmark = pytest.mark.ew_probe


def test_a_round_trip_was_measured(run_netprobe: RunNetprobe) -> None:
    probe = run_netprobe()
    assert probe.latency is not None, "NO DATA: " + "\n".join(probe.errors)


def test_nodes_were_measured_and_not_one_node_alone(run_netprobe: RunNetprobe) -> None:
    probe = run_netprobe()
    across = [pair for pair in probe.pairs if not pair.same_node and pair.latency is not None]
    assert across, "NO DATA: " + "\n".join(probe.errors)


def test_every_part_of_every_pair_was_measured(run_netprobe: RunNetprobe) -> None:
    failed = [f"{pair.name}: {part}: {why}" for pair in run_netprobe().pairs for part, why in pair.errors.items()]
    assert not failed, "\n".join(failed)


def test_nothing_disturbed_the_probe(run_netprobe: RunNetprobe) -> None:
    probe = run_netprobe()
    assert not probe.suspect, "INVALID: " + "; ".join(probe.suspect)
