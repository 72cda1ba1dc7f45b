"""How long prompts and answers are to be, drawn for each request; and by which tokenizer that is counted."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ragmeter.core.errors import ConfigError
from ragmeter.core.inputs.drawn import Drawn, drawn_from
from ragmeter.core.inputs.traces import Lengths


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenizerFile:
    """A ``tokenizer.json``. path: as this machine reads it. sha256: of its bytes."""

    path: str
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnLengths:
    """In tokens. None: the prompts as they are written; the answers as long as the manifest allows."""

    input: Drawn | None = None
    output: Drawn | None = None

    def draw(self, count: int, rng: np.random.Generator) -> tuple[Lengths, ...]:
        """Of so many requests."""
        unknown: list[int | None] = [None] * count
        inputs, outputs = (unknown if each is None else each.whole(count, rng) for each in (self.input, self.output))
        return tuple(
            Lengths(input_tokens=asked, output_tokens=answered) for asked, answered in zip(inputs, outputs, strict=True)
        )


def lengths_from(effective: Mapping[str, Any], where: str) -> DrawnLengths | None:
    """Of a manifest that fits its schema. Raises ConfigError for what its other keys leave no meaning to."""
    written = effective.get("lengths")
    if written is None:
        return None
    if effective.get("load", {}).get("shape") == "trace":
        raise ConfigError(f"{where}: $.lengths: has no meaning with $.load.shape trace, which has lengths of its own")
    place = f"{where}: $.lengths"
    return DrawnLengths(
        **{key: drawn_from(written[key], f"{place}.{key}") for key in ("input", "output") if key in written}
    )
