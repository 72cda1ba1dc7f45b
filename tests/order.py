"""Which test process takes what, and in which order: the longest first, so that none begins when the others are done.

A unit is what one process runs: a file, or a folder whose files share servers that would be started in each process.
"""

from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling
from xdist.workermanage import WorkerController

ROOT = Path(__file__).parents[1]
FOLDERS = ("tests/backend", "tests/grafana")
"""Units that are whole folders."""
LONGEST: Sequence[str] = (
    "tests/docs/test_docs_typed_checkout.py",  # it makes the environment for which the two others would wait
    "tests/backend",
    "tests/e2e/test_early_ends.py",
    "tests/e2e/test_main_job.py",
    "tests/grafana",
    "tests/docs/test_docs_typed_elsewhere.py",
    "tests/docs/test_docs_typed_reference.py",
    "tests/install/test_ways_in.py",
    "tests/run/local/test_local.py",
    "tests/report/html/test_accessibility.py",
    "tests/report/test_html_in_browser.py",
    "tests/docs/test_docs_examples.py",
    "tests/docs/test_docs_questions.py",
    "tests/cli/shards/test_cli_shards.py",
    "tests/cli/test_cli_quick.py",
    "tests/e2e/test_providers.py",
    "tests/clients/http/test_http_transport.py",
    "tests/clients/answers/test_oddities.py",
    "tests/experiments/test_odd_environments.py",
    "tests/experiments/test_truth.py",
    "tests/experiments/test_soak.py",
    "tests/experiments/test_killed_ingests.py",
    "tests/test_nothing_is_left.py",
    "tests/run/local/test_docset.py",
    "tests/run/session/test_campaign.py",
    "tests/_pytest/options/probe/test_option_bench_ew.py",
    "tests/_pytest/session/test_capacity_search.py",
    "tests/_pytest/session/test_known_delays.py",
    "tests/_pytest/options/targets/test_names_of_the_predecessor.py",
    "tests/_pytest/options/manifest/test_option_bench_until.py",
    "tests/core/compare/test_regression.py",
    "tests/core/compare/test_compare.py",
)
"""Units from the longest to the shortest, by what they take on two cores. All others follow in their usual order."""

_AHEAD = 2
"""Tests that a process has before it gets no more: the one that it runs, and the one that follows."""


def unit_of(nodeid: str) -> str:
    """The unit of a test."""
    file = nodeid.partition("::")[0]
    return next((folder for folder in FOLDERS if file.startswith(f"{folder}/")), file)


def place_in_line(nodeid: str) -> int:
    """The smaller, the earlier."""
    unit = unit_of(nodeid)
    return LONGEST.index(unit) if unit in LONGEST else len(LONGEST)


class InOrder(LoadScopeScheduling):  # type: ignore[misc]  # xdist has no types
    """A process that is free takes the next unit. Where one dies, the test that it ran has failed, and what is left of
    its units comes first.

    xdist's own way stands still then: it runs that test again in the next process, and again; it hands out units of
    which nothing is left, after which it hears of no end; and it gives a process that comes later a single test, which
    that does not begin before it knows what follows.
    """

    def __init__(self, config: pytest.Config, log: Producer | None = None) -> None:
        super().__init__(config, log)
        self.assigned_work: dict[WorkerController, dict[str, dict[str, bool]]]
        self.workqueue: OrderedDict[str, dict[str, bool]]
        config.option.loadscopereorder = False

    def remove_node(self, node: WorkerController) -> str | None:
        """The test that the process ran; None where it had none left."""
        units = self.assigned_work.pop(node)
        left = [(unit, test) for unit, tests in units.items() for test, is_done in tests.items() if not is_done]
        if not left:
            return None
        (_, crashed), *others = left
        rest: OrderedDict[str, dict[str, bool]] = OrderedDict()
        for unit, test in others:
            rest.setdefault(unit, {})[test] = False
        rest.update(self.workqueue)
        self.workqueue = rest
        for other in self.nodes:
            self._reschedule(other)
        return crashed

    def _reschedule(self, node: WorkerController) -> None:
        """Until the process has more than it needs to begin, or knows that nothing follows."""
        if node.shutting_down or node not in self.registered_collections:
            return
        while self.workqueue and self._pending_of(self.assigned_work[node]) <= _AHEAD:
            self._assign_work_unit(node)
        if not self.workqueue:
            node.shutdown()

    def _split_scope(self, nodeid: str) -> str:
        return unit_of(nodeid)
