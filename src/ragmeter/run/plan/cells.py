"""The cells of a plan as workloads: the manifest with the levels of each."""

from collections.abc import Sequence
from typing import Any, Final

from ragmeter.core.errors import ConfigError
from ragmeter.core.inputs.cache import CacheState
from ragmeter.core.inputs.provider import Provider
from ragmeter.core.inputs.workload import Workload
from ragmeter.core.schedule.design import Cell, Design, design_of
from ragmeter.core.schedule.factors import Factor, Level
from ragmeter.core.setting import Setting
from ragmeter.run.plan.catalog import load_workload


def load_cells(
    name: str, workload: Workload, settings: Sequence[Setting] = (), provider: Provider | None = None
) -> list[tuple[Cell, Workload]] | None:
    """Those that a provider has; without one, all. None of a workload that varies nothing.

    name: of the workload, as it was loaded with ``settings``. Raises ConfigError for what no cell can be.
    """
    design = design_of(workload.manifest, workload.path)
    if design is None:
        return None
    varied = {factor.key for factor in design.factors if not factor.deployed}
    if twice := next((each for each in settings if each.key in varied), None):
        raise ConfigError(f"{twice.origin}: {twice.value!r}: {workload.path}: $.factors.vary has {twice.key}")
    for factor in design.factors:
        _check_sent(factor, workload)
    cells = [cell for cell in design.cells if provider is None or cell.provider in (None, provider.name)]
    return [(cell, load_workload(name, (*settings, *_settings(cell, design, workload)), provider)) for cell in cells]


_PLACEHOLDERS: Final = {
    "retrieval.k": "k",
    "retrieval.docset": "docset",
    "benchmark.max_output_tokens": "max_tokens",
    "model.model_id": "model",
}
"""Of a description, by the keys that other keys of the manifest do not already ask for."""


def _check_sent(factor: Factor, workload: Workload) -> None:
    """Raises ConfigError for a factor that no request would tell the service of: its effect would be none."""
    name = _PLACEHOLDERS.get(factor.key)
    if factor.deployed or name is None:
        return
    sent = {"rag": {"k", "docset", "max_tokens"}, "openai": {"max_tokens", "model"}}.get(workload.target, set())
    if name not in (sent if workload.described is None else workload.described.uses):
        raise ConfigError(
            f"{workload.path}: $.factors.vary: {factor.key!r} has no meaning with target {workload.target}, whose "
            "requests do not have it; what a deployment changes is written under $.factors.deployed"
        )


def _settings(cell: Cell, design: Design, workload: Workload) -> list[Setting]:
    own = [factor for factor in design.factors if not factor.deployed]
    return [_setting(factor, cell.levels[factor.name], workload) for factor in own]


def _setting(factor: Factor, level: Level, workload: Workload) -> Setting:
    origin = f"{workload.path}: $.factors.vary.{factor.key}"
    if factor.key != "cache.kv":
        return Setting(key=factor.key, value=level, origin=origin)
    return Setting(key="cache", value=cache_in(level, workload), origin=origin)


def cache_in(state: Level, workload: Workload) -> dict[str, Any]:
    """The section ``cache`` of a manifest in another state: how requests are marked is of the cold one alone."""
    written = workload.manifest.get("cache", {})
    by = {"by": written["by"]} if "by" in written and state == CacheState.COLD.value else {}
    return {"kv": state, **by}
