"""YAML and JSON as other people write them: a value, or a sentence on why it is none."""

import json
import math
import re
from collections.abc import Iterator
from typing import Any, Final, NoReturn

import yaml

MAX_DEPTH: Final = 100
MAX_YAML_CHARS: Final = 1_000_000
"""What takes seconds to read; YAML is for what people write."""
MAX_VALUES: Final = 1_000_000
"""Of a YAML document whose aliases are unfolded."""
MAX_DIGITS: Final = 300
_MERGE: Final = "tag:yaml.org,2002:merge"
_AMBIGUOUS: Final = (
    (re.compile(r"[-+]?0[0-9_]+"), "a leading zero makes it octal in YAML 1.1 and decimal in YAML 1.2"),
    (re.compile(r"[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?"), "YAML 1.1 reads it as a number to the base of 60"),
)


class NotationError(ValueError):
    """line, column: from 1; None where the whole text is meant."""

    def __init__(self, problem: str, line: int | None = None, column: int | None = None) -> None:
        super().__init__(problem)
        self.line, self.column = line, column


def yaml_document(text: str) -> Any:
    """The document of a YAML text.

    Dates stay as they are written, and merge keys are merged. Raises NotationError for what is not YAML, for a key that
    is written twice, for numbers that YAML 1.1 and 1.2 read differently, for NaN and infinities, and for what is too
    large.
    """
    if len(text) > MAX_YAML_CHARS:
        raise NotationError(
            f"YAML of {len(text):,} characters; {MAX_YAML_CHARS:,} are read: data are JSON or JSON lines"
        )
    try:
        return _load(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        raise NotationError(
            f"not YAML: {error.problem}", *((mark.line + 1, mark.column + 1) if mark else ())
        ) from error
    except yaml.YAMLError as error:
        raise NotationError(f"not YAML: {error}") from error
    except NotationError:
        raise
    except (ValueError, LookupError, AttributeError, TypeError, ArithmeticError) as error:  # as of `!!bool maybe`
        raise NotationError("not YAML: a value is not of the kind that its tag names") from error
    except RecursionError as error:
        raise NotationError(f"nested deeper than {MAX_DEPTH} levels") from error


def json_document(text: str, *, infinite: bool = False) -> Any:
    """The document of a JSON text. Raises NotationError.

    infinite: whether NaN and Infinity are read, which JSON does not have and other tools write.
    """
    try:
        if infinite:
            document = json.loads(text)
        else:
            document = json.loads(text, parse_constant=_no_number, parse_float=_finite, parse_int=_short)
    except json.JSONDecodeError as error:
        raise NotationError(f"not JSON: {error}") from error
    except NotationError:
        raise
    except ValueError as error:  # a number with more digits than Python converts
        raise NotationError("not JSON: holds a number of thousands of digits") from error
    except RecursionError as error:
        raise NotationError(f"nested deeper than {MAX_DEPTH} levels") from error
    if _deeper_than(document, MAX_DEPTH):
        raise NotationError(f"nested deeper than {MAX_DEPTH} levels")
    return document


def json_lines(text: str, *, infinite: bool = False) -> Iterator[Any]:
    """The document of each line that is not blank. Raises NotationError with the line."""
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            try:
                yield json_document(line, infinite=infinite)
            except NotationError as error:
                raise NotationError(str(error), number, 1) from error


def decoded(data: bytes) -> str:
    """The text of a file: UTF-8, with a byte order mark or without one, or UTF-16 or UTF-32 with one.

    Raises UnicodeDecodeError.
    """
    for mark, encoding in (
        (b"\xff\xfe\x00\x00", "utf-32"),
        (b"\x00\x00\xfe\xff", "utf-32"),
        (b"\xff\xfe", "utf-16"),
        (b"\xfe\xff", "utf-16"),
    ):
        if data.startswith(mark):
            return data.decode(encoding)
    return data.decode("utf-8-sig")


class _Loader(yaml.SafeLoader):
    """Safe YAML that leaves dates as they are written and refuses what its readers would take for something else."""

    depth = 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
            raise yaml.MarkedYAMLError(problem=f"nested deeper than {MAX_DEPTH} levels", problem_mark=mark)
        try:
            return super().compose_node(parent, index)
        finally:
            self.depth -= 1

    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:
        node: yaml.MappingNode = super().compose_mapping_node(anchor)
        seen = set()
        for key, _ in node.value:
            named = (key.tag, key.value) if isinstance(key, yaml.ScalarNode) else None
            if named in seen and named is not None and key.tag != _MERGE:
                problem = f"the key {self.construct_object(key)!r} is written twice"
                raise yaml.MarkedYAMLError(problem=problem, problem_mark=key.start_mark)
            seen.add(named)
        return node

    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        """Merge keys: what a mapping says itself wins over what it merges, and the first merged over the next.

        Ours, as PyYAML 6.0.4 forgets pairs whose keys are one object.
        """
        own, merged = [], []
        for key, value in node.value:
            if key.tag != _MERGE:
                own.append((key, value))
                continue
            for source in value.value if isinstance(value, yaml.SequenceNode) else [value]:
                if not isinstance(source, yaml.MappingNode):
                    problem = "a merge key (<<) takes a mapping or a list of mappings"
                    raise yaml.MarkedYAMLError(problem=problem, problem_mark=source.start_mark)
                self.flatten_mapping(source)
                merged.append(source.value)
        node.value = [pair for source in reversed(merged) for pair in source] + own

    def construct_number(self, node: yaml.ScalarNode) -> int | float:
        text = str(node.value)
        for pattern, reason in _AMBIGUOUS:
            if pattern.fullmatch(text):
                problem = f"{text}: {reason}; write the number, or quote the text"
                raise yaml.MarkedYAMLError(problem=problem, problem_mark=node.start_mark)
        if len(text) > MAX_DIGITS:
            problem = f"a number of {len(text)} digits; {MAX_DIGITS} are read"
            raise yaml.MarkedYAMLError(problem=problem, problem_mark=node.start_mark)
        made: int | float = (
            self.construct_yaml_int(node) if node.tag.endswith(":int") else self.construct_yaml_float(node)
        )
        if not math.isfinite(made):
            raise yaml.MarkedYAMLError(problem=f"{text}: is no finite number", problem_mark=node.start_mark)
        return made


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in rules if tag != "tag:yaml.org,2002:timestamp"]
    for first, rules in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
for _kind in ("int", "float"):
    _Loader.add_constructor(f"tag:yaml.org,2002:{_kind}", _Loader.construct_number)


def _load(text: str) -> Any:
    loader = _Loader(text)
    try:
        node = loader.get_single_node()
        if node is None:
            return None
        if _unfolded(node, {}, set()) > MAX_VALUES:
            raise NotationError(f"its aliases unfold to more than {MAX_VALUES:,} values")
        return loader.construct_document(node)
    finally:
        loader.dispose()


def _unfolded(node: yaml.Node, known: dict[int, int], open_nodes: set[int]) -> int:
    """How many values a node has where each alias is a copy."""
    if id(node) in known:
        return known[id(node)]
    if id(node) in open_nodes:
        raise yaml.MarkedYAMLError(problem="an alias stands inside what it names", problem_mark=node.start_mark)
    open_nodes.add(id(node))
    below: list[yaml.Node] = []
    if isinstance(node, yaml.MappingNode):
        below = [each for pair in node.value for each in pair]
    elif isinstance(node, yaml.SequenceNode):
        below = list(node.value)
    known[id(node)] = 1 + sum(_unfolded(each, known, open_nodes) for each in below)
    open_nodes.remove(id(node))
    return known[id(node)]


def _no_number(text: str) -> NoReturn:
    raise NotationError(f"not JSON: {text} is no number")


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise NotationError(f"not JSON: {text[:20]} is larger than a number can be")
    return value


def _short(text: str) -> int:
    if len(text) > MAX_DIGITS:
        raise NotationError(f"not JSON: a number of {len(text)} digits; {MAX_DIGITS} are read")
    return int(text)


def _deeper_than(document: Any, levels: int) -> bool:
    """Level by level: a document that is as deep as it is large does not end the interpreter."""
    level = [document]
    for _ in range(levels):
        level = [
            each
            for one in level
            if isinstance(one, dict | list)
            for each in (one.values() if isinstance(one, dict) else one)
            if isinstance(each, dict | list)
        ]
        if not level:
            return False
    return True
