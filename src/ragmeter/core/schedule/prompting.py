"""What each request asks: decided before the phase starts, from a seed."""

from collections.abc import Callable, Sequence

import numpy as np

PROMPT_ORDERS = ("round_robin", "random")
WORDS_PER_TOKEN = 0.75
"""Of English text with the tokenizers of today's models, about. What it was exactly, the server says."""


def prompt_order(order: str, *, prompts: int, first: int, requests: int, seed: int) -> tuple[int, ...]:
    """Which prompt each request asks, by index: the part of one endless order that begins at its place ``first``.

    A phase that goes on where another ended asks what was not asked yet: every prompt is asked once before any is
    asked again, over all phases of a run. After a whole round the order is another one, so that no two rounds, and no
    two trials, repeat each other. round_robin: in order, each round beginning one prompt further. random: each round
    in an order drawn from the seed and the number of the round.
    """
    if order not in PROMPT_ORDERS:
        raise ValueError(f"prompt order {order!r}: not one of {', '.join(PROMPT_ORDERS)}")
    if prompts < 1:
        raise ValueError("there are no prompts to ask")
    rounds = range(first // prompts, -(-(first + requests) // prompts))
    places = [index for number in rounds for index in _round(order, prompts, number, seed)]
    skipped = first - rounds.start * prompts
    return tuple(places[skipped : skipped + requests])


def _round(order: str, prompts: int, number: int, seed: int) -> list[int]:
    if order == "round_robin":
        return [(place + number) % prompts for place in range(prompts)]
    drawn: list[int] = np.random.default_rng([seed, number]).permutation(prompts).tolist()
    return drawn


def prompt_of_length(
    prompts: Sequence[str], first: int, tokens: int, ends: Callable[[str], Sequence[int]] | None = None
) -> str:
    """A text of so many tokens: the prompts one after the other from ``first`` on, repeatedly, cut off.

    It has the length of a question and not its meaning. ends: of a text, where each of its tokens ends; without it, the
    length is about right.
    """
    if ends is None:
        return _text_of_words(prompts, first, max(1, round(tokens * WORDS_PER_TOKEN)))
    words = tokens + 1
    while len(found := ends(text := _text_of_words(prompts, first, words))) < tokens + NEAR:
        words *= 2
    return _cut(text, found, tokens, ends)


NEAR = 8
"""A text that is cut within a word may have another number of tokens: so many places on either side are tried."""


def _cut(text: str, found: Sequence[int], tokens: int, ends: Callable[[str], Sequence[int]]) -> str:
    """The beginning of a text that has so many tokens; where there is none, the one that comes closest."""
    best, off = text, len(found)
    for place in sorted(range(max(1, tokens - NEAR), tokens + NEAR + 1), key=lambda each: abs(each - tokens)):
        begun = text[: found[place - 1]]
        now = abs(len(ends(begun)) - tokens)
        if begun and now < off:
            best, off = begun, now
        if off == 0:
            break
    return best


def _text_of_words(prompts: Sequence[str], first: int, wanted: int) -> str:
    words: list[str] = []
    while len(words) < wanted:
        found = prompts[first % len(prompts)].split()
        words += found or ["?"]
        first += 1
    return " ".join(words[:wanted])
