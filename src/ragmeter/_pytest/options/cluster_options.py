"""Options of a load that is sent from inside the provider's cluster."""

from ragmeter import __version__
from ragmeter._pytest.options.option import Group, Option, Takes
from ragmeter._pytest.options.parse import positive, seconds_above_zero, url

IN_CLUSTER = Option(
    name="bench_in_cluster",
    takes=Takes.SWITCH,
    default=False,
    help="send the load from pods in the namespace `kube_namespace` of the cluster `kube_context` of the provider "
    "file, and judge it here; `kubectl apply -k k8s/benchmark/access` prepares it",
)
CLUSTER = Group(
    name="ragmeter in-cluster",
    title="ragmeter: send the load from inside the provider's cluster",
    options=(
        IN_CLUSTER,
        Option(
            name="bench_pods",
            parse=positive,
            needs=IN_CLUSTER.name,
            metavar="N",
            default=1,
            help="pods that share the load",
        ),
        Option(
            name="bench_image",
            needs=IN_CLUSTER.name,
            metavar="IMAGE",
            default=f"ragmeter-runner:{__version__}",
            unset="`ragmeter-runner` of this version",
            help="image of the suite as the nodes know it",
        ),
        Option(
            name="bench_service_url",
            parse=url,
            needs=IN_CLUSTER.name,
            metavar="URL",
            default="http://rag-backend",
            help="the service as pods reach it",
        ),
        Option(
            name="bench_edge",
            takes=Takes.SWITCH,
            default=False,
            needs=IN_CLUSTER.name,
            help="send half of the requests, drawn at random, from here at the same time, and say what the provider's "
            "edge adds; latencies are then those from here",
            see="[what the edge adds](../howto-cluster.md#what-the-providers-edge-adds)",
        ),
        Option(
            name="bench_begin_timeout",
            parse=seconds_above_zero,
            needs=IN_CLUSTER.name,
            metavar="SECONDS",
            default=120.0,
            help="time for the pods to begin",
        ),
    ),
)
