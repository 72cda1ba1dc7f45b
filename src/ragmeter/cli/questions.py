"""``ragmeter questions``: distinct questions about documents, each with the label of the passage that answers it."""

import argparse
import os
from collections.abc import Iterable
from pathlib import Path

from ragmeter.cli.terminal import say
from ragmeter.clients.chat import TOKEN, chat
from ragmeter.clients.files import write_atomically
from ragmeter.core.errors import ConfigError
from ragmeter.core.inputs.questions.asking import unusable
from ragmeter.core.inputs.questions.making import Label, Maker, Question, line_of
from ragmeter.core.inputs.questions.spread import spread_of
from ragmeter.core.inputs.questions.words import is_english
from ragmeter.report.text.questions_text import spread_lines
from ragmeter.report.words.markup import clean
from ragmeter.run.processes.streams import notice
from ragmeter.run.questions.documents import Docset, read_docset
from ragmeter.run.questions.writing import written_by

SUFFIX = ".jsonl"
MOST = 100_000
SHOWN = 5
"""Documents that could not be read, by name; of more, how many."""


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser(
        "questions",
        help="make labelled questions about documents",
        description="Write distinct questions about documents, each labelled with the passage that answers it, as a "
        "prompts_file of a workload. The same documents, count and seed give the same questions on every machine; "
        "they are made of English sentences, tables and headings, or by an LLM if one is named.",
    )
    parser.add_argument(
        "docset", metavar="DOCSET", help="a folder of documents, or 'default': the documentation of ragmeter"
    )
    parser.add_argument("--count", type=int, required=True, metavar="N", help="how many questions")
    parser.add_argument("--output", type=Path, required=True, metavar="FILE", help=f"where to, ending in {SUFFIX}")
    parser.add_argument(
        "--label",
        choices=[*Label],
        default=Label.PASSAGE,
        help="what is to be found: the passage, by its id, or any passage of its document (default: passage)",
    )
    parser.add_argument(
        "--seed", type=int, default=1, metavar="N", help="another gives others, in another order (default: 1)"
    )
    parser.add_argument("--allow-fewer", action="store_true", help="write what there is when it is less than --count")
    parser.add_argument(
        "--llm", metavar="URL", help=f"an OpenAI-compatible server that writes the questions; its token is in {TOKEN}"
    )
    parser.add_argument("--model", metavar="NAME", help="the model that is asked for; needed with --llm")
    parser.set_defaults(command=run)


def run(options: argparse.Namespace) -> int:
    _check(options)
    docset = read_docset(options.docset)
    notice(clean(sentence) for sentence in _shown(docset.refused))
    if not options.llm and not is_english(passage.text for passage in docset.passages):
        notice([f"{docset.name}: does not look English, for which the patterns are; name an LLM with --llm"])
    questions = _made(docset, options)
    if len(questions) < options.count and not (options.allow_fewer and questions):
        raise ConfigError(
            f"{docset.name}: {len(questions)} distinct questions can be made of its {len(docset.passages)} passages in "
            f"{docset.documents} documents, not --count {options.count}; --allow-fewer writes those"
        )
    label = Label(options.label)
    write_atomically(options.output, "".join(f"{line_of(each, label)}\n" for each in questions))
    say(f"{options.output}: {len(questions)} questions", *spread_lines(spread_of(questions, docset.passages)))
    return 0


def _check(options: argparse.Namespace) -> None:
    if not 1 <= options.count <= MOST:
        raise ConfigError(f"--count: {options.count} is not from 1 to {MOST}")
    if options.output.suffix != SUFFIX:
        raise ConfigError(f"--output: {options.output} does not end in {SUFFIX}, as a file of labels does")
    if bool(options.llm) != bool(options.model):
        raise ConfigError("--llm and --model: name both, or neither")


def _made(docset: Docset, options: argparse.Namespace) -> list[Question]:
    maker = Maker(docset.passages, seed=options.seed)
    if not options.llm:
        return maker.make(options.count)
    with chat(options.llm, options.model, os.environ) as llm:
        written = written_by(llm, maker.order(), options.count, seed=options.seed)
    if sentence := unusable(list(written.values())):
        notice([sentence])
    return maker.make(options.count, written=written)


def _shown(refused: tuple[str, ...]) -> Iterable[str]:
    yield from refused[:SHOWN]
    if len(refused) > SHOWN:
        yield f"{len(refused) - SHOWN} more documents could not be read"
