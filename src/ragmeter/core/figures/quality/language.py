"""In which language a text is: by its script, and of those in Latin letters by their function words."""

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from ragmeter.core.inputs.questions.words import listed

FUNCTION_WORDS: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        "English": listed(
            "the of and to is are was were be been it its this that these those which what when where who how "
            "why with for from by on at an as not does do did can should would has have had if then than there "
            "they you your we"
        ),
        "German": listed(
            "der die das den dem des ein eine einen einem einer und oder aber ist sind war wird werden wurde "
            "nicht kein keine mit von zu zum zur im ins auf aus bei nach für über unter wie was wann wer wo "
            "warum sich es sie er wir ich auch nur noch dass wenn als kann hat haben"
        ),
        "French": listed(
            "le la les l un une des du de d et ou est sont était être ne pas que qui quoi quel quelle quels "
            "quelles dans sur avec pour par au aux ce cette ces il elle ils elles nous vous se sa son ses "
            "comment pourquoi quand où si mais plus peut"
        ),
        "Spanish": listed(
            "el la los las un una unos unas y o es son está están era ser no que qué cuál cuáles quién cómo "
            "cuándo dónde por para con sin del al en se su sus lo le les más pero si como este esta esto puede "
            "hay"
        ),
        "Italian": listed(
            "il lo la gli le un uno una e o è sono era essere non che chi cosa quale quali come quando dove "
            "perché di del della dei delle nel nella con per da dal dalla su si ma più può questo questa anche "
            "se"
        ),
        "Portuguese": listed(
            "o a os as um uma uns umas e ou é são está estão ser não que qual quais quem como quando onde por "
            "para com sem do da dos das no na nos nas em se seu sua mais mas pode este esta isso também"
        ),
        "Dutch": listed(
            "de het een en of is zijn was wordt worden niet geen met van voor op aan in uit bij naar over onder "
            "hoe wat wanneer wie waar waarom zich ze hij wij ik ook maar nog dat als kan heeft hebben deze dit "
            "die er"
        ),
    }
)
_LEAST_HITS, _LEAD = 2, 1.25
"""Function words that a text needs, and how many times more than the language that comes second."""
_SCRIPTS: Final = {
    "CYRILLIC": "Cyrillic",
    "HIRAGANA": "Japanese",
    "KATAKANA": "Japanese",
    "CJK": "Chinese",
    "HANGUL": "Korean",
    "ARABIC": "Arabic",
    "HEBREW": "Hebrew",
    "GREEK": "Greek",
    "DEVANAGARI": "Devanagari",
    "THAI": "Thai",
}
_LETTERS = re.compile(r"[^\W\d_]+")
_READ_CHARS = 600
_LANGUAGES_OF: Final = {
    word: tuple(name for name, known in FUNCTION_WORDS.items() if word in known)
    for word in frozenset().union(*FUNCTION_WORDS.values())
}


def language_of(text: str) -> str | None:
    """The language, or the script of one that shares it with others; None where the text does not tell."""
    read = text[:_READ_CHARS]
    if not read.isascii() and (script := _script_of(read)) is not None:
        return script
    hits = Counter(name for word in _LETTERS.findall(read.casefold()) for name in _LANGUAGES_OF.get(word, ()))
    (best, most), (_, second) = [*hits.most_common(2), ("", 0), ("", 0)][:2]
    return best if most >= _LEAST_HITS and most >= _LEAD * second else None


def _script_of(text: str) -> str | None:
    """Of most of its letters; None of Latin ones. Japanese is written with Chinese characters, too."""
    counted: Counter[str | None] = Counter(
        _SCRIPTS.get(unicodedata.name(letter, "").partition(" ")[0].partition("-")[0])
        for letter in text
        if letter.isalpha()
    )
    if counted["Japanese"]:
        counted["Japanese"] += counted.pop("Chinese", 0)
    script, most = max(counted.items(), key=lambda each: each[1], default=(None, 0))
    return script if 2 * most > counted.total() else None
