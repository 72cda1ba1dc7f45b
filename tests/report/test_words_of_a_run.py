"""Words that the page and the terminal share: on the TTFT breakdown, and on the servers."""

from dataclasses import fields
from typing import Any

import pytest

from ragmeter.core.figures.attribution import attribute
from ragmeter.core.figures.observe.served import ServedTrial
from ragmeter.report.words.breakdown import beside_waterfall
from ragmeter.report.words.format import UNKNOWN
from ragmeter.report.words.service.serving import serving_rows
from tests.core.figures.test_advice import SAID, of


@pytest.mark.parametrize("case", SAID)
def test_what_dominates_is_said_once_where_it_is_advised_on(case: str) -> None:
    samples, _, advice = SAID[case]
    at = attribute(samples)
    assert at is not None
    said = list(beside_waterfall(at))
    assert said.count(advice) == 1
    whose = "the slowest 5 % is" if "the slowest 5 % is" in advice else "the mean TTFT is"
    assert sum(whose in sentence for sentence in said) == 1
    other = at.sentence if "slowest" in whose else at.tail_sentence
    assert other is None or other in said


def test_what_dominates_is_said_where_nothing_is_advised() -> None:
    at = attribute(of(3, llm_queue_ms=70.0, llm_prefill_ms=19.0))
    assert at is not None
    assert at.advice is None
    assert next(beside_waterfall(at)) == at.sentence


def served(**told: Any) -> ServedTrial:
    """Of one server that told nothing else."""
    nothing = dict.fromkeys(field.name for field in fields(ServedTrial))
    known = {"replica": "http://10.0.0.1:8000/metrics", "server": "vLLM", "step": 0, "seconds": 10.0, "gaps": ()}
    return ServedTrial(**{**nothing, **known, **told})


def test_columns_of_the_servers_that_nobody_told_are_left_out() -> None:
    trials = [
        served(trial=0, running_mean=1.5, running_max=2.0),
        served(trial=1, gaps=("no answer within 3 s",)),
    ]
    assert serving_rows(trials) == (
        ("Trial", "Server", "Running", "Not known"),
        [
            ("1", "vLLM 10.0.0.1:8000", "1.50 (max 2.00)", ""),
            ("2", "vLLM 10.0.0.1:8000", UNKNOWN, "no answer within 3 s"),
        ],
    )
    assert serving_rows([]) == ((), [])
