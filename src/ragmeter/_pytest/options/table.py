"""The one table of options. What pytest, the environment, the ini file and the reference know of them comes from it."""

from ragmeter._pytest.options.client_options import CLIENT
from ragmeter._pytest.options.cluster_options import CLUSTER
from ragmeter._pytest.options.manifest_options import MANIFEST
from ragmeter._pytest.options.option import Option
from ragmeter._pytest.options.probe_options import BESIDE_A_LOAD, PROBE
from ragmeter._pytest.options.report_options import REPORT
from ragmeter._pytest.options.target_options import TARGETS

GROUPS = (TARGETS, MANIFEST, CLIENT, REPORT, PROBE, BESIDE_A_LOAD, CLUSTER)
OPTIONS = {option.name: option for group in GROUPS for option in group.options}

FIRST = tuple(
    OPTIONS[name]
    for name in (
        "bench_provider",
        "bench_workload",
        "bench_base_url",
        "bench_requests",
        "bench_trials",
        "bench_slo",
        "bench_strict",
        "bench_baseline",
        "bench_summary",
        "bench_report_dir",
    )
)
"""The ten that matter first, in the order in which a help text shows them."""
FIRST_TITLE = "ragmeter: the ten options that matter first"
OTHER_NAMES = "ragmeter other names"
OTHER_NAMES_TITLE = "ragmeter: other names of these options"

NAMES_OF_THE_PREDECESSOR = {flag: option for option in OPTIONS.values() for flag in option.predecessors}
"""Flags of its client, and our options. ``--timeout`` is not among them: pytest-timeout ends tests by it."""


def help_groups() -> list[tuple[str, str, list[tuple[Option, str]]]]:
    """(name, title, options with their help) as help texts show them: the first ten, then the others by subject."""
    told = {option.name: group.help_of(option) for group in GROUPS for option in group.options}
    first = [(option, told[option.name]) for option in FIRST]
    others = [
        (group.name, group.title, [(option, told[option.name]) for option in group.options if option not in FIRST])
        for group in GROUPS
    ]
    return [(TARGETS.name, FIRST_TITLE, first), *(at for at in others if at[2])]
