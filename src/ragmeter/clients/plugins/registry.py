"""Which plug-ins there are: those of installed packages, by their entry points, and those that a hook names."""

import importlib
import inspect
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, Final, cast, get_args

from ragmeter.clients.http.clocks import clock_for
from ragmeter.clients.plugins.speaker import Speaker, Speaks
from ragmeter.core.errors import ConfigError
from ragmeter.core.inputs.targets.description import TargetDescription

GROUP: Final = "ragmeter.targets"
PLUGIN: Final = "plugin"
"""The clock of arrivals that the plug-in's own client has dated by handing them on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A class that a hook has named, so that other processes find it. folder: where its package or module lies."""

    name: str
    module: str
    attribute: str
    folder: str


_named: dict[str, Named] = {}


def register(targets: Mapping[str, type[Speaker]], where: str) -> None:
    """Make classes known by name. where: who names them, for messages. Raises ConfigError."""
    for name, speaker in targets.items():
        module = sys.modules.get(getattr(speaker, "__module__", ""))
        file = getattr(module, "__file__", None)
        if module is None or file is None or "<" in speaker.__qualname__ or module.__name__ in ("conftest", "__main__"):
            raise ConfigError(
                f"{where}: target {name!r}: {speaker!r} must be a class of a module that load processes can import; "
                "a conftest.py and a function's body are none"
            )
        depth = module.__name__.count(".") + (Path(file).name == "__init__.py")
        folder = str(Path(file).parents[depth])
        known(Named(name=name, module=module.__name__, attribute=speaker.__qualname__, folder=folder))
        speaker_of(name, where)


def known(*named: Named) -> tuple[Named, ...]:
    """Take these, and tell all that were taken."""
    _named.update({each.name: each for each in named})
    return tuple(_named.values())


def speaker_of(name: str, where: str) -> type[Speaker]:
    """The class of this name. where: the file and key that has it. Raises ConfigError."""
    installed = {point.name: point for point in entry_points(group=GROUP)}
    if name not in _named and name not in installed:
        raise ConfigError(f"{where}: no plug-in {name!r}; {_known_names([*_named, *installed])}")
    origin = f"{where}: plug-in {name!r}"
    try:
        found = _imported(_named[name]) if name in _named else installed[name].load()
    except Exception as error:
        raise ConfigError(f"{origin} cannot be imported: {type(error).__name__}: {error}") from error
    _check(found, origin)
    return cast("type[Speaker]", found)


def _known_names(names: Iterable[str]) -> str:
    listed = ", ".join(sorted(set(names)))
    return f"known: {listed}" if listed else f"none is installed (entry points {GROUP}) and no hook names one"


def _imported(named: Named) -> Any:
    if named.folder not in sys.path:
        sys.path.append(named.folder)
    found: Any = importlib.import_module(named.module)
    for part in named.attribute.split("."):
        found = getattr(found, part)
    return found


def _check(found: Any, origin: str) -> None:
    if not inspect.isclass(found):
        raise ConfigError(f"{origin}: {found!r} is not a class")
    if getattr(found, "clock", None) not in get_args(Speaks):
        raise ConfigError(
            f"{origin}: its clock is {getattr(found, 'clock', None)!r}; allowed: {', '.join(get_args(Speaks))}"
        )
    if not inspect.isasyncgenfunction(getattr(found, "ask", None)):
        raise ConfigError(f"{origin}: ask must be an async method that yields")
    if not inspect.iscoroutinefunction(getattr(found, "aclose", None)):
        raise ConfigError(f"{origin}: aclose must be an async method")


def clock_of(described: TargetDescription | None, asked: str) -> str:
    """Which clock dates the arrivals of a target: the one that was asked for, unless a plug-in's own client does.

    Raises ConfigError as `clock_for` and `speaker_of` do.
    """
    if described is None or described.plugin is None:
        return clock_for(asked)
    return PLUGIN if speaker_of(described.plugin, described.name).clock == PLUGIN else clock_for(asked)
