"""Write the questions that the shipped workloads ask: run after a change of docs/, or of how questions are made.

    python -m tools.write_questions

First those that people wrote, then those that `ragmeter questions default` makes. They are labelled with documents: a
service that cuts the same documents otherwise has other ids of passages.
"""

import argparse

from ragmeter.clients.files import data_dir, read_text, write_atomically
from ragmeter.core.inputs.prompt_files import prompts_of
from ragmeter.core.inputs.questions.making import Label, Maker, Question, line_of
from ragmeter.run.local import docset
from ragmeter.run.questions.documents import read_docset

COUNT = 1500
"""More than `stress` sends, and two trials of `load`."""
SEED = 1
WRITTEN = data_dir("fixtures") / "docsets" / docset.NAME / "questions.jsonl"
SHIPPED = data_dir("workloads") / "prompts" / "documentation.jsonl"


def made() -> list[Question]:
    """Those that follow the written ones."""
    asked = [prompt.text for prompt in prompts_of(read_text(WRITTEN), path=WRITTEN.name)]
    return Maker(read_docset(docset.NAME).passages, seed=SEED).make(COUNT - len(asked), asked=asked)


def text_of(questions: list[Question]) -> str:
    return read_text(WRITTEN) + "".join(f"{line_of(each, Label.DOCUMENT)}\n" for each in questions)


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__).parse_args()
    write_atomically(SHIPPED, text_of(made()))
