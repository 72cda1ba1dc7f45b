"""When pods are given up. What they do in a real cluster is in tests/k8s."""

import pytest

from ragmeter.run.carried import blamed


def pods(*phases: str) -> list[dict[str, object]]:
    return [{"metadata": {"name": str(n)}, "status": {"phase": phase}} for n, phase in enumerate(phases)]


@pytest.mark.parametrize(
    ("phases", "count", "name"),
    [
        ((), 1, None),
        (("Running",), 1, None),
        (("Succeeded",), 1, "0"),
        (("Failed",), 1, "0"),
        (("Running", "Succeeded"), 2, None),
        (("Running", "Failed"), 2, None),
        (("Failed",), 2, None),
        (("Succeeded", "Failed"), 2, "1"),
    ],
)
def test_a_pod_is_blamed_when_none_may_leave_a_result_any_more(
    phases: tuple[str, ...], count: int, name: str | None
) -> None:
    found = blamed(pods(*phases), count)
    assert (None if found is None else found["metadata"]["name"]) == name
