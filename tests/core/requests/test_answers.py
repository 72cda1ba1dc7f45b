import pytest

from ragmeter.core.client.harness import harness_of
from ragmeter.core.codec import decode, encode
from ragmeter.core.requests.answers import caveats_of_answers, finish_reasons, own_faults, unknown_figures
from ragmeter.core.requests.finish import Ending, ending_of
from ragmeter.core.requests.measures import tpot_ms
from ragmeter.core.requests.records import ErrorClass, RequestSample, TokenSource
from tests.core.samples import sample


@pytest.mark.parametrize(
    ("reason", "ending"),
    [
        ("stop", Ending.WHOLE),
        ("length", Ending.WHOLE),
        ("tool_calls", Ending.WHOLE),
        ("function_call", Ending.WHOLE),
        ("STOP", Ending.WHOLE),
        ("end-turn", Ending.WHOLE),
        ("content_filter", Ending.FILTERED),
        ("SAFETY", Ending.FILTERED),
        ("abort", Ending.FAILED),
        ("error", Ending.FAILED),
        ("cancelled", Ending.FAILED),
        ("canceled", Ending.FAILED),
        ("load_shed", Ending.FAILED),
        ("engine_error", Ending.FAILED),
        ("FINISHED_ABORTED", Ending.FAILED),
        ("upstreamTimeout", Ending.FAILED),
        ("rate limit: request cancelled", Ending.FAILED),
        ("moderation_blocked", Ending.FILTERED),
        ("terror", Ending.UNKNOWN),
        ("default", Ending.UNKNOWN),
        ("vibes", Ending.UNKNOWN),
        ("", Ending.UNKNOWN),
    ],
)
def test_each_finish_reason_has_its_ending(reason: str, ending: Ending) -> None:
    assert ending_of(reason) is ending


def test_records_of_before_are_read_and_have_the_tpot_that_they_had() -> None:
    new = {"first_reasoning_ns", "lingered_ns", "reasoning_tokens", "token_doubt", "refused", "cached_tokens"}
    old = {key: value for key, value in encode(sample(gaps_ms=[10.0] * 9)).items() if key not in new}
    assert tpot_ms(decode(RequestSample, old, where="raw.jsonl:2")) == 10.0


def answers(n: int, **fields: object) -> list[RequestSample]:
    return [sample(index=i, **fields) for i in range(n)]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("samples", "words"),
    [
        (answers(4, finish_reason="content_filter"), "4 of 4 responses were cut by a content filter"),
        (answers(4, finish_reason="vibes"), "4 of 4 responses ended for a reason that is not known: 'vibes'"),
        (answers(4, output_tokens=2), "2 tokens (median) of the 16 that max_tokens allowed"),
        (answers(4, output_tokens=40), "40 tokens (median) where max_tokens allowed 16"),
        (answers(4, output_tokens=None, refused=("60 told",)), "4 of 4 responses told figures that cannot be: 60 told"),
        (
            answers(4, error=ErrorClass.EMPTY, reasoning_chars=9, finish_reason="length"),
            "4 of 4 requests reached max_tokens while the model was still reasoning",
        ),
        (answers(4, lingered_ns=3_000_000_000), "responses stayed open for 3000 ms (median) after their end"),
    ],
)
def test_what_a_reader_must_know_is_said(samples: list[RequestSample], words: str) -> None:
    assert any(words in caveat for caveat in caveats_of_answers(samples, 16))


@pytest.mark.parametrize(
    ("address", "told"),
    [("127.0.0.1", 1), ("127.0.0.9", 1), ("::1", 1), ("10.0.0.1", 0), ("fe80::1%eth0", 0), (None, 0)],
)
def test_service_on_this_machine_is_told(address: str | None, told: int) -> None:
    found = caveats_of_answers(answers(4, server_address=address), None)
    assert len(found) == told
    assert not told or found[0].startswith(f"the service answers at {address}: if it runs here")


def test_connections_that_fell_back_are_told() -> None:
    (words,) = caveats_of_answers([*answers(3), *answers(2, fallback_ns=251_000_000)], None)
    assert words.startswith(
        "2 new connections first tried an address of the host that did not answer in time: up to 251 ms"
    )


def test_answers_without_an_oddity_and_no_answers_have_no_caveat() -> None:
    assert caveats_of_answers([], 16) == ()
    assert caveats_of_answers(answers(4, output_tokens=16, finish_reason="length"), 16) == ()
    assert caveats_of_answers(answers(4, output_tokens=90, finish_reason="stop"), 512) == ()
    assert caveats_of_answers(answers(4, output_tokens=2), None) == ()


def test_finish_reasons_are_counted_of_successes() -> None:
    samples = [*answers(3, finish_reason="stop"), *answers(2, finish_reason="length"), *answers(1)]
    assert finish_reasons([*samples, sample(finish_reason="abort", error=ErrorClass.ABORTED)]) == {
        "stop": 3,
        "length": 2,
    }


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"output_tokens": None}, "the server told no count of output tokens"),
        ({"output_tokens": None, "refused": ("60 told",)}, "60 told"),
        ({"reasoning_chars": 5}, "reasoning tokens are in the count of output tokens"),
        ({"token_doubt": "hidden reasoning"}, "hidden reasoning"),
        ({"gaps_ms": (0.0, 0.0)}, "all text came at one moment"),
        ({"gaps_ms": ()}, "all text came at one moment"),
        ({"output_tokens": 1}, "no token is known to have come after"),
    ],
)
def test_a_missing_tpot_says_why(fields: dict[str, object], why: str) -> None:
    unknown = unknown_figures([sample(), sample(**fields)])  # type: ignore[arg-type]
    assert unknown["tpot_ms"].startswith("1 of 2 responses have none: ")
    assert why in unknown["tpot_ms"]


def test_nothing_is_missing_where_every_success_has_its_tpot() -> None:
    assert unknown_figures([]) == {}
    assert unknown_figures([sample(), sample(error=ErrorClass.TIMEOUT, output_tokens=None)]) == {}


def reasons(samples: list[RequestSample]) -> tuple[str, ...]:
    return harness_of(samples, clock="user", open_loop=False, client_cpu_ratio=None).reasons


@pytest.mark.parametrize(("refused", "invalid"), [(0, False), (1, False), (2, True), (100, True)])
def test_a_run_with_more_impossible_counts_than_one_in_a_hundred_is_invalid(refused: int, invalid: bool) -> None:
    samples = [*answers(refused, output_tokens=None, refused=("60 told",)), *answers(100 - refused)]
    assert any("a token count that cannot be: 60 told" in reason for reason in reasons(samples)) is invalid


def test_zeros_that_were_counted_by_events_instead_invalidate_nothing() -> None:
    zeros = answers(9, refused=("0 output tokens",), token_source=TokenSource.DELTAS)
    assert reasons(zeros) == ()


@pytest.mark.parametrize("open_loop", [True, False])
def test_one_fault_of_this_machine_makes_the_run_invalid(open_loop: bool) -> None:
    fault = sample(error=ErrorClass.CLIENT, error_message="Too many open files: 75", sent_ns=None, events_ns=())
    samples = [*answers(50), fault]
    assert own_faults(samples) == ["1 of 51 requests failed on this machine: Too many open files: 75"]
    found = harness_of(samples, clock="user", open_loop=open_loop, client_cpu_ratio=None).reasons
    assert own_faults(samples)[0] in found
    assert own_faults(answers(3)) == []
