"""What a plug-in says and hears, as an exchange: its answers are read, judged and counted as all others are."""

import asyncio
import time
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field

from ragmeter.clients.connection.addresses import RESOLVER, Addresses
from ragmeter.clients.connection.dial import DialError, dial
from ragmeter.clients.connection.origin import Origin
from ragmeter.clients.connection.own_limits import own_fault
from ragmeter.clients.connection.pauses import Pauses
from ragmeter.clients.connection.tls_files import tls_context
from ragmeter.clients.connection.transport import CaptureLosses, Exchange, HttpRequest
from ragmeter.clients.http.client import CONNECT_TIMEOUT_S
from ragmeter.clients.http.clocks import clock_for, links_for
from ragmeter.clients.plugins.registry import PLUGIN, speaker_of
from ragmeter.clients.plugins.speaker import Question, ServiceFailed
from ragmeter.clients.plugins.stream import Arrival, Stream
from ragmeter.core.errors import ConfigError
from ragmeter.core.inputs.access.proxy import DIRECT, Proxies
from ragmeter.core.inputs.access.tls import OF_THE_SYSTEM, TlsFiles
from ragmeter.core.requests.records import ErrorClass

_MAX_BYTES = 64 << 20
"""Of one answer, as for HTTP."""


class _FaultOfPlugin(Exception):  # noqa: N818 - it becomes a sentence
    """It did what no plug-in may."""


@dataclass(slots=True, kw_only=True)
class _Heard:
    """What is known of an exchange while it runs."""

    asked_ns: int
    question: Question | None = None
    streams: list[Stream] = field(default_factory=list)
    arrivals: list[Arrival] = field(default_factory=list)
    size: int = 0


class PluginTransport:
    """Has the plug-in of a target ask each question; see `ragmeter.clients.connection.transport.Transport`."""

    def __init__(
        self,
        name: str,
        base_url: str,
        *,
        tls: TlsFiles = OF_THE_SYSTEM,
        clock: str,
        local_ports: range | None = None,
        pauses: Pauses | None = None,
        addresses: str = RESOLVER,
        proxies: Proxies = DIRECT,
    ) -> None:
        """name: of the plug-in. clock: as `registry.clock_of` has it. The others: as for `HttpTransport`.

        Raises ConfigError.
        """
        speaker = speaker_of(name, "target")
        self.clock = PLUGIN if speaker.clock == PLUGIN else clock_for(clock)
        self._name = name
        self._origin = Origin.parse(base_url, proxies, tunnelled=True)
        if self._origin.via is not None and self.clock == PLUGIN:
            raise ConfigError(
                f"$.proxy: the plug-in {name!r} has a client of its own, which goes its own way: leave the key out"
            )
        self._tls = tls
        tls_context(tls)  # refuses a file that is not what it should be
        self._addresses = Addresses(addresses)
        of_wire = clock_for("user") if self.clock == PLUGIN else clock_for(clock)
        self._links = links_for(
            of_wire, server_ports={self._origin.hop[1]}, local_ports=local_ports, pauses=pauses or Pauses()
        )
        self._speaker = speaker()

    @property
    def capture_losses(self) -> CaptureLosses | None:
        """See `ragmeter.clients.connection.transport.Transport.capture_losses`."""
        return self._links.losses()

    async def connect(self, n: int) -> None:
        """Nothing is opened ahead: a plug-in alone knows what a connection of its protocol is."""

    async def exchange(self, request: HttpRequest, *, deadline_ns: int) -> Exchange:
        """See `ragmeter.clients.connection.transport.Transport.exchange`."""
        heard = _Heard(asked_ns=time.monotonic_ns())
        failure: tuple[ErrorClass, str] | None = None
        try:
            async with asyncio.timeout((deadline_ns - heard.asked_ns) / 1e9) as limit:
                await self._converse(request, heard)
        except TimeoutError as error:
            words = "the deadline passed" if limit.expired() else f"the plug-in's client gave up ({error})"
            failure = (ErrorClass.TIMEOUT, f"{words} after {len(heard.arrivals)} messages of the answer")
        except ServiceFailed as error:
            failure = (error.error, str(error))
        except _FaultOfPlugin as error:
            failure = (ErrorClass.CLIENT, f"the plug-in {self._name!r} {error}")
        finally:
            for stream in heard.streams:
                stream.close()
        return self._finished(heard, failure, deadline_ns)

    async def aclose(self) -> None:
        """See `ragmeter.clients.connection.transport.Transport.aclose`."""
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT_S):
                await self._speaker.aclose()
        finally:
            self._links.close()

    async def _converse(self, request: HttpRequest, heard: _Heard) -> None:
        async def opened(protocols: tuple[str, ...]) -> Stream:
            stream = await self._dial(protocols)
            heard.streams.append(stream)
            return stream

        path = self._origin.target(request.path)
        heard.question = Question(
            url=f"{self._origin.scheme}://{self._origin.authority}{path}",
            host=self._origin.host,
            port=self._origin.port,
            path=path,
            headers=request.headers,
            body=request.body,
            _dial=opened,
        )
        answer = self._speaker.ask(heard.question)
        try:
            await self._listen(answer, heard)
        except (ServiceFailed, _FaultOfPlugin, TimeoutError):
            raise
        except Exception as error:
            raise _blamed(error, heard) from error
        finally:
            await answer.aclose()

    async def _listen(self, answer: AsyncGenerator[Arrival | bytes | str, None], heard: _Heard) -> None:
        async for said in answer:
            now_ns = time.monotonic_ns()
            arrival = self._dated(said, now_ns)
            earliest_ns = heard.arrivals[-1].at_ns if heard.arrivals else heard.asked_ns
            if not earliest_ns <= arrival.at_ns <= now_ns:
                raise _FaultOfPlugin("dated a message before the last one, before the question, or in the future")
            heard.arrivals.append(arrival)
            heard.size += len(arrival.data)
            if heard.size > _MAX_BYTES:
                raise ServiceFailed("protocol", f"the answer exceeds {_MAX_BYTES} bytes")

    def _dated(self, said: object, now_ns: int) -> Arrival:
        if self.clock == PLUGIN and isinstance(said, bytes | str):
            return Arrival(said.encode() if isinstance(said, str) else said, now_ns)
        if self.clock != PLUGIN and isinstance(said, Arrival):
            return said
        wanted = "bytes or text" if self.clock == PLUGIN else "an Arrival"
        raise _FaultOfPlugin(
            f"has the clock {self._speaker.clock!r} and must yield {wanted}, not {type(said).__name__}"
        )

    async def _dial(self, protocols: tuple[str, ...]) -> Stream:
        tls = tls_context(self._tls, protocols) if self._origin.scheme == "https" else None
        try:
            return await dial(Stream(), self._origin, tls, self._links, self._addresses, timeout_s=CONNECT_TIMEOUT_S)
        except DialError as error:
            if error.error is ErrorClass.CLIENT:
                raise _FaultOfPlugin(f"could not connect: {error}") from error
            raise ServiceFailed("tls" if error.error is ErrorClass.TLS else "connect", str(error)) from error

    def _finished(self, heard: _Heard, failure: tuple[ErrorClass, str] | None, deadline_ns: int) -> Exchange:
        """Where the plug-in's own client connects, nothing is known of the connection."""
        stream = heard.streams[0] if heard.streams else None
        setup = stream.setup if stream else None
        tcp = stream.tcp_info if stream else None
        bounds = tuple(each.earliest_ns for each in heard.arrivals if each.earliest_ns is not None)
        sent_ns = heard.question.sent_ns if heard.question else None
        return Exchange(
            sent_ns=sent_ns or heard.asked_ns,
            dns_ns=setup.dns_ns if setup else None,
            connect_ns=setup.connect_ns if setup else None,
            tls_ns=setup.tls_ns if setup else None,
            fallback_ns=setup.fallback_ns if setup else None,
            by_plugin=True,
            framed=True,
            chunks=tuple((each.at_ns, each.data) for each in heard.arrivals),
            earliest_ns=bounds if bounds and len(bounds) == len(heard.arrivals) else None,
            ended_ns=time.monotonic_ns(),
            deadline_ns=deadline_ns,
            failure=failure,
            sent_bytes=sum(each.sent_bytes for each in heard.streams),
            received_bytes=sum(each.received_bytes for each in heard.streams) or heard.size,
            server_address=setup.address if setup else None,
            rtt_us=tcp.rtt_us if tcp else None,
            retransmits=tcp.retransmits if tcp else None,
        )


def _blamed(error: Exception, heard: _Heard) -> Exception:
    """A connection that is refused, reset or lost is the service's failure, unless this machine is why."""
    if isinstance(error, OSError) and (words := own_fault(error)) is not None:
        return _FaultOfPlugin(f"could not go on: {words}")
    if isinstance(error, ConnectionError):
        begun = heard.question is not None and heard.question.sent_ns is not None
        return ServiceFailed("truncated" if begun else "connect", str(error) or type(error).__name__)
    return _FaultOfPlugin(f"failed: {type(error).__name__}: {error}")
