"""Fixtures for the suite and for tests of one's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ragmeter._pytest.hooks.gate import BaselineCheck, PrecisionCheck, SloCheck
from ragmeter._pytest.hooks.keys import session_of
from ragmeter._pytest.hooks.unfit import INVALID
from ragmeter.core.errors import RagmeterError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from ragmeter._pytest.session.session import BenchSession
    from ragmeter.core.campaign.case import Case
    from ragmeter.core.compare.regression import Regression
    from ragmeter.core.inputs.provider import Provider
    from ragmeter.core.inputs.workload import Workload
    from ragmeter.core.netprobe.document import Netprobe
    from ragmeter.core.requests.figure import Figure
    from ragmeter.core.requests.records import RequestSample
    from ragmeter.core.result.result import RunResult
    from ragmeter.core.run.plan import DeclaredSlo

    RunWorkload = Callable[[], RunResult]


@pytest.fixture(scope="session")
def bench_session(pytestconfig: pytest.Config) -> BenchSession:
    """The measuring session of this pytest run."""
    session = session_of(pytestconfig)
    if session is None:
        pytest.fail("a live test needs --provider", pytrace=False)
    return session


@pytest.fixture(scope="session")
def bench_case(request: pytest.FixtureRequest) -> Case:
    """The provider and workload of this test. Every live test depends on it; it is parametrised by the options."""
    return request.param  # type: ignore[no-any-return]


@pytest.fixture(scope="session")
def workload(bench_case: Case) -> Workload:
    """The workload under test: a validated manifest."""
    return bench_case.workload


@pytest.fixture(scope="session")
def provider(bench_case: Case, bench_session: BenchSession) -> Provider:
    """The provider under test, its service running and ``base_url`` filled in."""
    try:
        return bench_session.running(bench_case.provider)
    except RagmeterError as error:
        raise _failure(error) from None


@pytest.fixture
def ask(provider: Provider, workload: Workload) -> Callable[[], RequestSample]:
    """A function that sends the workload's first prompt once, without load."""

    def once() -> RequestSample:
        from ragmeter.run.load.single import ask as ask_once

        try:
            return ask_once(provider, workload)
        except RagmeterError as error:
            raise _failure(error) from None

    return once


@pytest.fixture
def ask_at_once(provider: Provider, workload: Workload) -> Callable[[int], Awaitable[list[RequestSample]]]:
    """A coroutine function that sends a number of requests at the same time, without load."""

    async def at_once(count: int) -> list[RequestSample]:
        from ragmeter.run.load.single import ask_at_once as ask_them

        try:
            return await ask_them(provider, workload, count)
        except RagmeterError as error:
            raise _failure(error) from None

    return at_once


@pytest.fixture
def run_workload(
    bench_case: Case, bench_session: BenchSession, request: pytest.FixtureRequest
) -> Callable[[], RunResult]:
    """A function that returns the result of the workload on the provider: measured once, at the first call."""

    def run() -> RunResult:
        from ragmeter._pytest.measuring.campaigns import result_of_case
        from ragmeter._pytest.session.verdicts import is_invalid

        try:
            result = result_of_case(bench_session, bench_case)
        except RagmeterError as error:
            if is_invalid(bench_session, bench_case):
                request.node.user_properties.append(INVALID)
            raise _failure(error) from None
        request.node.user_properties.extend(properties_of(result))
        if result.harness.reasons:
            request.node.user_properties.append(INVALID)
        return result

    return run


@pytest.fixture(scope="session")
def probed_provider(request: pytest.FixtureRequest) -> Provider:
    """The provider whose cluster this test probes. Parametrised by the options."""
    return request.param  # type: ignore[no-any-return]


@pytest.fixture
def run_netprobe(probed_provider: Provider, bench_session: BenchSession) -> Callable[[], Netprobe]:
    """A function that returns the east-west probe of the provider's cluster: made once, at the first call."""

    def run() -> Netprobe:
        try:
            return bench_session.probes.result(probed_provider)
        except RagmeterError as error:
            raise _failure(error) from None

    return run


@pytest.fixture(scope="session")
def declared_slo(request: pytest.FixtureRequest) -> DeclaredSlo | None:
    """One SLO of manifest, provider and options; None when there is none. Parametrised by those."""
    return request.param  # type: ignore[no-any-return]


@pytest.fixture
def slo(
    bench_case: Case,  # noqa: ARG001 - makes the test a live one, also where it takes nothing else of ours
    declared_slo: DeclaredSlo | None,
    bench_session: BenchSession,
    request: pytest.FixtureRequest,
) -> SloCheck:
    """One SLO, ready to be checked; a test that takes it runs once for every SLO."""
    if declared_slo is None:
        pytest.skip("no SLO is declared in the manifest, the provider file or --bench-slo: nothing is judged")
    return SloCheck(declared_slo, strict=bench_session.options.strict, node=request.node)


@pytest.fixture(scope="session")
def gated_metric(request: pytest.FixtureRequest) -> Figure | None:
    """One metric that is judged against the baseline; None without a baseline. Parametrised by those."""
    return request.param  # type: ignore[no-any-return]


@pytest.fixture
def baseline(
    bench_case: Case,
    gated_metric: Figure | None,
    run_workload: RunWorkload,
    bench_session: BenchSession,
    request: pytest.FixtureRequest,
) -> BaselineCheck:
    """One metric against the saved run of --bench-baseline; a test that takes it runs once for every metric."""
    if gated_metric is None:
        pytest.skip("no --bench-baseline: there is nothing to compare with")

    def judge() -> Regression:
        from ragmeter._pytest.session.verdicts import regression

        run_workload()
        return regression(bench_session, bench_case, gated_metric)

    return BaselineCheck(judge, strict=bench_session.options.strict, node=request.node)


@pytest.fixture(scope="session")
def referenced_metric(request: pytest.FixtureRequest) -> Figure | None:
    """One metric that is judged against the reference; None without a reference. Parametrised by those."""
    return request.param  # type: ignore[no-any-return]


@pytest.fixture
def reference(
    bench_case: Case,
    referenced_metric: Figure | None,
    run_workload: RunWorkload,
    bench_session: BenchSession,
    request: pytest.FixtureRequest,
) -> BaselineCheck:
    """One metric against the provider of --bench-reference; a test that takes it runs once for every metric."""
    if referenced_metric is None:
        pytest.skip("no --bench-reference: there is nothing to compare with")

    def judge() -> Regression:
        from ragmeter._pytest.session.verdicts import against_reference

        run_workload()
        try:
            return against_reference(bench_session, bench_case, referenced_metric)
        except RagmeterError as error:
            raise _failure(error) from None

    return BaselineCheck(judge, strict=bench_session.options.strict, node=request.node, kind="reference_metric")


@pytest.fixture
def precision(bench_case: Case, run_workload: RunWorkload, bench_session: BenchSession) -> PrecisionCheck:
    """Whether the run came to know what the workload's ``until`` asks."""
    if bench_case.workload.until is None:
        pytest.skip("the workload has no 'until': no interval has to be narrow")
    return PrecisionCheck(run_workload, strict=bench_session.options.strict)


def _failure(error: RagmeterError) -> BaseException:
    """The outcome of a test that could not measure: a sentence without a traceback."""
    return pytest.fail.Exception(str(error), pytrace=False)


def properties_of(result: RunResult) -> list[tuple[str, object]]:
    """What a JUnit file says of the run behind a test. The latencies of a sweep are those of its steps."""
    latencies = ("ttft_p50_ms", "ttft_p95_ms", "tpot_p50_ms", "latency_p50_ms", "latency_p95_ms")
    names = (*(() if result.steps else latencies), "requests", "errors")
    figures = [(name, getattr(result, name)) for name in names]
    known = [(name, round(value, 3)) for name, value in figures if value is not None]
    said = [("run_id", result.run_id), ("outcome", result.outcome.value), ("status", result.status)]
    return [*said, *known, *_caches_of(result)]


def _caches_of(result: RunResult) -> list[tuple[str, object]]:
    """What was declared of the caches, and the hit ratio where it was measured."""
    if result.caches is None:
        return []
    value = result.caches.hit_ratio.value
    measured = [] if value is None else [("cache_hit_ratio", round(value, 4))]
    return [("cache_declared", result.caches.declared), *measured]
