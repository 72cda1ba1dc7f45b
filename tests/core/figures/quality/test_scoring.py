"""The scores of one answer: what counts as stated, grounded, cited, declined."""

import pytest

from ragmeter.core.figures.quality.language import language_of
from ragmeter.core.figures.quality.scoring import READ_CHARS, Given, score_answer
from ragmeter.core.requests.scores import AnswerScores

QUESTION = "What is the default timeout of a request?"
PASSAGES = (
    "The timeout of a request is 120 seconds by default. A longer answer is cut, and counts as failed.",
    "Bananas ripen faster beside apples. Keep them cool in summer, on a dry shelf.",
)
GIVEN = Given(ids=("limits.md#3", "fruit.md#0"), texts=PASSAGES)


def scored(answer: str, *labels: str, given: Given = GIVEN, question: str = QUESTION) -> AnswerScores:
    return score_answer(answer, question, labels, given)


@pytest.mark.parametrize(
    ("answer", "statements", "grounded"),
    [
        ("It is 120 seconds.", 1, 1),
        ("120 s", 1, 1),  # what a unit is called is no content
        ("The default timeout is 90 seconds.", 1, 0),  # a number that stands nowhere
        ("Bananas are kept on a dry shelf.", 1, 1),
        ("Longer answers are cut and count as failed, after 120 seconds.", 1, 1),
        ("Bananas ripen after 120 seconds.", 1, 0),  # of two passages, none holds it all
        ("It is 120 seconds. Penguins live in Antarctica.", 2, 1),
        ("- 120 seconds\n- Penguins live in Antarctica\n", 2, 1),
        ("1. It is 120 seconds.\n2. Keep it cool.", 2, 2),  # the marker of a list is no number
        ("The request has a default timeout.", 0, 0),  # nothing that the question does not say
        ("", 0, 0),
        ("...", 0, 0),
        ("请求的默认超时是120秒。", 1, 0),
    ],
)
def test_a_statement_is_grounded_where_one_passage_holds_it(answer: str, statements: int, grounded: int) -> None:
    found = scored(answer)
    assert (found.statements, found.grounded) == (statements, grounded)


def test_text_without_blanks_is_compared_by_pairs() -> None:
    given = Given(ids=("a",), texts=("\u9ed8\u8ba4\u8d85\u65f6\u65f6\u95f4\u662f\u4e24\u5206\u949f\u3002",))
    answer = "\u8d85\u65f6\u65f6\u95f4\u662f\u4e24\u5206\u949f\u3002"
    assert scored(answer, given=given).grounded == 1


@pytest.mark.parametrize(
    ("ids", "texts", "cited", "grounded", "supported"),
    [
        (GIVEN.ids, None, 1, None, None),  # no text is told
        ((), (), 0, 0, 0),  # told, and nothing was given
    ],
)
def test_what_is_not_told_is_unknown_and_what_is_not_there_is_0(
    ids: tuple[str, ...], texts: tuple[str, ...] | None, cited: int, grounded: int | None, supported: int | None
) -> None:
    found = scored("It is 120 seconds [1].", given=Given(ids=ids, texts=texts))
    assert (found.citations, found.cited) == (1, cited)
    assert (found.grounded, found.supported) == (grounded, supported)


@pytest.mark.parametrize(
    ("answer", "counts"),
    [
        ("It is 120 seconds [1].", (1, 1, 1)),
        ("It is 120 seconds. [1] Bananas ripen beside apples.", (1, 1, 1)),  # behind the full stop
        ("It is 120 seconds [2].", (1, 1, 0)),
        ("It is 120 seconds [3].", (1, 0, 0)),
        ("It is 120 seconds [0].", (1, 0, 0)),
        ("It is 120 seconds [1, 2].", (2, 2, 1)),
        ("It is 120 seconds [1-3].", (3, 2, 1)),
        ("It is 120 seconds [1][2].", (2, 2, 1)),
        ("It is 120 seconds \u30101\u3011.", (1, 1, 1)),
        ("It is 120 seconds [limits.md#3].", (1, 1, 1)),
        ("It is 120 seconds [limits.md#4].", (1, 0, 0)),
        ("[1]", (1, 1, 0)),  # of nothing that is said
        ("It is 120 seconds [1-999].", (21, 2, 1)),
        ("It is [120 seconds](https://example.com/1), see list[1] and [this].", (0, 0, 0)),
    ],
)
def test_citations_exist_and_support(answer: str, counts: tuple[int, int, int]) -> None:
    found = scored(answer)
    assert (found.citations, found.cited, found.supported) == counts


@pytest.mark.parametrize(
    ("answer", "refused"),
    [
        ("I don't know.", True),
        ("I don\u2019t know.", True),
        ("The context does not contain the answer.", True),
        ("That is not mentioned in the given documents.", True),
        ("There is no information about that.", True),
        ("Ich weiß es leider nicht.", True),
        ("Je ne sais pas.", True),
        ("El contexto no menciona ese valor.", True),
        ("It is 120 seconds.", False),
        ("Requests that do not answer in time are cut.", False),
        ("", False),
        ("The context does not say why. " + "But it is 120 seconds, and a longer answer is cut. " * 8, False),
    ],
)
def test_a_refusal_is_short_and_says_so_at_its_beginning(answer: str, refused: bool) -> None:
    assert scored(answer).refused is refused


def test_a_refusal_states_nothing() -> None:
    assert scored("I do not know the secret ingredient.").statements == 0


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("What is the default timeout of a request?", "English"),
        ("Wie lange wartet der Client auf die Antwort?", "German"),
        ("Quel est le délai par défaut d'une requête ?", "French"),
        ("¿Cuál es el tiempo de espera por defecto de la solicitud?", "Spanish"),
        ("Qual è il tempo di attesa della richiesta?", "Italian"),
        ("Qual é o tempo de espera das requisições?", "Portuguese"),
        ("Wat is de standaard wachttijd van het verzoek?", "Dutch"),
        ("Каково время ожидания?", "Cyrillic"),
        ("\u30bf\u30a4\u30e0\u30a2\u30a6\u30c8\u306e\u65e2\u5b9a\u5024\u306f\uff1f", "Japanese"),
        ("\u9ed8\u8ba4\u8d85\u65f6\u662f\u591a\u5c11", "Chinese"),
        ("120 s", None),
        ("TTFT p95", None),
        ("", None),
    ],
)
def test_languages_are_told_by_script_and_function_words(text: str, language: str | None) -> None:
    assert language_of(text) == language


@pytest.mark.parametrize(
    ("answer", "same"),
    [
        ("It is 120 seconds, and the answer is cut then.", True),
        ("Der Client wartet 120 Sekunden auf die Antwort.", False),
        ("120 s", None),
    ],
)
def test_the_language_of_an_answer_is_that_of_its_question(answer: str, same: bool | None) -> None:
    assert scored(answer).same_language is same


@pytest.mark.parametrize(
    ("answer", "labels", "exact", "f1", "collapsed"),
    [
        ("120 seconds", ("120 seconds",), True, 1.0, False),
        ("The 120-seconds!", ("a 120 seconds",), True, 1.0, False),
        ("It is 120 seconds", ("120 seconds",), False, 2 * 2 / 6, False),
        ("90 seconds", ("120 seconds", "90 seconds"), True, 1.0, False),
        ("no no no", ("no",), False, 2 * 1 / 4, False),
        ("120", ("it is one hundred and twenty seconds or 120",), False, 2 * 1 / 10, True),
        ("", ("120 seconds",), False, 0.0, True),
        ("!", ("?",), True, 1.0, False),
    ],
)
def test_an_answer_agrees_with_the_label_that_is_closest(
    answer: str, labels: tuple[str, ...], exact: bool, f1: float, collapsed: bool
) -> None:
    found = scored(answer, *labels)
    assert (found.exact, found.collapsed) == (exact, collapsed)
    assert found.token_f1 == pytest.approx(f1)


def test_without_a_label_agreement_is_unknown() -> None:
    found = scored("It is 120 seconds.")
    assert (found.exact, found.token_f1, found.collapsed) == (None, None, None)


def test_a_runaway_answer_is_read_up_to_a_limit() -> None:
    endless = "Penguins live in Antarctica. " * READ_CHARS
    assert scored(endless).statements <= READ_CHARS / len("Penguins live in Antarctica.")
