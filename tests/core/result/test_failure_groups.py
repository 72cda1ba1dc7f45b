"""Failures by what they said: ids and numbers make no group of their own, and nothing is lost by the cap."""

import pytest

from ragmeter.core.requests.records import ErrorClass, RequestSample
from ragmeter.core.result.failures import MOST_GROUPS, failure_groups
from tests.core.samples import sample

EXPIRED = "HTTP 401 Unauthorized: token expired"


def failed(
    index: int, message: str | None, error: ErrorClass = ErrorClass.HTTP_STATUS, status: int | None = 401
) -> RequestSample:
    return sample(index=index, at_ms=index * 1000, error=error, error_message=message, http_status=status)


def test_without_a_failure_there_is_no_group() -> None:
    assert failure_groups([]) == ()
    assert failure_groups([sample()]) == ()
    assert failure_groups([sample(error=ErrorClass.INTERRUPTED)]) == ()


def test_the_most_frequent_comes_first_with_its_first_and_last_time() -> None:
    found = failure_groups(
        [sample(), *(failed(at, EXPIRED) for at in (1, 2, 5)), failed(3, "timed out", ErrorClass.TIMEOUT, None)]
    )
    assert [(at.error, at.http_status, at.message, at.requests) for at in found] == [
        ("http_status", 401, EXPIRED, 3),
        ("timeout", None, "timed out", 1),
    ]
    assert (found[0].first_s, found[0].last_s) == (1.12, 5.12)


@pytest.mark.parametrize(
    ("one", "other", "groups"),
    [
        ("request 4711 was lost", "request 12 was lost", 1),
        ("id 3fa85f64-5717-4562-b3fc-2c963f66afa6 failed", "id 9b2d7c11-0000-4562-b3fc-2c963f66afa7 failed", 1),
        ("took 12.5 s", "took 13.25 s", 1),
        ("token expired", "token revoked", 2),
        (None, "token revoked", 2),
        ("the facade failed", "the decade failed", 2),
    ],
)
def test_what_differs_in_ids_and_numbers_alone_is_one_group(one: str | None, other: str, groups: int) -> None:
    found = failure_groups([failed(0, one), failed(1, other)])
    assert len(found) == groups
    assert found[0].message == one


def test_one_status_and_another_are_two_groups_and_a_long_message_is_cut() -> None:
    found = failure_groups([failed(0, "x" * 500), failed(1, "x" * 500, status=403)])
    assert [at.http_status for at in found] == [401, 403]
    assert {len(at.message or "") for at in found} == {120}


def test_groups_are_capped() -> None:
    assert len(failure_groups([failed(at, "abcdefghijklmnopqrstuvwxyz"[at] * 3) for at in range(26)])) == MOST_GROUPS
