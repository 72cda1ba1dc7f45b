"""Metrics of NVIDIA's dcgm-exporter that k8s/ has it export. One series per GPU or MIG instance, also if containers
share it.

UUID is in every version. The node's label is `Hostname`, and `hostname` in new ones; where the exporter takes
"localhost" for it, GPUs of several nodes have one name. GPU_I_ID is the instance of a partitioned GPU.
"""

from grafana.config import SPAN
from grafana.queries.backend import output_tokens_per_s
from grafana.queries.promql import select


def _per_gpu(vector: str) -> str:
    return f"max by (provider, UUID, GPU_I_ID, gpu, Hostname, hostname) ({vector})"


def _per_board(vector: str) -> str:
    """What a GPU draws is a figure of the board: each of its instances repeats it."""
    return f"max by (provider, UUID, gpu, Hostname, hostname) ({vector})"


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
    return _per_board(select("DCGM_FI_DEV_POWER_USAGE"))


def temperature() -> str:
    return _per_board(select("DCGM_FI_DEV_GPU_TEMP"))


def joules_per_token() -> str:
    """Power of the GPUs by output tokens per second; nothing while no token is made."""
    return f"sum by (provider) ({power()}) / ({output_tokens_per_s()} > 0)"
