"""A cost config of the predecessor's form, and what its program computed by those prices: known for three runs."""

from typing import Any

CONFIG = """
providers:
  akamai-lke:
    as_of: "2026-01-30"
    notes: "us-ord"
    gpu_node_usd_per_hr: 0.52
    cpu_node_usd_per_hr: 0.036
    egress_usd_per_gb: 0.005
    ingress_usd_per_gb: 0.0
    storage_usd_per_gb_month: 0.10
    cluster_mgmt_usd_per_hr: 0.0
  aws-eks:
    as_of: "2026-01-30"
    gpu_node_usd_per_hr: 0.8048
    cpu_node_usd_per_hr: 0.0416
    egress_usd_per_gb: 0.09
    cluster_mgmt_usd_per_hr: 0.10
  gcp-gke:
    as_of: "2026-01-30"
    gpu_node_usd_per_hr: 0.8536
    cpu_node_usd_per_hr: 0.067
    egress_usd_per_gb: 0.12
    cluster_mgmt_usd_per_hr: 0.10
benchmark_context:
  duration_seconds: null
  gpu_node_count: 1
  cpu_node_count: 2
"""
GOLDEN = [
    ("akamai-lke", 126453, 120.407, 0.019800, 0.156582),
    ("aws-eks", 127020, 182.591, 0.050111, 0.394513),
    ("gcp-gke", 126670, 188.987, 0.057095, 0.450739),
]
"""Provider, output tokens, seconds, USD of the run, USD per million tokens."""


def result_of(provider: str, tokens: int, seconds: float) -> dict[str, Any]:
    """A result of the predecessor."""
    return {
        "requests": 500,
        "concurrency": 50,
        "success": 500,
        "errors": 0,
        "ttft_p50_ms": 4556.0,
        "latency_p50_ms": 14245.0,
        "total_tokens": tokens,
        "duration_seconds": seconds,
        "run_metadata": {"provider": provider, "timestamp": "2026-02-22T10:15:30+00:00"},
    }
