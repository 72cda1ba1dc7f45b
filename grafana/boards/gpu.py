"""The GPUs, by NVIDIA's dcgm-exporter."""

from grafana.boards.board import Board
from grafana.panels import Panel, Query, Unit
from grafana.queries import gpu

_EACH = "GPU {{gpu}} {{GPU_I_ID}} {{Hostname}}{{hostname}} {{provider}}"


def gpu_board() -> Board:
    return Board(
        uid="ragmeter-gpu",
        title="GPU",
        about="Utilisation, memory, power and temperature of every GPU, from dcgm-exporter.",
        providers_of="DCGM_FI_DEV_GPU_UTIL",
        rows=(("Load and power", _load()), ("Memory", _memory()), ("Health", _health())),
    )


def _each(title: str, about: str, unit: Unit, expr: str, width: int = 8) -> Panel:
    return Panel(title=title, about=about, unit=unit, queries=[Query(expr=expr, legend=_EACH)], width=width)


def _load() -> tuple[Panel, ...]:
    energy = Query(expr=gpu.joules_per_token(), legend="{{provider}}")
    return (
        _each("Utilisation", "Share of the time a kernel ran: 100 is not full use.", Unit.PERCENT, gpu.utilisation()),
        _each("Power", "Draw of the board.", Unit.WATT, gpu.power()),
        Panel(title="Energy per output token", about="Power by tokens per second.", unit=Unit.JOULE, queries=[energy]),
    )


def _memory() -> tuple[Panel, ...]:
    return (
        _each("Memory used", "vLLM reserves its KV cache at the start.", Unit.MEBIBYTES, gpu.memory_used()),
        _each("Memory free", "Frame buffer that nobody holds.", Unit.MEBIBYTES, gpu.memory_free()),
        _each("Memory used, share", "Of used and free.", Unit.RATIO, gpu.memory_used_ratio()),
    )


def _health() -> tuple[Panel, ...]:
    return (_each("Temperature", "Of the chip.", Unit.CELSIUS, gpu.temperature(), width=24),)
