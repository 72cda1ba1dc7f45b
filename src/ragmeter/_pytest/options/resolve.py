"""From what was written to values: the command line wins over the environment, the environment over the ini file."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from ragmeter._pytest.options.option import Option, Takes
from ragmeter._pytest.options.report_options import ORDER
from ragmeter._pytest.options.table import OPTIONS
from ragmeter._pytest.options.target_options import BASE_URL
from ragmeter.core.errors import ConfigError
from ragmeter.core.setting import Setting


def resolved(config: pytest.Config, environment: Mapping[str, str]) -> dict[str, Setting]:
    """Name of each option that somebody set -> its value and who set it. Raises ConfigError for a value that is not of
    its option's type, and for an option that would be ignored.
    """
    found = {
        option.name: setting
        for option in OPTIONS.values()
        if (setting := setting_of(config, environment, option)) is not None
    }
    _refuse_ignored(found)
    return found


def setting_of(config: pytest.Config, environment: Mapping[str, str], option: Option) -> Setting | None:
    """The value by precedence; None where nobody set it, and an empty text sets nothing."""
    for written, origin, folder in _candidates(config, environment, option):
        texts = written if option.takes.several else [written]
        given = [each if isinstance(each, bool) else str(each).strip() for each in texts or () if each is not None]
        values = tuple(_parsed(option, each, origin) for each in dict.fromkeys(given) if each != "")
        if values:
            value = Path(folder, values[0]) if option.takes is Takes.FILE else values[0]
            value = values if option.takes.several else value
            return Setting(key=option.key or option.attribute, value=value, origin=origin)
    return None


def _candidates(
    config: pytest.Config, environment: Mapping[str, str], option: Option
) -> Iterator[tuple[Any, str, Path]]:
    """(what is written, where, the folder that a path there is relative to), from the strongest to the weakest."""
    here = config.invocation_params.dir
    yield config.getoption(option.name) or _foreign(config, option), option.flag, here
    text = environment.get(option.variable, "")
    separators = re.escape(option.takes.value.separators)
    yield re.split(f"[{separators}]", text) if separators else text, f"environment {option.variable}", here
    try:
        by_ini = config.getini(option.name)
    except ValueError as error:  # pytest 9 raises a UsageError
        raise ConfigError(f"ini {option.name}: {error}") from error
    yield by_ini, f"ini {option.name}", config.rootpath


def _parsed(option: Option, written: str | bool, origin: str) -> Any:
    try:
        return written if isinstance(written, bool) else option.value_of(written)
    except ValueError as error:
        raise ConfigError(f"{origin}: {error}") from error


def _foreign(config: pytest.Config, option: Option) -> str | None:
    """What was written after a --base-url that another plugin owns; its default is not ours."""
    if option is not BASE_URL:
        return None
    written = any(argument.split("=")[0] == option.short for argument in map(str, config.invocation_params.args))
    return config.getoption("base_url", None) if written else None


def _refuse_ignored(found: Mapping[str, Setting]) -> None:
    """A pod is told how it is to measure by the session that ordered it, which has checked that."""
    if ORDER.name in found:
        return
    for name, setting in found.items():
        needed = OPTIONS[name].needs
        if needed is None or setting.value is False or (needed in found and found[needed].value):
            continue
        what = setting.origin if setting.value is True else f"{setting.origin}: {setting.value!r}"
        raise ConfigError(f"{what} means nothing without {OPTIONS[needed].flag}")
