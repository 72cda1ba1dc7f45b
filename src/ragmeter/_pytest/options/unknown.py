"""Names that look like options of ours and are none: refused, since a load without them would not be what was asked."""

import difflib
import re
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Final

from ragmeter._pytest.options.table import OPTIONS
from ragmeter.core.errors import ConfigError

PREFIX: Final = "RAGMETER_"
OURS: Final = "--bench-"
OTHERS: Final = frozenset(
    {
        "RAGMETER_CHECKPOINT",
        "RAGMETER_CLUSTER_IMAGES",
        "RAGMETER_CLUSTER_SHAPE",
        "RAGMETER_LLM_TOKEN",
        "RAGMETER_PICTURES",
        "RAGMETER_PUSHGATEWAY_PASSWORD",
        "RAGMETER_PUSHGATEWAY_TOKEN",
        "RAGMETER_PUSHGATEWAY_USER",
        "RAGMETER_RECORD",
        "RAGMETER_TEST_MARK",
    }
)
"""Variables that are read and are no option's: credentials, and what our own tests are told."""
_REFERENCE: Final = re.compile(r"\$\{(RAGMETER_\w+)")
_OF_A_PROVIDER: Final = re.compile(r"RAGMETER_\w+_(URL|CONTEXT|TOKEN|KEY|USER|PASSWORD|SECRET|NAMESPACE)")
"""As provider files name theirs; one that is not at hand may refer to it."""
_ALIKE: Final = 0.75


def refuse_unknown_variables(environment: Mapping[str, str], providers: Iterable[str]) -> None:
    """Raises ConfigError for a variable ``RAGMETER_…`` that nothing reads. providers: names and files that were asked
    for; what is shipped, and what lies beside them, may read it, too.
    """
    set_ones = [name for name, value in environment.items() if name.startswith(PREFIX) and value]
    by_option = {option.variable for option in OPTIONS.values()}
    unread = [name for name in sorted(set_ones) if name not in by_option | OTHERS]
    if not unread:
        return
    referred = _referred(providers)
    for name in unread:
        close = _close(name, by_option)
        if name in referred or (close is None and _OF_A_PROVIDER.fullmatch(name)):
            continue
        hint = f"did you mean {close}?" if close else "docs/reference/options.md has all variables; unset it"
        raise ConfigError(f"environment {name}: no option and no provider file at hand reads it: {hint}")


def variable_hint(environment: Mapping[str, str]) -> str:
    """For a session that measures nothing, where a misspelt variable may be the reason; empty otherwise."""
    by_option = {option.variable for option in OPTIONS.values()}
    for name in sorted(environment):
        if name.startswith(PREFIX) and name not in by_option | OTHERS and (close := _close(name, by_option)):
            return f" The environment variable {name} is read by nothing; did you mean {close}?"
    return ""


def _close(name: str, known: Collection[str]) -> str | None:
    short = {each.removeprefix(PREFIX): each for each in known}
    found = difflib.get_close_matches(
        name.removeprefix(PREFIX).removeprefix("BENCH_").upper(), short, n=1, cutoff=_ALIKE
    )
    return short[found[0]] if found else None


def _referred(providers: Iterable[str]) -> set[str]:
    from ragmeter.run.plan.catalog import known

    folders = {Path(name).parent for name in providers if "/" in name or name.endswith((".yaml", ".yml"))}
    files = {*known("provider").values(), *(path for at in folders for path in at.glob("*.y*ml"))}
    return {name for path in files for name in _REFERENCE.findall(_text(path))}


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""


def refuse_unknown_flags(arguments: Iterable[str], known: Collection[str]) -> None:
    """Raises ConfigError for a flag that begins as ours do, or is one letter off a short one, and that nobody has
    declared. known: every flag of pytest and its plugins.
    """
    mine = [flag for option in OPTIONS.values() for flag in (option.flag, option.long)]
    for argument in arguments:
        flag = argument.partition("=")[0]
        if argument == "--":
            return
        if not flag.startswith("--") or flag in known:
            continue
        ours = flag.startswith(OURS)
        short = {each.removeprefix(OURS): each for each in mine if each.startswith(OURS) == ours}
        close = difflib.get_close_matches(flag.removeprefix(OURS), short, n=1, cutoff=_ALIKE)
        if close or ours:
            hint = f"did you mean {short[close[0]]}?" if close else "pytest --help lists them"
            raise ConfigError(f"unknown option {flag}: {hint}")
