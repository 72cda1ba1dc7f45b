"""As much of English grammar as the patterns of sentences need: words that open, point and do."""

from ragmeter.core.inputs.questions.words import STOP_WORDS, listed, words


def third_person(infinitive: str) -> str:
    if infinitive == "have":
        return "has"
    if infinitive.endswith("y") and infinitive[-2] not in "aeiou":
        return f"{infinitive[:-1]}ies"
    return f"{infinitive}es" if infinitive.endswith(("ch", "sh", "s", "x")) else f"{infinitive}s"


INFINITIVES = listed(
    "accept add allow answer apply ask begin build call change check compare compute consist contain control convert "
    "copy count cover create decide define delete depend describe end expect explain fetch give handle have hold "
    "ignore import include install keep lead list load make measure name need offer omit open prevent print produce "
    "provide read receive record reduce refer refuse remove replace report require restrict return run save say send "
    "set show specify split start stop store support take tell turn use wait work write"
)
"""Verbs of expository prose."""
INFINITIVE_OF = {third_person(verb): verb for verb in sorted(INFINITIVES)}
VERBS = INFINITIVES | INFINITIVE_OF.keys()
ORDERS = listed(
    "Add Apply Avoid Build Check Choose Compare Copy Create Delete Fetch Find Give Import Install Keep Make Measure "
    "Open Put Read Remove Replace Run Save Send Set Start Stop Store Try Use Wait Write"
)
"""Verbs that a sentence may begin with, none of which is a noun there."""
_ORDERS = frozenset(verb.casefold() for verb in ORDERS)

_POINTING = listed(
    "it its they them their this that these those he she his her we our us i my you your both latter former such there "
    "here other others same neither either another none nobody nothing everything"
)
"""Words that mean something outside the sentence, or nothing that can be asked about."""
_CLEAR = listed("that you your nothing none nobody same other another")
"""Those of them that do no harm within a clause."""
_OPENING = listed(
    "in on at by for with without from to of as so then and but or nor if when while where who whom what which how why "
    "not no after before during since until because although though however also only even first second finally please "
    "thus hence therefore otherwise instead often usually sometimes always never now"
)
"""Words that no subject begins with."""
_INSIDE = listed("who which whose is are be was")
"""Words that no subject of a main clause holds."""
MAX_SUBJECT_WORDS = 7


def is_subject(text: str) -> bool:
    """Whether it can be what a question is about: a few words with a meaning, and no verb among them."""
    found = _lowered(text)
    return (
        len(found) <= MAX_SUBJECT_WORDS
        and found[0] not in _OPENING | _ORDERS
        and ". " not in text
        and not (_POINTING | _INSIDE) & set(found)
        and not INFINITIVE_OF.keys() & set(found[1:])
        and any(word not in STOP_WORDS and len(word) > 1 for word in words(text))
    )


def is_clear(clause: str) -> bool:
    """Whether it stands without the sentences before it, and is no half of a bracket or quotation."""
    found = _lowered(clause)
    return (
        not (_POINTING - _CLEAR) & set(found)
        and found[0] != "that"
        and clause.count("(") == clause.count(")")
        and clause.count('"') % 2 == 0
        and any(word not in STOP_WORDS for word in words(clause))
    )


def within(subject: str) -> str:
    """A subject as it stands within a sentence: an article or a common word loses its capital."""
    first, _, rest = subject.partition(" ")
    is_word = bool(rest) and first.isalpha() and first[0].isupper() and first[1:].islower()
    return f"{first[0].lower()}{subject[1:]}" if is_word or first.casefold() in STOP_WORDS else subject


def capital(text: str) -> str:
    return text[0].upper() + text[1:]


def _lowered(text: str) -> list[str]:
    return [word.casefold().strip("\"'(") for word in text.split()]
