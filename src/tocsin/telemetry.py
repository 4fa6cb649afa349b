"""Where does the log go? To stderr, from a thread of its own: whoever doesn't read it must not hold up a page."""

import logging
import queue
from logging.handlers import QueueHandler, QueueListener

_WAITING_LINES = 10_000


class DroppingHandler(QueueHandler):
    """Hands records over; drops them while the reader is too far behind, rather than wait."""

    def enqueue(self, record: logging.LogRecord) -> None:
        """Put the record in the queue if there is room."""
        try:
            self.queue.put_nowait(record)
        except queue.Full:
            return


def start_logging() -> QueueListener:
    """Log to stderr from INFO on; the caller stops the listener at the end, which writes what waits."""
    waiting: queue.Queue[logging.LogRecord] = queue.Queue(_WAITING_LINES)
    console = logging.StreamHandler()
    console.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    root = logging.getLogger()
    root.addHandler(DroppingHandler(waiting))
    root.setLevel(logging.INFO)
    logging.getLogger("httpx2").setLevel(logging.WARNING)  # it logs addresses, which may hold secrets
    # Its name misleads: it tells of starts and stops, and warns of every client that can't speak HTTP.
    logging.getLogger("uvicorn.error").setLevel(logging.ERROR)
    listener = QueueListener(waiting, console, respect_handler_level=True)
    listener.start()
    return listener
