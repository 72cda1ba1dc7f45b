"""Which workloads the endpoint can run, and what a pod gets of an operator's manifest."""

from __future__ import annotations

import json
from collections.abc import Mapping

from ..errors import BadRequestError
from .manifests import Document


def check_closed(document: Document, where: str) -> None:
    """The request states concurrency, requests and trials, so that the server's limits hold.

    Raises BadRequestError for a manifest in which they would have no meaning, or that asks the LLM alone.
    """
    load = document.get("load", {})
    refused = {
        f"$.target: {document.get('target')!r}, and this endpoint measures the RAG service": (
            document.get("target", "rag") != "rag"
        ),
        f"$.load.shape: {load.get('shape')!r}, and this endpoint runs a closed loop": (
            load.get("shape", "closed") != "closed"
        ),
        "$.load.search: this endpoint runs a load that is known beforehand": "search" in load,
        "$.until: this endpoint runs as many trials as the request says": "until" in document,
    }
    for sentence, is_so in refused.items():
        if is_so:
            raise BadRequestError(f"{where}: {sentence}; start it with pytest bench --bench-in-cluster")


def carried_files(document: Document, own: Mapping[str, str], where: str) -> dict[str, str]:
    """The prompt file, if there is one: a key of the same ConfigMap. Raises BadRequestError."""
    name = document.get("prompts_file")
    if name is None:
        return {}
    if name not in own:
        raise BadRequestError(
            f"{where}: $.prompts_file: {name!r} is no key of the ConfigMap; its keys: {', '.join(sorted(own))}"
        )
    _check_prompts(own[name], name, where)
    return {name: own[name]}


def _check_prompts(text: str, name: str, where: str) -> None:
    lines = [(number, line) for number, line in enumerate(text.split("\n"), start=1) if line.strip()]
    if not lines:
        raise BadRequestError(f"{where}: $.prompts_file: {name} has no prompts")
    for number, line in lines if name.endswith(".jsonl") else ():
        if not _is_prompt(line):
            raise BadRequestError(
                f"{where}: $.prompts_file: {name}:{number}: {line[:60]!r} is no JSON object with prompt and, "
                "if it is labelled, relevant"
            )


def _is_prompt(line: str) -> bool:
    try:
        match json.loads(line):
            case {"prompt": str(prompt), **rest} if prompt and rest.keys() <= {"relevant"}:
                relevant = rest.get("relevant", [])
                return isinstance(relevant, list) and all(isinstance(each, str) and each for each in relevant)
            case _:
                return False
    except ValueError:
        return False
