"""Does the service speak the API? Single requests, no load."""

import pytest

from ragmeter.typing import Ask, Workload

pytestmark = [pytest.mark.contract, pytest.mark.smoke]


def test_one_question_is_answered(ask: Ask) -> None:
    sample = ask()
    assert sample.ok, f"{sample.error}: {sample.error_message}"


def test_the_llm_counts_its_tokens(ask: Ask, workload: Workload) -> None:
    sample = ask()
    assert sample.output_tokens, "no token count: TPOT, throughput and cost per token would be unknown"
    assert sample.output_tokens <= workload.max_output_tokens
