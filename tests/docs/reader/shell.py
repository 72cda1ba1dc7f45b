"""The simple commands of a line that is typed, as far as pages use the shell's language."""

import re
import shlex

INNER = re.compile(r"\$\(([^()]*)\)")
ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=")
KEYWORDS = frozenset({"do", "done"})


def simple_commands(line: str) -> list[list[str]]:
    """The words of each command in a line: of lists, pipes and loops, and of what stands in ``$(…)``.

    Variables that are set for a command are left out; a line that only sets some has no command.
    """
    inner: list[list[str]] = []
    while match := INNER.search(line):
        inner += simple_commands(match[1])
        line = f"{line[: match.start()]}inner{line[match.end() :]}"
    lexer = shlex.shlex(line, posix=True, punctuation_chars=";&|")
    lexer.whitespace_split = True
    found: list[list[str]] = [[]]
    for token in lexer:
        if set(token) <= set(";&|"):
            found.append([])
        else:
            found[-1].append(token)
    return [*inner, *(words for each in found if (words := _without_prefix(each)))]


def _without_prefix(words: list[str]) -> list[str]:
    while words and (ASSIGNMENT.match(words[0]) or words[0] in KEYWORDS):
        words = words[1:]
    return words


def program(words: list[str]) -> str:
    """The name of what is run: ``tox`` of ``.venv/bin/tox``; what ``sudo`` runs."""
    name = words[0] if words[0] in {".", "["} else words[0].rpartition("/")[2]
    rest = [word for word in words[1:] if not ASSIGNMENT.match(word)]
    return program(rest) if name == "sudo" and rest else name
