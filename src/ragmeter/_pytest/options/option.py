"""What an option is: every form in which a user writes it, and everything that is told of it."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Literal, NamedTuple

from ragmeter._pytest.options.parse import one_of, switch


class Form(NamedTuple):
    """How the environment and the ini file write a value. separators: between several in the environment; empty: it is
    one. ini_type: as pytest has it. told_of_variable, told_of_ini: what a user has to know of them.
    """

    separators: str = ""
    ini_type: Literal["args", "bool", "linelist"] | None = None
    told_of_variable: str = ""
    told_of_ini: str = ""


class Takes(Enum):
    """What stands after the flag."""

    VALUE = Form()
    FILE = Form(told_of_ini="relative to the file's folder")
    SWITCH = Form(ini_type="bool")
    NAMES = Form(separators=",", ini_type="args", told_of_variable="comma-separated")
    EXPRESSIONS = Form(
        separators=";\n", ini_type="linelist", told_of_variable="separated by semicolons", told_of_ini="one a line"
    )

    @property
    def several(self) -> bool:
        """Whether the flag is repeatable."""
        return bool(self.value.separators)


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One option. Its names, its value, its help and its row in the reference are derived from this record.

    name: in the ini file. help: its meaning, in Markdown, without the default. see: a link for the reference, after
    "see". metavar: what stands for the value. parse: from text to value; raises ValueError, a sentence. choices: all
    values, where these are few. key: dotted key of the file whose value it replaces. default: the value when nobody
    sets it. unset: what the default means, where the value does not say it. field: of `BenchOptions`; empty: that of
    the name. with_origin: whether that field is a `Setting`. needs: name of the option without which this one means
    nothing. short: a flag that other plugins declare, too. predecessors: flags of its client for the same.
    """

    name: str
    help: str
    see: str = ""
    metavar: str = ""
    takes: Takes = Takes.VALUE
    parse: Callable[[str], Any] = str
    choices: tuple[str, ...] = ()
    key: str | None = None
    default: Any = None
    unset: str = ""
    field: str = ""
    with_origin: bool = False
    needs: str | None = None
    short: str = ""
    predecessors: tuple[str, ...] = ()

    @property
    def long(self) -> str:
        """The flag that is ours alone."""
        return flag_of(self.name)

    @property
    def flag(self) -> str:
        """The flag that people write."""
        return self.short or self.long

    @property
    def variable(self) -> str:
        return "RAGMETER_" + self.name.removeprefix("bench_").upper()

    @property
    def attribute(self) -> str:
        """The field of `BenchOptions`."""
        return self.field or self.name.removeprefix("bench_")

    @property
    def written(self) -> str:
        """What stands for the value: ``N``, ``on|off``; empty for a switch."""
        return self.metavar or "|".join(self.choices)

    @property
    def default_text(self) -> str:
        """The value when nobody sets it, in words; empty when there is nothing to say."""
        if self.unset or self.default in (None, ()):
            return self.unset
        if isinstance(self.default, bool):
            return "on" if self.default else "off"
        return f"`{self.default}`" if isinstance(self.default, str) else f"{self.default:g}"

    def value_of(self, text: str) -> Any:
        """Raises ValueError, a sentence, for a text that is no value of the option."""
        if self.choices:
            return one_of(text, self.choices)
        return switch(text) if self.takes is Takes.SWITCH else self.parse(text)

    def help_text(self, owner: str = "") -> str:
        """What ``--help`` says. owner: of the file that has the key."""
        form = self.takes.value
        default = f"the {owner}'s {self.key}" if self.key else self.default_text
        variable = ", ".join(filter(None, (f"environment {self.variable}", form.told_of_variable)))
        stands = f"default: {default}; {variable}" if default else variable
        return plain(f"{self._condition}{self.help} ({stands})")

    @property
    def ini_help(self) -> str:
        return ", ".join(filter(None, (f"ini form of {self.flag}", self.takes.value.told_of_ini)))

    @property
    def row(self) -> tuple[str, ...]:
        """The cells of the reference, in Markdown."""
        form = self.takes.value
        notes = (
            f"in the environment {form.told_of_variable}" if form.told_of_variable else "",
            f"in the ini file {form.told_of_ini}" if form.told_of_ini else "",
            f"default {self.default_text}" if self.default_text else "",
            f"see {self.see}" if self.see else "",
        )
        cells = [f"`{f'{self.flag} {self.written}'.strip()}`", f"`{self.name}`", f"`{self.variable}`"]
        meaning = "; ".join(filter(None, (f"{self._condition}{self.help}", *notes)))
        return tuple(cell.replace("|", r"\|") for cell in (*cells, *([f"`{self.key}`"] if self.key else []), meaning))

    @property
    def _condition(self) -> str:
        return f"with `{flag_of(self.needs)}`: " if self.needs else ""

    def arguments(self, help_text: str) -> Mapping[str, Any]:
        """What argparse is told of each of its flags."""
        told = {"dest": self.name, "help": help_text.replace("%", "%%")}
        if self.takes is Takes.SWITCH:
            return told | {"action": "store_true", "default": None}
        return told | {"action": "append" if self.takes.several else "store", "metavar": self.written}


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Options that stand together. name: as pytest and the reference know it. title: in ``--help``. owner: of the keys
    that they replace; empty: they replace none.
    """

    name: str
    title: str
    options: tuple[Option, ...]
    owner: str = ""

    def help_of(self, option: Option) -> str:
        return option.help_text(self.owner)


def flag_of(name: str) -> str:
    return "--" + name.replace("_", "-")


def plain(markdown: str) -> str:
    """Text for a terminal: without links and code marks; code of several words is quoted."""
    linked = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", markdown)
    return re.sub(r"`([^`]*)`", lambda found: repr(found[1]) if " " in found[1] else found[1], linked)
