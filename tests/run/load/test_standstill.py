import asyncio
import time

import pytest

from ragmeter.run.load.standstill import NONE, Standstill, StandstillWatch


def watched(*steps: float) -> Standstill:
    """Of an event loop that is free for each first length and blocked for each second, in s."""

    async def main() -> Standstill:
        watch = StandstillWatch()
        with watch.ticking():
            for place, length_s in enumerate(steps):
                if place % 2:
                    time.sleep(length_s)  # noqa: ASYNC251 - that is what is to be seen
                else:
                    await asyncio.sleep(length_s)
        return watch.found()

    return asyncio.run(main())


@pytest.mark.parametrize("steps", [(0.1, 0.6, 0.1), (0.1, 0.6)], ids=["in the middle", "up to the end"])
def test_a_process_that_is_stopped_is_seen(steps: tuple[float, ...]) -> None:
    found = watched(*steps)
    assert 0.5 < found.longest_s <= found.stopped_s <= found.late_s
    reason = found.reason(1.0)
    assert reason is not None
    assert "did not run for" in reason


@pytest.mark.parametrize(
    ("found", "wall_s", "fit"),
    [
        (NONE, 0.0, True),
        (NONE, 1.0, True),
        (Standstill(late_s=0.5, stopped_s=0.5, longest_s=0.5), 10.0, False),
        (Standstill(late_s=0.2, stopped_s=0.2, longest_s=0.2), 10.0, True),
        (Standstill(late_s=0.9, longest_s=0.1), 10.0, True),
        (Standstill(late_s=0.03, longest_s=0.03), 0.1, True),
        (Standstill(late_s=0.06, longest_s=0.03), 0.1, False),
        (Standstill(late_s=1.1, longest_s=0.1), 10.0, False),
        (Standstill(late_s=5.0, stopped_s=5.0, longest_s=5.0), 10.2, False),
        (Standstill(late_s=5.0, stopped_s=5.0, longest_s=5.0), 600.0, True),
    ],
)
def test_a_client_is_unfit_from_a_share_of_the_phase_on(found: Standstill, wall_s: float, fit: bool) -> None:
    assert (found.reason(wall_s) is None) is fit


def test_the_reason_names_what_the_kernel_counted() -> None:
    words = Standstill(late_s=3.0, longest_s=0.08, causes=("its cgroup was throttled for 3 s",)).reason(10.0)
    assert words == (
        "the load generator did not run for 3 s of 10 s (at once for up to 0.08 s): its cgroup was throttled for 3 s"
    )
