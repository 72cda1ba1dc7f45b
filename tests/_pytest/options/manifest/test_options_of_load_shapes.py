"""--bench-end-rate, --bench-burstiness, --bench-burst-size, --bench-rates, --bench-trace, --bench-speedup."""

from collections.abc import Iterator

import pytest

from ragmeter.testing import GroundTruthServer, StreamScript
from tests._pytest.project import Project, refused

TRACE = """\
{"timestamp": 1000, "input_length": 40, "output_length": 3}
{"timestamp": 1050, "input_length": 400, "output_length": 5}
{"timestamp": 1200, "input_length": 8, "output_length": 7}
"""


@pytest.fixture
def trace(project: Project) -> None:
    (project.pytester.path / "trace.jsonl").write_text(TRACE, encoding="utf-8")


@pytest.mark.usefixtures("trace")
@pytest.mark.parametrize(
    ("option", "words"),
    [
        ("--bench-end-rate=-1", "$.load.end_rate_per_s: -1.0 needs $.load.shape ramp, not closed"),
        ("--bench-burstiness=2", "$.load.burstiness: 2.0 needs $.load.shape gamma, not closed"),
        ("--bench-burst-size=2", "$.load.burst_size: 2 needs $.load.shape bursts, not closed"),
        ("--bench-rates=1,2", "$.load.rates_per_s: [1.0, 2.0] needs $.load.shape sweep, not closed"),
        ("--bench-trace=trace.jsonl", "$.load.trace_file: 'trace.jsonl' needs $.load.shape trace, not closed"),
        ("--bench-speedup=2", "$.load.speedup: 2.0 needs $.load.shape trace, not closed"),
        ("--bench-rates=1,x", "--bench-rates: 'x' is not a number"),
        ("--bench-shape=gamma --bench-rate=5", "$.load: 'burstiness' is missing"),
        ("--bench-shape=bursts --bench-rate=5 --bench-burst-size=0", "$.load.burst_size: 0 is not >= 1"),
        ("--bench-shape=sweep --bench-rates=1,0", "$.load.rates_per_s[1]: 0.0 is not > 0"),
        ("--bench-shape=trace --bench-trace=none.jsonl", "none.jsonl: No such file"),
        ("--bench-shape=trace", "$.load: 'trace_file' is missing"),
        (
            "--bench-shape=ramp --bench-rate=10 --bench-end-rate=30 --bench-duration=60",
            "$.benchmark.requests: 2 end the ramp before its end: about 1200 start within $.benchmark.duration of 60 s",
        ),
    ],
)
def test_what_has_no_meaning_is_refused(project: Project, option: str, words: str) -> None:
    refused(project, project.run(*option.split()), words)


def test_sweep_has_a_row_of_figures_for_each_rate(project: Project) -> None:
    project.provider(script="slow")
    project.run("--bench-shape=sweep", "--bench-rates=20,60", "--bench-requests=6").assert_outcomes(passed=1)
    result = project.result()
    assert project.sent == result["requests"] == 12
    asked = [(step["step"], step["rate_per_s"], step["requests"]) for step in result["steps"]]
    assert asked == [(0, 20, 6), (1, 60, 6)]
    assert sorted(sample["step"] for sample in project.samples()) == [0] * 6 + [1] * 6
    assert all(step["ttft_p50_ms"] > 0 and step["offered_rate_per_s"] > 0 for step in result["steps"])


JUDGED = """
    def test_slo(run_workload, slo):
        slo.check(run_workload())
"""
SWEEP = ("--bench-shape=sweep", "--bench-rates=5,100", "--bench-requests=20")


@pytest.fixture
def serial(project: Project) -> Iterator[Project]:
    """A service of some 40 streams a second: at 100 a queue grows. The client may be late on a busy machine."""
    project.patch.setattr("ragmeter.core.client.harness.LAG_FLOOR_MS", 1000.0)
    project.suite(JUDGED)
    with GroundTruthServer(StreamScript(ttft_ms=10, itl_ms=5, tokens=4), process=True, lanes=1) as running:
        project.provider(base_url=running.base_url)
        yield project


@pytest.mark.privileged("real_time")  # else busy processes make it late, and a step that is late is INVALID
def test_slo_of_a_sweep_is_judged_at_each_step_and_its_failure_names_the_step(serial: Project) -> None:
    outcome = serial.run(*SWEEP, "--bench-slo=p50(ttft_ms) <= 60")
    assert outcome.ret == pytest.ExitCode.TESTS_FAILED
    outcome.stdout.fnmatch_lines(["FAIL: tiny @ mine: at 100 req/s: p50(ttft_ms) = * > 60 *; met at 5 req/s"])
    outcome.stdout.fnmatch_lines(["*sweep * every SLO is met up to 5 req/s; not at 100 req/s: *"])
    verdict, _ = serial.result()["verdicts"]
    assert [(at["rate_per_s"], at["outcome"]) for at in verdict["steps"]] == [(5, "PASS"), (100, "FAIL")]


def test_slo_may_be_of_one_step(serial: Project) -> None:
    outcome = serial.run(*SWEEP, "--bench-slo=p50(ttft_ms) <= 60 at 5/s")
    outcome.assert_outcomes(passed=2)
    verdict, _ = serial.result()["verdicts"]
    assert verdict["slo"] == "p50(ttft_ms) <= 60 at 5/s"


@pytest.mark.parametrize(
    ("load", "words"),
    [
        (SWEEP, "there is no step at 7/s: the steps of the sweep offer 5/s, 100/s"),
        ((), "there is no step at 7/s: the workload is no sweep"),
    ],
)
def test_slo_of_a_step_that_is_not_there_is_refused(project: Project, load: tuple[str, ...], words: str) -> None:
    project.suite(JUDGED)
    refused(project, project.run(*load, "--bench-slo=p50(ttft_ms) <= 60 at 7/s"), words)


@pytest.mark.usefixtures("trace")
def test_trace_is_replayed_at_its_times_and_asks_for_its_lengths(project: Project) -> None:
    load = ("--bench-shape=trace", "--bench-trace=trace.jsonl", "--bench-speedup=2", "--bench-requests=9")
    project.run(*load).assert_outcomes(passed=1)
    samples = sorted(project.samples(), key=lambda sample: int(sample["index"]))
    offsets = [sample["scheduled_ns"] - samples[0]["scheduled_ns"] for sample in samples]
    assert offsets == [0, 25_000_000, 100_000_000]
    assert samples[2]["sent_bytes"] < samples[0]["sent_bytes"] < samples[1]["sent_bytes"]
    assert "trace.jsonl" in str(project.result()["workload"]["load"]["trace_file"])
