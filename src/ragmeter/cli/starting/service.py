"""The options that say which service is meant where no file does, and what is known of it by them."""

import argparse
import os
import re
from pathlib import Path
from typing import Any

from ragmeter.clients.files import read_text, schema
from ragmeter.core.errors import ConfigError
from ragmeter.core.inputs.prompt_files import prompts_of
from ragmeter.core.inputs.provider import Provider, provider_from
from ragmeter.core.inputs.starter import QUESTIONS, Starter, name_of
from ragmeter.core.inputs.unversioned import PROVIDER, WORKLOAD
from ragmeter.core.inputs.workload import Workload, workload_from
from ragmeter.core.urls import checked_base_url
from ragmeter.run.plan.catalog import load_target
from ragmeter.run.plan.recognition import Found
from ragmeter.run.processes.streams import notice


def add_service(parser: argparse.ArgumentParser) -> None:
    """All but the URL."""
    parser.add_argument("--target", metavar="NAME|FILE", help="what the service speaks; default: found out")
    parser.add_argument("--value", action="append", default=[], metavar="NAME=VALUE", help="a value of the target")
    parser.add_argument("--model", metavar="ID", help="the model that is asked for; default: the first that is listed")
    parser.add_argument(
        "--header",
        action="append",
        default=[],
        metavar="'NAME: VALUE'",
        help="sent with each request; ${NAME} stands for a variable of the environment, so that no secret is typed",
    )
    parser.add_argument("--ca-file", metavar="FILE", help="PEM file of the authority that signed the certificate")
    parser.add_argument(
        "--proxy",
        metavar="URL|environment",
        help="HTTP proxy on the way, which is then measured, too; environment: what https_proxy and NO_PROXY say",
    )
    asked = parser.add_mutually_exclusive_group()
    asked.add_argument("--question", action="append", default=[], metavar="TEXT", help="ask this; repeatable")
    asked.add_argument("--questions", type=Path, metavar="FILE", help="ask those of a prompts file")
    parser.add_argument("--max-tokens", type=int, default=64, metavar="N", help="length of an answer; default: 64")


def starter_of(options: argparse.Namespace, url: str, where: str) -> Starter:
    """What the options say, with a target that is not known yet. Raises ConfigError; where: what names the URL."""
    base, notices = checked_base_url(url, where)
    notice(notices)
    if base is None:
        raise ConfigError(f"{where}: missing; write the URL of the service, such as https://rag.example.com")
    if options.max_tokens < 1:
        raise ConfigError(f"--max-tokens: {options.max_tokens} is not >= 1")
    if blank := [text for text in options.question if not text.strip()]:
        raise ConfigError(f"--question: {blank[0]!r} is no question")
    file = options.questions
    return Starter(
        name=name_of(base),
        url=base,
        target="",
        headers=dict(_header(text) for text in options.header),
        ca_file=options.ca_file,
        proxy=options.proxy,
        model=options.model,
        questions=_questions(file) if file else tuple(options.question) or QUESTIONS,
        file=None if file is None else f"questions{file.suffix or '.txt'}",
        max_tokens=options.max_tokens,
    )


def _header(text: str) -> tuple[str, str]:
    """The value is not repeated: it may be a secret."""
    name, colon, value = text.partition(":")
    if not colon or not name.strip() or not value.strip():
        raise ConfigError("--header: is not 'NAME: VALUE', such as 'Authorization: Bearer ${RAG_API_TOKEN}'")
    return name.strip(), value.strip()


def _questions(file: Path) -> tuple[str, ...]:
    return tuple(prompt.text for prompt in prompts_of(read_text(file), path=str(file)))


def provider_of(starter: Starter) -> Provider:
    """Raises ConfigError for a header, or a variable of the environment, that is none."""
    document = starter.provider()
    made = provider_from(
        {key: value for key, value in document.items() if key != "target" or value},
        path="the options",
        environment=os.environ,
        base_url=None,
        schema=schema(PROVIDER),
    )
    notice(made.notices)
    return made


def workload_of(starter: Starter, **benchmark: Any) -> Workload:
    """The workload of the questions, in memory. benchmark: keys that replace its own."""
    document = {**starter.workload(), "target": starter.target}
    document |= {"benchmark": document["benchmark"] | benchmark, "prompts": list(starter.questions)}
    document.pop("prompts_file", None)
    return workload_from(
        document, path=starter.url, prompts=(), settings=(), schema=schema(WORKLOAD), find_target=load_target
    )


def target_of(options: argparse.Namespace, found: Found) -> str | dict[str, Any]:
    """Name and values of what was found. Raises ConfigError for a value that the service does not tell, or tells
    several of.
    """
    name, given = found.known.name, dict(_value(text) for text in options.value)
    values: dict[str, str] = {}
    for key in found.known.needs:
        told = found.values.get(key, ())
        if key not in given and len(told) > 1:
            raise ConfigError(f"target {name}: {key} may be {', '.join(told)}; name it with --value {key}=…")
        if key not in given and not told:
            raise ConfigError(f"target {name}: needs a value; give it with --value {key}=…")
        values[key] = given.get(key) or told[0]
    values |= given
    return {"preset": name, "values": values} if values else name


def _value(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not re.fullmatch(r"[a-z][a-z0-9_]{0,31}", name):
        raise ConfigError(f"--value: {text!r} is not NAME=VALUE, such as chain=rag")
    return name, value


def model_of(given: str | None, found: Found) -> str | None:
    """Raises ConfigError where requests name a model and none is known."""
    if given or not found.known.asks:
        return given or None
    if not found.models:
        raise ConfigError(f"target {found.known.name}: asks for a model, and none is listed; name it with --model ID")
    return found.models[0]
