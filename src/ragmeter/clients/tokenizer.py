"""A ``tokenizer.json``, read by the library `tokenizers`: where the tokens of a text end."""

from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from ragmeter.core.errors import ConfigError

NAME = "tokenizer.json"
Ends = Callable[[str], Sequence[int]]
"""Of a text, for each of its tokens in order, the number of characters up to its end."""


@cache
def ends_by(path: str) -> Ends:
    """By the tokenizer of a file, without special tokens. Raises ConfigError for a file that is none."""
    try:
        from tokenizers import Tokenizer
    except ImportError as error:
        raise ConfigError(
            f"{path}: a tokenizer is read by the library tokenizers, which is not installed: "
            "pip install 'ragmeter[tokens]'"
        ) from error
    try:
        own: Any = Tokenizer.from_file(path)
    except Exception as error:  # the library raises nothing else
        raise ConfigError(f"{path}: is no tokenizer.json of the library tokenizers: {error}") from error
    own.no_truncation()
    own.no_padding()

    def ends(text: str) -> Sequence[int]:
        return [end for _, end in own.encode(text, add_special_tokens=False).offsets]

    return ends


def tokenizer_path(named: Path) -> Path:
    """The file itself: a folder of a model has it under its usual name."""
    return named / NAME if named.is_dir() else named
