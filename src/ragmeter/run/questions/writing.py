"""Questions that an LLM writes, passage by passage."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from ragmeter.clients.chat import Chat
from ragmeter.core.errors import TargetError
from ragmeter.core.inputs.questions.asking import TOKENS_OF_A_QUESTION, messages_for, questions_of
from ragmeter.core.inputs.questions.passages import Passage

AT_ONCE = 8
SPARE = 1
"""Questions about a passage beyond those that are needed: some are refused, or are asked already."""


def written_by(chat: Chat, passages: Sequence[Passage], count: int, *, seed: int) -> dict[str, list[str]]:
    """Questions about each passage, by its id, for ``count`` of them in all; passages come in the order of their use.

    Raises TargetError when the first answer does not come: then the server, the model or the token is wrong. A later
    one that does not come is one without a question.
    """
    asked = passages[:count]
    each = -(-count // max(1, len(asked))) + SPARE

    def ask(passage: Passage) -> list[str]:
        try:
            tokens = each * TOKENS_OF_A_QUESTION
            return questions_of(chat.answer(messages_for(passage, each), max_tokens=tokens, seed=seed))
        except TargetError:
            if passage is asked[0]:
                raise
            return []

    first = {passage.id: ask(passage) for passage in asked[:1]}
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="llm") as pool:
        others = pool.map(ask, asked[1:])
        return first | {passage.id: questions for passage, questions in zip(asked[1:], others, strict=True)}
