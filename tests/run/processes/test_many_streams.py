"""Two thousand streams at once from one load process, whatever limit it was started with."""

import resource

from ragmeter.run.processes.workers import Workers
from ragmeter.testing import GroundTruthServer, StreamScript
from tests.run.cases import workload
from tests.run.processes.test_workers import run

STREAMS = 2000
SOFT_LIMIT = 256


def test_two_thousand_streams_do_not_run_out_of_file_descriptors() -> None:
    planned = workload(requests=STREAMS, concurrency=STREAMS, timeout_s=60.0)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with GroundTruthServer(StreamScript(ttft_ms=500, itl_ms=1, tokens=2), process=True) as server:
        resource.setrlimit(resource.RLIMIT_NOFILE, (SOFT_LIMIT, hard))
        try:
            with Workers(1) as workers:
                samples, ending = run(server.base_url, planned, workers)
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        truths = server.truths()
    assert ending.status == "complete"
    measured = [sample for sample in samples if sample.phase == "measured"]
    assert [sample.error_message for sample in measured if not sample.ok] == []
    assert len(measured) == STREAMS
    assert len({truth.connection for truth in truths.values()}) == STREAMS
