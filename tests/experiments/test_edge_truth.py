"""The simulation of `edge_truth`, made short."""

import math

from experiments.edge_truth import SERVICES, false_effects


def test_an_edge_is_seen_where_there_is_none_no_more_often_than_an_interval_is_wrong() -> None:
    runs = 25
    whole = runs * len(SERVICES)
    seen = sum(false_effects(service, runs, seed=7) for service in SERVICES)
    assert seen <= 0.05 * whole + 3 * math.sqrt(whole * 0.05 * 0.95)
