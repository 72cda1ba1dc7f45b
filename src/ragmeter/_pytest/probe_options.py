"""Options of the east-west probe; each replaces a value of the provider file's section ``netprobe``."""

import pytest

from ragmeter._pytest.options import Option
from ragmeter._pytest.parse import moment_of_probe, names, number, whole

probe_settings = (
    Option(name="ew_nodes", key="netprobe.nodes", parse=whole, metavar="N", help="nodes to take, 0 for all"),
    Option(name="ew_namespace", key="netprobe.namespace", metavar="NAME", help="namespace of the probe's pods"),
    Option(name="ew_image", key="netprobe.image", metavar="IMAGE", help="image of the probe's pods"),
    Option(
        name="ew_pull_policy",
        key="netprobe.pull_policy",
        metavar="POLICY",
        help="Always, IfNotPresent or Never, for that image",
    ),
    Option(name="ew_samples", key="netprobe.samples", parse=whole, metavar="N", help="round trips of each path"),
    Option(name="ew_seconds", key="netprobe.seconds", parse=whole, metavar="S", help="length of each bandwidth test"),
    Option(
        name="ew_streams", key="netprobe.streams", parse=whole, metavar="N", help="TCP streams of the second such test"
    ),
    Option(name="ew_udp_mbps", key="netprobe.udp_mbps", parse=number, metavar="MBPS", help="rate of the UDP test"),
    Option(
        name="ew_parts",
        key="netprobe.parts",
        parse=names,
        metavar="PARTS",
        help="what is measured, of latency, tcp and udp, with commas between them; beside a load it is latency alone "
        "unless this option says otherwise",
    ),
    Option(
        name="ew_timeout", key="netprobe.timeout", parse=number, metavar="SECONDS", help="time for a pod to come up"
    ),
)
"""Option > environment > ini > provider file."""

netprobe_reference = Option(
    name="bench_netprobe",
    metavar="FILE|latest|off",
    help="east-west probe that the results refer to and that their attribution uses: a document, the latest of the "
    "provider within 24 hours, or none",
)

probe_when = Option(
    name="bench_ew",
    parse=moment_of_probe,
    metavar="before|after|during",
    help="probe the cluster, too, in a run that measures: before its load, after it, or beside it, where round trips "
    "of 64 bytes come on top of the load; the results refer to that probe",
)


def add_probe_options(parser: pytest.Parser) -> None:
    """Declare them, in a group of their own."""
    group = parser.getgroup("ragmeter east-west", "ragmeter: probe the network inside a cluster (pytest -m ew_probe)")
    for option in probe_settings:
        group.addoption(
            option.flag,
            metavar=option.metavar,
            help=f"{option.help} (default: the provider file's {option.key}; environment {option.variable})",
        )
        parser.addini(option.name, f"ini twin of {option.flag}", default=None)
    for option, default in ((netprobe_reference, "latest"), (probe_when, "no probe")):
        group.addoption(
            option.flag,
            metavar=option.metavar,
            help=f"{option.help} (default: {default}; environment {option.variable})",
        )
        parser.addini(option.name, f"ini twin of {option.flag}", default=None)
