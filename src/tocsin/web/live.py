"""Who is told that something has changed? One broadcaster for a node hears the bell of commits, and tells the streams.

It never holds up a commit: the bell sets a flag, a task of its own looks. What is told is small, "this incident is at
event 12 now"; a page then asks for what it shows. Streams are few, each keeps the newest news only.
"""

import asyncio
import contextlib
from collections.abc import Iterator

from msgspec import Struct

from tocsin.engine.node import Node
from tocsin.errors import Overloaded, TocsinError

MAX_STREAMS = 500
_APART_SECONDS = 0.2  # between two looks, however often the bell rings
_LOOK_EVERY_SECONDS = 2.0  # another node's bell may not be heard
_LISTS_APART_SECONDS = 1.0  # lists change with every incident: their readers are told less often
# Whoever is told asks for the page, which takes some milliseconds: nothing that pages people may wait for a crowd.
_AT_ONCE = 10
_EACH_SECONDS = 0.02


class News(Struct, frozen=True):
    """What a stream has to tell: the incident and its newest event; for lists, a number that only grows."""

    incident: str
    seq: int


class Stream:
    """One reader. News that isn't fetched in time is replaced by newer news: nothing piles up."""

    def __init__(self, incident: str, seq: int) -> None:
        self.incident = incident
        self.seq = seq  # the newest that it knows
        self._news: News | None = None
        self._is_news = asyncio.Event()
        self.is_over = False

    def tell(self, seq: int) -> None:
        """It is at `seq` now; nothing happens where the reader knows that."""
        if seq > self.seq:
            self.seq = seq
            self._news = News(self.incident, seq)
            self._is_news.set()

    def end(self) -> None:
        """Nothing more will be told."""
        self.is_over = True
        self._is_news.set()

    async def next(self, within: float) -> News | None:
        """The next news; None when there is none within so many seconds, or the stream is over."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within):
                await self._is_news.wait()
        self._is_news.clear()
        news, self._news = self._news, None
        return news


class Broadcaster:
    """All open streams of a node. `run` is a task that lives as long as the site."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._streams: set[Stream] = set()
        self._lists_at = 0.0
        self._changes = 0  # grows with every change of anything
        self._rung = asyncio.Event()

    @contextlib.contextmanager
    def stream(self, incident: str = "", seq: int = -1) -> Iterator[Stream]:
        """A stream of one incident from its event `seq` on, or with an empty id of anything; raises Overloaded."""
        self.refuse_if_full()
        stream = Stream(incident, seq if incident else self._changes)
        self._streams.add(stream)
        try:
            yield stream
        finally:
            self._streams.discard(stream)

    def refuse_if_full(self) -> None:
        """Raise Overloaded where there is no room for another stream."""
        if len(self._streams) >= MAX_STREAMS:
            raise Overloaded(f"{MAX_STREAMS} pages are kept up to date already: this one has to be reloaded by hand")

    def look_soon(self) -> None:
        """A stream is new: it may be behind already."""
        self._rung.set()

    def close(self) -> None:
        """End all streams: the server stops."""
        for stream in self._streams:
            stream.end()

    async def run(self) -> None:
        """Look after every ring of the bell, and from time to time without one."""
        with self._node.bell(self._rung):
            while True:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(_LOOK_EVERY_SECONDS):
                        await self._rung.wait()
                self._changes += self._rung.is_set()
                self._rung.clear()
                if self._streams:
                    with contextlib.suppress(TocsinError):  # the database can't be read now: what was shown stands
                        await self._look()
                await asyncio.sleep(_APART_SECONDS)

    async def _look(self) -> None:
        ids = {stream.incident for stream in self._streams if stream.incident}
        found = await self._node.read(lambda queries: queries.newest_events(ids)) if ids else {}
        news = [(stream, found.get(stream.incident, -1)) for stream in self._streams if stream.incident]
        news += self._news_of_lists()
        behind = [(stream, seq) for stream, seq in news if seq > stream.seq]
        for number, (stream, seq) in enumerate(behind, start=1):
            stream.tell(seq)
            if number >= _AT_ONCE:
                await asyncio.sleep(_EACH_SECONDS)

    def _news_of_lists(self) -> list[tuple[Stream, int]]:
        """Readers of lists are told at once when it was quiet, else once a second."""
        at = asyncio.get_running_loop().time()
        if at - self._lists_at < _LISTS_APART_SECONDS:
            return []
        readers = [stream for stream in self._streams if not stream.incident]
        if any(stream.seq < self._changes for stream in readers):
            self._lists_at = at
        return [(stream, self._changes) for stream in readers]
