"""What is asked about a sentence, and what is not."""

import pytest

from ragmeter.core.inputs.questions.sentences import Kind, questions_in

ASKED = {
    "A shard is the part of a schedule that one process sends.": (Kind.DEFINITION, "What is a shard?"),
    "Replicas of the backend are the pods behind one address.": (
        Kind.DEFINITION,
        "What are replicas of the backend?",
    ),
    "If the disk was full during the run, the record is in a new folder.": (
        Kind.CONDITION,
        "What happens if the disk was full during the run?",
    ),
    "The run ends at once when a second signal arrives.": (
        Kind.CONDITION,
        "What happens when a second signal arrives?",
    ),
    "Without a price sheet, the report has no cost at all.": (Kind.CONDITION, "What happens without a price sheet?"),
    "With several trials, the interval is over trials.": (Kind.CONDITION, "What is different with several trials?"),
    "The embedder truncates long texts, so their ends are not found.": None,
    "The embedder reads 256 tokens, so the end of a long text is not found.": (
        Kind.CONDITION,
        "What follows if the embedder reads 256 tokens?",
    ),
    "To compare two revisions, run both in one session.": (Kind.PURPOSE, "How can I compare two revisions?"),
    "Use an open loop to send requests at a fixed rate.": (
        Kind.PURPOSE,
        "How can I send requests at a fixed rate?",
    ),
    "Run the client near the cluster, on a machine of its own.": (
        Kind.FACT,
        "Should I run the client near the cluster?",
    ),
    "Ragmeter has no deploy command, because kubectl applies manifests.": (
        Kind.CAUSE,
        "Why does Ragmeter have no deploy command?",
    ),
    "The smoothed round trip is not used because it lags behind.": (
        Kind.CAUSE,
        "Why is the smoothed round trip not used?",
    ),
    "The first line of a record contains the plan of the run.": (
        Kind.PROPERTY,
        "What does the first line of a record contain?",
    ),
    "A smoke run consists of forty requests and a warm-up.": (Kind.PROPERTY, "What does a smoke run consist of?"),
    "A passage has at most 800 characters of its document.": (
        Kind.PROPERTY,
        "How many characters does a passage have?",
    ),
    "A step begins when the last request has ended.": (Kind.CONDITION, "What happens when the last request has ended?"),
    "A claim holds where both medians differ by a tenth.": (Kind.PROPERTY, "Where does a claim hold?"),
    "Load processes send requests and do nothing else.": (Kind.PROPERTY, "What do load processes send?"),
    "A truncated last line is ignored by the reader.": (Kind.FACT, "Is a truncated last line ignored by the reader?"),
    "A client cannot see traffic inside the cluster.": (Kind.FACT, "Can a client not see traffic inside the cluster?"),
    "p95(ttft_ms) is judged at each step of a sweep.": None,
    "It is the part of a schedule that one process sends.": None,
    "This contains the plan of the run.": None,
    "If it was full, they are in a new folder for temporary files.": None,
    "However, the run ends.": None,
    "Yes.": None,
    "": None,
}


@pytest.mark.parametrize("sentence", ASKED)
def test_the_best_question_about_a_sentence(sentence: str) -> None:
    found = sorted(questions_in(sentence), key=lambda each: list(Kind).index(each.kind))
    best = (found[0].kind, found[0].text) if found else None
    assert best == ASKED[sentence]
    assert all(each.evidence == sentence for each in found)


@pytest.mark.parametrize("sentence", ["a " * 20_000, "If " + "x, " * 20_000, "(" * 20_000, "A b is " + "c " * 20_000])
def test_a_hostile_sentence_takes_no_time(sentence: str) -> None:
    assert len(list(questions_in(sentence))) < 3
