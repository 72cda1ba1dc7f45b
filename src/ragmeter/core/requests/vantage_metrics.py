"""The metrics of vantage points, which no SLO can name."""

from ragmeter.core.requests import measures
from ragmeter.core.requests.metric import Metric

ROUND_TRIP = Metric(
    name="round_trip_ms",
    label="Round trip",
    unit="ms",
    better="lower",
    kind="per_request",
    interval="none",
    formula="least round trip of the connection, as the kernel knows it",
    definition="The network alone, between the client and what answers its packets. Compared, and not judged by SLOs.",
    source="Linux TCP_INFO, tcpi_min_rtt",
    short="round trip",
)
"""Of vantage points and not of requests, so no SLO can name it."""

UNREPORTED_TTFT = Metric(
    name="unreported_ttft_ms",
    label="TTFT less the service's own",
    unit="ms",
    better="lower",
    kind="per_request",
    interval="order statistics",
    formula="t_F - t_send - timings.ttft_ms",
    definition="What of the TTFT the service did not report itself: the way to it and back, and what stands in it. Of "
    "vantage points: the waits inside the service, which are not the same for both, are not in it.",
    source="ragmeter",
    measure=measures.unreported_ttft_ms,
    short="TTFT beyond",
)
UNREPORTED_E2E = Metric(
    name="unreported_e2e_ms",
    label="End-to-end latency less the service's own",
    unit="ms",
    better="lower",
    kind="per_request",
    interval="order statistics",
    formula="t_E - t_send - timings.total_ms",
    definition="What of the end-to-end latency the service did not report itself.",
    source="ragmeter",
    measure=measures.unreported_e2e_ms,
    short="e2e beyond",
)
OF_VANTAGE = {metric.name: metric for metric in (ROUND_TRIP, UNREPORTED_TTFT, UNREPORTED_E2E)}
