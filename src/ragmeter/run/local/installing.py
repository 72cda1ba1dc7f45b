"""Commands that install into the environment that runs us, for sentences that say what is missing."""

import importlib.metadata
import importlib.util
import re
import shlex
import shutil
import sys
from collections.abc import Iterable, Sequence


def install_command(*arguments: str) -> str:
    """With pip where the environment has it, else with uv: an environment that uv made has no pip."""
    if importlib.util.find_spec("pip") is None and shutil.which("uv"):
        return shlex.join(["uv", "pip", "install", "--python", sys.executable, *arguments])
    return shlex.join([sys.executable, "-m", "pip", "install", *arguments])


def absent(packages: Iterable[str]) -> list[str]:
    """Those of the packages that this environment lacks."""
    return [name for name in packages if importlib.util.find_spec(name) is None]


def requirements_of(distributions: Sequence[str]) -> list[str]:
    """The distributions with the versions that ragmeter asks for: it need not be on an index itself."""
    asked = [text.partition(";")[0].strip() for text in importlib.metadata.requires("ragmeter") or ()]
    by_name = {re.split(r"[\s\[<>=!~]", text)[0]: text for text in asked}
    return [by_name.get(name, name) for name in distributions]
