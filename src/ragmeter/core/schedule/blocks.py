"""Blocks: in each of them every provider runs one trial, one after the other, in an order that is drawn."""

from collections.abc import Mapping, Sequence
from typing import TypeVar

import numpy as np

T = TypeVar("T")


def in_order(variants: Sequence[T], block: int, seed: int) -> tuple[T, ...]:
    """The variants in the order of a block, from 0.

    An order is drawn for every second block, and the block after it turns it round (A B B A): over both, a drift that
    is linear in time is the same for every variant.
    """
    drawn = np.random.default_rng([seed, block // 2, len(variants)]).permutation(len(variants)).tolist()
    return tuple(variants[index] for index in (drawn[::-1] if block % 2 else drawn))


def incomplete(block: int, ran: Mapping[str, bool | None]) -> str | None:
    """A sentence on a block that is not whole. ran: True for a whole trial, False for one cut short, None for none."""
    if all(ran.values()) or not any(whole is not None for whole in ran.values()):
        return None
    words = {True: "ran", False: "was cut short", None: "did not run"}
    return (
        f"block {block + 1} is incomplete: {', '.join(f'{variant} {words[whole]}' for variant, whole in ran.items())}"
    )
