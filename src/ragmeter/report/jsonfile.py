"""A result as JSON text, and back: each is the exact inverse of the other."""

import json
from functools import cache
from typing import Any, NoReturn

from ragmeter.core.codec import decode, schema_of, to_json
from ragmeter.core.errors import SchemaError, StorageError
from ragmeter.core.result.result import RunResult
from ragmeter.core.schema import check


def result_json(result: RunResult) -> str:
    """The document, ending in a newline; each request in it is one line. StorageError for what JSON cannot carry."""
    try:
        tree = json.loads(to_json(result))
    except ValueError as error:
        raise StorageError(f"{result.run_id}: cannot be written as JSON: {error}") from error
    text = "{\n" + ",\n".join(f"  {json.dumps(key)}: {_value_text(key, tree[key])}" for key in tree) + "\n}\n"
    try:
        text.encode()
    except UnicodeEncodeError:  # a lone surrogate, from bytes that were no UTF-8: only an escape can carry it
        return json.dumps(tree, indent=2) + "\n"
    return text


def load_result(text: str, *, where: str = "result") -> RunResult:
    """The result that ``text`` holds. StorageError, naming ``where`` (a path), when it is no such document."""
    try:
        document = json.loads(text, parse_constant=_refuse)
        check(document, _schema(), where)
        return decode(RunResult, document, where=where)
    except SchemaError as error:
        raise StorageError(str(error)) from error
    except (ValueError, RecursionError) as error:
        raise StorageError(f"{where}: {error}") from error


@cache
def _schema() -> dict[str, Any]:
    return schema_of(RunResult, identifier="benchmark-output.v1", title="result", written=False)


def _value_text(key: str, value: Any) -> str:
    if key in ("points", "slowest") and value:
        lines = ",\n    ".join(json.dumps(request, ensure_ascii=False) for request in value)
        return f"[\n    {lines}\n  ]"
    return json.dumps(value, ensure_ascii=False, indent=2).replace("\n", "\n  ")


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON number")
