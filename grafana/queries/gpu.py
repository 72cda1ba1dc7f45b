"""Metrics of NVIDIA's dcgm-exporter that k8s/ has it export. One series per GPU, also if containers share it."""

from grafana.config import SPAN
from grafana.queries.backend import output_tokens_per_s
from grafana.queries.promql import select


def _per_gpu(vector: str) -> str:
    return f"max by (provider, Hostname, gpu) ({vector})"


def utilisation() -> str:
    return _per_gpu(select("DCGM_FI_DEV_GPU_UTIL"))


def mean_utilisation() -> str:
    return f"avg by (provider) (avg_over_time({select('DCGM_FI_DEV_GPU_UTIL')}[{SPAN}]))"


def memory_used() -> str:
    return _per_gpu(select("DCGM_FI_DEV_FB_USED"))


def memory_free() -> str:
    return _per_gpu(select("DCGM_FI_DEV_FB_FREE"))


def memory_used_ratio() -> str:
    return f"{memory_used()} / ({memory_used()} + {memory_free()})"


def power() -> str:
    return _per_gpu(select("DCGM_FI_DEV_POWER_USAGE"))


def temperature() -> str:
    return _per_gpu(select("DCGM_FI_DEV_GPU_TEMP"))


def joules_per_token() -> str:
    """Power of the GPUs by output tokens per second; nothing while no token is made."""
    return f"sum by (provider) ({power()}) / ({output_tokens_per_s()} > 0)"
