"""Whether an answer declines to answer."""

import re
from typing import Final

_SOURCE: Final = r"(?:context|passages?|documents?|documentation|information|text|sources?)"
_DOES_NOT: Final = r"(?:does not|do not|doesn't|don't|did not|didn't)"
_PATTERNS: Final = (
    # English
    r"\bi (?:do not|don't) (?:know|have (?:any |enough |the )*(?:information|context|answer|data))",
    r"\b(?:i am|i'm|we are) (?:not able|unable) to (?:answer|help|find|provide|determine)",
    r"\b(?:i|we) (?:can ?not|can't|could not|couldn't) (?:answer|help|find|provide|determine|assist)",
    rf"\b{_SOURCE}\b[^.!?\n]{{0,60}}\b{_DOES_NOT} (?:\w+ )?"
    r"(?:contain|mention|hold|provide|include|say|specify|give|state|answer|explain|describe)",
    r"\b(?:not|never) (?:\w+ )?(?:mentioned|found|provided|specified|contained|given|stated|answered|available) "
    rf"(?:in|by|from) the (?:\w+ )?{_SOURCE}",
    r"\b(?:there is|there's) (?:no|not enough|insufficient) (?:information|context|mention|answer)",
    r"\b(?:no|not enough|insufficient) (?:relevant )?(?:information|context) (?:is |was )?"
    r"(?:available|given|provided)",
    # German
    r"\b(?:weiß|weiss) (?:ich |es )?(?:leider )?(?:es )?nicht\b",
    r"\bkann (?:ich )?(?:\w+ ){0,4}nicht (?:beantworten|finden|sagen)",
    r"\b(?:kontext|text|dokumente?n?|informationen?)\b[^.!?\n]{0,60}\b(?:nicht|keine?)\b[^.!?\n]{0,30}"
    r"\b(?:enthalten|erwähnt|angegeben|genannt|antwort|information)",
    # French
    r"\bje (?:ne sais pas|l'ignore|ne peux pas (?:y )?répondre|ne trouve pas)",
    r"\b(?:contexte|documents?|passages?)\b[^.!?\n]{0,40}\bne (?:contient|contiennent|mentionne|précise)",
    # Spanish
    r"\bno (?:lo sé|sé\b|puedo responder|encuentro|dispongo de)",
    r"\b(?:contexto|documentos?|pasajes?)\b[^.!?\n]{0,40}\bno (?:contiene|menciona|especifica|incluye)",
)
_REFUSAL: Final = re.compile("|".join(_PATTERNS), re.IGNORECASE)
_LEAD_CHARS, _SHORT_WORDS = 200, 60
"""How much of an answer is looked at, and up to which length one that begins so does not answer after all."""


def is_refusal(answer: str) -> bool:
    """A short answer that says at its beginning that it has none."""
    lead = answer[:_LEAD_CHARS].replace("\u2019", "'")
    return len(answer.split()) <= _SHORT_WORDS and _REFUSAL.search(lead) is not None
