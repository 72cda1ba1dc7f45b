"""Does the service speak the API? Single requests, no load."""

import pytest

from ragmeter.typing import Ask, AskAtOnce, Workload

pytestmark = [pytest.mark.contract, pytest.mark.smoke]


def test_one_question_is_answered(ask: Ask) -> None:
    sample = ask()
    assert sample.ok, f"{sample.error}: {sample.error_message}"


def test_the_tokens_of_an_answer_are_counted(ask: Ask, workload: Workload) -> None:
    sample = ask()
    assert sample.output_tokens, "no token count: TPOT, throughput and cost per token would be unknown"
    assert sample.output_tokens <= workload.max_output_tokens


@pytest.mark.asyncio
async def test_questions_asked_at_once_get_answers_of_their_own(ask_at_once: AskAtOnce) -> None:
    samples = await ask_at_once(2)
    failed = [f"{sample.error}: {sample.error_message}" for sample in samples if not sample.ok]
    assert not failed, "; ".join(failed)
    told = [sample.request_id for sample in samples if sample.request_id is not None]
    if len({*told}) < len(told):
        (alone,) = await ask_at_once(1)  # some servers give one id to every answer, which then tells nothing
        assert alone.request_id in told, f"two answers have one request id: {', '.join(told)}"
