"""What the text of one answer says of its quality, as counts and marks: the text itself is not kept.

Scored by `ragmeter.core.figures.quality` when the answer is read; its docstrings define each of them. ``None`` means
"not known".
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerScores:
    """Scores of one answer.

    statements: its sentences that say something which the question does not. grounded: how many of them stand in a
    passage that was given; None where the text of the passages is not told.
    citations: marks such as ``[2]``. cited: how many of them name a passage that was given; None where it is not told
    which were. supported: how many stand in a sentence that the passage supports; None where no text is told.
    refused: whether it declines to answer. same_language: as the question's; None where either is not recognised.
    exact, token_f1, collapsed: against the labelled answer; None without one.
    """

    statements: int = 0
    grounded: int | None = None
    citations: int = 0
    cited: int | None = None
    supported: int | None = None
    refused: bool = False
    same_language: bool | None = None
    exact: bool | None = None
    token_f1: float | None = None
    collapsed: bool | None = None
