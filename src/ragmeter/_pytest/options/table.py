"""The one table of options. What pytest, the environment, the ini file and the reference know of them comes from it."""

from ragmeter._pytest.options.client_options import CLIENT
from ragmeter._pytest.options.cluster_options import CLUSTER
from ragmeter._pytest.options.manifest_options import MANIFEST
from ragmeter._pytest.options.probe_options import BESIDE_A_LOAD, PROBE
from ragmeter._pytest.options.report_options import REPORT
from ragmeter._pytest.options.target_options import TARGETS

GROUPS = (TARGETS, MANIFEST, CLIENT, REPORT, PROBE, BESIDE_A_LOAD, CLUSTER)
OPTIONS = {option.name: option for group in GROUPS for option in group.options}

NAMES_OF_THE_PREDECESSOR = {flag: option for option in OPTIONS.values() for flag in option.predecessors}
"""Flags of its client, and our options. ``--timeout`` is not among them: pytest-timeout ends tests by it."""
