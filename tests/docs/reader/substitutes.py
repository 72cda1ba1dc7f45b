"""What stands on a page for something of the reader's own, and what the tests put there."""

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Substitute:
    """pattern: of the page's text. by: what is typed instead; ``{server}`` is the URL of the ground-truth server."""

    pattern: str
    by: str
    why: str


SUBSTITUTES = (
    Substitute(r"https://(?:rag|lke|eks|gke)\.example\.com", "{server}", "a deployed backend"),
    Substitute(r"http://203\.0\.113\.7/api", "{server}", "a deployed backend of the RAG demo"),
    Substitute(r"http://vllm\.example\.com:8000", "{server}", "the language model server behind it"),
    Substitute(r"\$\{\{ vars\.RAG_STAGING_URL \}\}", "{server}", "a variable of GitHub's pipeline"),
    Substitute(r"\$\{\{ secrets\.RAG_API_TOKEN \}\}", "s3cret", "a secret of GitHub's pipeline"),
    Substitute(r"\$RAG_STAGING_TOKEN", "s3cret", "a secret of GitLab's project"),
    Substitute(r"RAGMETER_LLM_TOKEN=…", "RAGMETER_LLM_TOKEN=s3cret", "the reader's token"),
    Substitute(r"RAG_API_TOKEN=…", "RAG_API_TOKEN=s3cret", "the reader's token"),
    Substitute(r"(reports/(?:ns|ew)/[\w+-]+)/20260222T101530Z", r"\1/$(newest \1)", "the latest run of that folder"),
    Substitute(
        r"^(ragmeter run --provider=local)$",
        r"\1 --bench-requests 20",
        "half of the requests of `smoke`, all of which CI measures with tox -e bench",
    ),
    Substitute(
        r"(--bench-reference=aws-eks)$",
        r"\1 --bench-min-effect=50%",
        "both providers are one server here, and the prices of their sheets differ by more than the default",
    ),
    Substitute(
        r"(--bench-trials[= ]5)\b",
        r"\1 --bench-calibrate=off",
        "seconds of each provider; commands without trials are calibrated",
    ),
    Substitute(r"^(ragmeter quick .+)$", r"\1 --duration 3 --most 2", "the first seconds of a minute"),
    Substitute(r"--port 8080\b", "--port 0", "a port that is free"),
)


def substituted(text: str, server: str) -> str:
    """What is typed, or saved, instead of ``text``."""
    for each in SUBSTITUTES:
        text = re.sub(each.pattern, each.by.replace("{server}", server), text)
    return text
