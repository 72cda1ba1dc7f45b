"""Which commands of the pages are run, and what is checked of the others. Every program is in a class."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tests.docs.reader import checks
from tests.docs.reader.shell import INNER, program, simple_commands
from tests.docs.reader.steps import CommandStep

Words = Sequence[str]

RUN = frozenset(
    {".", "base64", "cat", "cd", "cp", "date", "echo", "export", "gunzip", "head", "kubectl", "mkdir", "pip"}
    | {"printf", "pytest", "python", "python3", "ragmeter", "wait"}
)
"""Programs that are run as they are typed."""


@dataclass(frozen=True, slots=True)
class Otherwise:
    """Commands that are not run. why: what they would need. check: raises AssertionError; it looks at the words.
    instead: a command that is run in their place; ``{}`` is what was typed.
    """

    programs: frozenset[str]
    why: str
    when: Callable[[Words], bool] = lambda _: True
    check: Callable[[Words], None] | None = None
    instead: str | None = None


def _has(*wanted: str) -> Callable[[Words], bool]:
    return lambda words: any(word in words for word in wanted)


IN_CLUSTER = ("--bench-in-cluster", "--bench-edge", "--bench-ew", "ew_probe")

OTHERWISE = (
    Otherwise(
        frozenset({"ragmeter", "pytest"}), "a cluster: it is collected", when=_has(*IN_CLUSTER), instead="{} --co -q"
    ),
    Otherwise(
        frozenset({"ragmeter"}),
        "a session that runs, and a terminal: its help is shown",
        when=_has("watch"),
        instead="{} --help",
    ),
    Otherwise(frozenset({"ragmeter"}), "an LLM: the tests of the backend ask a real one", when=_has("--llm")),
    Otherwise(
        frozenset({"pytest", "ruff", "mypy", "tox"}),
        "minutes: it is one of the environments of tox, which CI runs",
        when=checks.is_development,
        check=checks.environment_exists,
    ),
    Otherwise(
        frozenset({"python", "python3"}),
        "minutes: one environment is made for all pages",
        when=_has("venv"),
        instead='ln -sfn "$READER_ENVIRONMENT" .venv',
    ),
    Otherwise(
        frozenset({"python", "python3"}),
        "an end: a server is stopped when it serves",
        when=_has("backend", "ragmeter.backend"),
        instead="serves {}",
    ),
    Otherwise(
        frozenset({"pip"}),
        "an index: what it asks for is what the environment of all pages was made of",
        when=checks.installs_ragmeter,
        check=checks.extras_exist,
    ),
    Otherwise(frozenset({"apt-get"}), "root: CI types it in a fresh root", check=checks.packages_are_named),
    Otherwise(
        frozenset({"kubectl"}),
        "a cluster: what it names is rendered",
        when=_has("-k"),
        check=checks.kustomization_renders,
    ),
    Otherwise(
        frozenset({"kubectl"}),
        "a cluster: it is typed where none answers",
        when=lambda words: "config" not in words,
        instead="unreachable {}",
    ),
    Otherwise(frozenset({"helm"}), "a cluster: the files of values are there", check=checks.values_are_there),
    Otherwise(frozenset({"build.py"}), "a builder of images: their names are listed", instead="{} --list"),
    Otherwise(frozenset({"podman"}), "a builder of images: its files are there", check=checks.image_can_be_built),
    Otherwise(
        frozenset({"docker", "docker-compose"}),
        "Docker: its files are there, and fit the schema of compose",
        check=checks.compose_files_fit,
    ),
    Otherwise(
        frozenset({"terraform"}),
        "an account: its variables are declared",
        check=checks.terraform_variables_are_declared,
    ),
    Otherwise(frozenset({"rsync", "ssh"}), "another machine"),
    Otherwise(
        frozenset({"curl"}), "a cluster: the backend has the endpoint and its method", check=checks.endpoint_exists
    ),
    Otherwise(frozenset({"for"}), "what its body needs"),
)


ELSEWHERE = Otherwise(frozenset(), "another machine")


def class_of(words: Words) -> Otherwise | None:
    """How a command is checked that is not run; None for one that is. Raises LookupError for a program in no class."""
    name = program(list(words))
    for each in OTHERWISE:
        if name in each.programs and each.when(words):
            return each
    if name not in RUN:
        raise LookupError(
            f"{name}: no test knows this program; put it into RUN or OTHERWISE of tests/docs/reader/classes.py"
        )
    return None


def otherwise(step: CommandStep) -> tuple[list[tuple[Words, Otherwise]], str | None]:
    """The commands in a line that are not run, and what of the line is: None when its own command is among them.

    A command in ``$(…)`` that is not run leaves a word in its place.
    """
    line = INNER.sub(lambda match: "given" if _others(match[1], step) else match[0], step.command)
    return _others(step.command, step), None if step.elsewhere or _others(line, step) else line


def _others(line: str, step: CommandStep) -> list[tuple[Words, Otherwise]]:
    found = [(words, class_of(words)) for words in simple_commands(line)]
    if step.elsewhere:
        return [(words, how or ELSEWHERE) for words, how in found]
    return [(words, how) for words, how in found if how is not None]
