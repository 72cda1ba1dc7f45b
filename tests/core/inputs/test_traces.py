"""Traces as they are published: Mooncake's JSON Lines, BurstGPT's and Azure's CSV."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragmeter.core.errors import ConfigError
from ragmeter.core.inputs.traces import Lengths, TracedRequest, plan_of, sped_up, trace_of

MOONCAKE = """\
{"timestamp": 27482, "input_length": 6955, "output_length": 52, "hash_ids": [46, 47]}
{"timestamp": 30535, "input_length": 6472, "output_length": 26, "hash_ids": [46, 47, 2]}
"""
BURSTGPT = """\
Timestamp,Model,Request tokens,Response tokens,Total tokens,Log Type
5,ChatGPT,472,18,490,Conversation log
45,ChatGPT,1087,230,1317,Conversation log
118,GPT-4,417,276,693,Conversation log
"""
BAILIAN = """\
{"chat_id": 159, "parent_chat_id": -1, "timestamp": 0, "input_length": 52, "output_length": 13, "turn": 1}
{"chat_id": 160, "parent_chat_id": -1, "timestamp": 61, "input_length": 52, "output_length": 14, "turn": 1}
"""
TIMED = """\
{"timestamp": 0.0, "input_length": 6755, "output_length": 500, "hash_ids": [0, 1]}
{"timestamp": 12.25, "input_length": 7319, "output_length": 490, "hash_ids": [0, 14]}
"""
AZURE = """\
TIMESTAMP,ContextTokens,GeneratedTokens
2023-11-16 18:17:03.9799600,4808,10
2023-11-16 18:17:04.0319569,3180,8
"""
AZURE_2024 = """\
TIMESTAMP,ContextTokens,GeneratedTokens
2024-05-10 00:00:00.009930+00:00,2162,5
2024-05-10 00:00:00.017335+00:00,2399,6
"""


def traced(at_s: float, input_tokens: int, output_tokens: int) -> TracedRequest:
    return TracedRequest(at_s=at_s, lengths=Lengths(input_tokens=input_tokens, output_tokens=output_tokens))


@pytest.mark.parametrize(
    ("text", "path", "second"),
    [
        (MOONCAKE, "mooncake.jsonl", traced(3.053, 6472, 26)),
        (BAILIAN, "bailian.jsonl", traced(61.0, 52, 14)),
        (TIMED, "timed.jsonl.gz", traced(12.25, 7319, 490)),
        (BURSTGPT, "burstgpt.csv.gz", traced(40.0, 1087, 230)),
        (BURSTGPT, "burstgpt.csv", traced(40.0, 1087, 230)),
        (AZURE, "azure.csv", traced(0.051997, 3180, 8)),
        (AZURE_2024, "azure.csv", traced(0.007405, 2399, 6)),
    ],
)
def test_public_traces_are_read_and_begin_at_their_first_request(text: str, path: str, second: TracedRequest) -> None:
    trace = trace_of(text, path=path)
    assert trace[0].at_s == 0
    assert trace[1].at_s == pytest.approx(second.at_s, abs=2e-6)
    assert trace[1].lengths == second.lengths


def test_requests_are_put_in_order_of_time() -> None:
    lines = MOONCAKE.splitlines()
    assert trace_of("\n".join(reversed(lines)), path="t.jsonl") == trace_of(MOONCAKE, path="t.jsonl")


def test_request_without_an_answer_is_left_out() -> None:
    assert len(trace_of(BURSTGPT + "119,GPT-4,20,0,20,Conversation log\n", path="t.csv")) == 3


@given(speedup=st.floats(0.01, 100))
def test_speed_divides_the_times_and_leaves_the_lengths(speedup: float) -> None:
    trace = trace_of(BURSTGPT, path="t.csv")
    faster = sped_up(trace, speedup)
    assert [each.at_s for each in faster] == pytest.approx([each.at_s / speedup for each in trace])
    assert [each.lengths for each in faster] == [each.lengths for each in trace]


@pytest.mark.parametrize(
    ("text", "path", "words"),
    [
        ("", "t.jsonl", "t.jsonl: has no requests"),
        ("{broken", "t.jsonl", "t.jsonl:1: not JSON"),
        ("[1]", "t.jsonl", r"t.jsonl:1: '\[1\]' is not a JSON object"),
        ('{"time": 1}', "t.jsonl", "t.jsonl:1: has none of these columns: timestamp, input_length, .*; it has time"),
        ('{"timestamp": 1, "input_length": 2}', "t.jsonl", "t.jsonl:1: .*output_length"),
        ('{"timestamp": 1, "input_length": -2, "output_length": 1}', "t.jsonl", "input_length -2 is not a number of"),
        ("Timestamp,Request tokens,Response tokens\nsoon,1,2\n", "t.csv", "t.csv:2: .*could not convert"),
        ("TIMESTAMP,ContextTokens,GeneratedTokens\nsoon,1,2\n", "t.csv", "t.csv:2: .*Invalid isoformat"),
    ],
)
def test_trace_that_cannot_be_read_is_named_with_its_line(text: str, path: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        trace_of(text, path=path)


def test_a_replay_is_told_before_it_starts() -> None:
    assert (
        plan_of(trace_of(BAILIAN, path="b.jsonl"))
        == "2 requests in 61 s at 0.0328 requests/s; inputs of at most 52 tokens"
    )
    assert plan_of(trace_of(MOONCAKE.splitlines()[0], path="m.jsonl")).startswith("1 requests in 0 s; inputs")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('{"session_id": "s", "timestamp": 0, "text_input": "turn", "output_length": 16}', "a trace of AIPerf"),
        ('{"id": "x", "conversations": []}', "ShareGPT has no times"),
        ('{"resourceSpans": []}', "spans of OpenTelemetry are not read"),
        ('{"timestamp": NaN, "input_length": 1, "output_length": 1}', "cannot convert float NaN"),
        ('{"timestamp": 1e999, "input_length": 1, "output_length": 1}', "cannot convert float infinity"),
        ('{"timestamp": 0, "input_length": 1e999, "output_length": 1}', "cannot convert float infinity"),
        ("[" * 50_000, "not JSON"),
    ],
)
def test_a_trace_of_another_kind_is_named(line: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        trace_of(line, path="t.jsonl")
