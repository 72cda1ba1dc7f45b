"""Options of the east-west probe: those of its provider file's section ``netprobe``, and those of a run beside it."""

from ragmeter._pytest.options.option import Group, Option
from ragmeter._pytest.options.parse import names, number, seconds, whole, whole_seconds

PROBE = Group(
    name="ragmeter east-west",
    title="ragmeter: probe the network inside a cluster (pytest -m ew_probe)",
    owner="provider file",
    options=(
        Option(
            name="ew_nodes",
            key="netprobe.nodes",
            parse=whole,
            metavar="N",
            help="nodes to take, spread over the sorted names; 0 for all",
        ),
        Option(name="ew_namespace", key="netprobe.namespace", metavar="NAME", help="namespace of the probe's pods"),
        Option(name="ew_image", key="netprobe.image", metavar="IMAGE", help="image of the probe's pods"),
        Option(
            name="ew_pull_policy",
            key="netprobe.pull_policy",
            metavar="POLICY",
            help="`Always`, `IfNotPresent` or `Never`, for that image",
        ),
        Option(name="ew_samples", key="netprobe.samples", parse=whole, metavar="N", help="round trips of each path"),
        Option(
            name="ew_seconds",
            key="netprobe.seconds",
            parse=whole_seconds,
            metavar="S",
            help="length of each bandwidth test",
        ),
        Option(
            name="ew_streams",
            key="netprobe.streams",
            parse=whole,
            metavar="N",
            help="TCP streams of the second such test",
        ),
        Option(name="ew_udp_mbps", key="netprobe.udp_mbps", parse=number, metavar="MBPS", help="rate of the UDP test"),
        Option(
            name="ew_parts",
            key="netprobe.parts",
            parse=names,
            metavar="PARTS",
            help="what is measured, of `latency`, `tcp` and `udp`, with commas between them; beside a load it is "
            "latency alone unless this option says otherwise",
        ),
        Option(
            name="ew_timeout",
            key="netprobe.timeout",
            parse=seconds,
            metavar="SECONDS",
            help="time for a pod to come up",
        ),
    ),
)
"""Option > environment > ini > provider file."""

BESIDE_A_LOAD = Group(
    name="ragmeter probe of a run",
    title="ragmeter: the east-west probe of a run that measures",
    options=(
        Option(
            name="bench_netprobe",
            metavar="FILE|latest|off",
            field="netprobe_reference",
            unset="`latest`",
            help="east-west probe that the results refer to and that their attribution uses: a document, the latest of "
            "the provider within 24 hours, or none",
        ),
        Option(
            name="bench_ew",
            choices=("before", "after", "during"),
            default="none",
            unset="no probe",
            help="probe the cluster, too, in a run that measures: before its load, after it, or beside it, where round "
            "trips of 64 bytes come on top of the load",
            see="[what the results then say](../howto-east-west.md#probe-around-a-load)",
        ),
    ),
)
