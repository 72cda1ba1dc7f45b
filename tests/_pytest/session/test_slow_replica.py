"""Two backends behind one address, of which one is slower."""

import asyncio
import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from ragmeter.testing import GroundTruthServer, StreamScript
from tests._pytest.project import Project
from tests.clients.asyncio_thread import served


@contextmanager
def balanced(*ports: int) -> Iterator[str]:
    """The URL of a balancer of connections, which takes the ports in turn."""
    turn = itertools.cycle(ports)

    async def passed_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with suppress(ConnectionError):
                while data := await reader.read(65536):
                    writer.write(data)
        finally:
            writer.close()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", next(turn))
        await asyncio.gather(passed_on(reader, far_writer), passed_on(far_reader, writer))

    async def serving(started: Callable[[int], None], stop: asyncio.Event) -> None:
        async with await asyncio.start_server(connected, "127.0.0.1", 0) as server:
            started(server.sockets[0].getsockname()[1])
            await stop.wait()
        held = asyncio.all_tasks() - {asyncio.current_task()}
        for task in held:
            task.cancel()
        await asyncio.gather(*held, return_exceptions=True)  # what they held is closed

    with served(serving) as port:
        yield f"http://127.0.0.1:{port}"


def test_slow_replica_is_named_and_not_averaged_in(project: Project) -> None:
    """The slow one answers a third of the requests; with fewer than some hundred it would not be judged."""
    well = StreamScript(ttft_ms=10, itl_ms=1, tokens=8, replica_id="pod-well")
    sick = StreamScript(ttft_ms=30, itl_ms=1, tokens=8, replica_id="pod-sick")
    project.workload(benchmark={"requests": 800, "concurrency": 4, "warmup_requests": 4})
    with (
        GroundTruthServer(well, process=True) as one,
        GroundTruthServer(sick, process=True) as other,
        balanced(one.port, other.port) as url,
    ):
        project.provider(base_url=url)
        outcome = project.run()
    result = project.result()
    found = {each["name"]: each for each in result["replicas"]}
    assert set(found) == {"pod-well", "pod-sick"}
    assert found["pod-sick"]["ratios"]["ttft_ms"]["low"] > 1.5
    assert "ttft_ms" in found["pod-sick"]["slow"]
    assert "ttft_ms" not in found["pod-well"]["slow"]
    assert any(words.startswith("replica pod-sick is slower than the other replica") for words in result["caveats"])
    assert "replica pod-sick is slower" in " ".join(outcome.stdout.str().split())
    (page,) = project.reports.rglob("*.html")
    assert "pod-sick" in page.read_text(encoding="utf-8")
    assert {each["server_address"] for each in project.samples()} == {"127.0.0.1"}


def test_header_names_the_replica_where_the_stream_does_not(project: Project) -> None:
    project.workload(target="openai", model={"model_id": "ground-truth"}, benchmark={"requests": 4})
    project.provider(replica_header="X-Request-Id")  # of each request its own, which is enough to see that it is read
    project.run()
    named = {each["replica_id"] for each in project.samples()}
    assert len(named) == len(project.samples())
    assert all(name.startswith("gt-") for name in named)
    assert {each["name"] for each in project.result()["replicas"]} <= named
