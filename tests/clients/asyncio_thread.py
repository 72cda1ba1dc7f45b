"""A server of asyncio in a thread of this process."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from threading import Thread
from typing import TypeVar

T = TypeVar("T")


async def turns() -> None:
    """Transports that were closed or aborted give their sockets back in the next turns of the loop: what ends with it
    before that is a warning in whatever test the garbage is collected in.
    """
    for _ in range(5):
        await asyncio.sleep(0)


@contextmanager
def served(serve: Callable[[Callable[[T], None], asyncio.Event], Awaitable[None]]) -> Iterator[T]:
    """What ``serve`` hands to its first argument once it listens. It returns when the event is set, at the block's end;
    what it raises before it listens is raised here.
    """
    listening = Future[T]()
    loops: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []

    async def main() -> None:
        stop = asyncio.Event()
        loops.append((asyncio.get_running_loop(), stop))
        try:
            await serve(listening.set_result, stop)
        except BaseException as error:
            if listening.done():
                raise
            listening.set_exception(error)
        finally:
            for transport in list(getattr(asyncio.get_running_loop(), "_transports", {}).values()):
                transport.abort()  # of clients that have not gone; nothing public names them
            await turns()

    thread = Thread(target=lambda: asyncio.run(main()), daemon=True)
    thread.start()
    try:
        yield listening.result(60)
    finally:
        for loop, stop in loops:
            with suppress(RuntimeError):  # it has ended by itself
                loop.call_soon_threadsafe(stop.set)
        thread.join(60)
