"""What became of the sessions of a run, in words."""

from ragmeter.core.figures.talks import TalkFigures, TurnFigures
from ragmeter.report.words.format import count, quantity


def talk_sentence(at: TalkFigures) -> str:
    """How many sessions there were, and how they ended."""
    ends = (
        (at.whole, "whole"),
        (at.abandoned, "abandoned after a failed turn"),
        (at.left, "left by their users"),
        (at.unfinished, "not finished when the phase ended"),
    )
    said = ", ".join(f"{count(number)} {words}" for number, words in ends if number)
    turns = "turn of theirs was" if at.not_asked == 1 else "turns of theirs were"
    asked = f"; {count(at.not_asked)} {turns} not asked" if at.not_asked else ""
    named = "session" if at.sessions == 1 else "sessions"
    return f"{count(at.sessions)} {named}{f': {said}' if said else ''}{asked}"


def turn_cells(at: TurnFigures) -> list[str]:
    """The figures of a turn, each with its name."""
    return [
        f"n {count(at.requests)}",
        f"TTFT p50 {quantity(at.ttft_p50_ms.value, 'ms')}",
        f"p95 {quantity(at.ttft_p95_ms.value, 'ms')}",
        f"prompt tokens {quantity(at.prompt_tokens, 'plain')}",
        f"cached {quantity(at.cached_tokens, 'plain')}",
    ]
