"""Whose certificate does the command line trust? Exactly the one that the server has written down, or what all trust.

A certificate of this machine's own needs no authority, no name and no date: it is compared byte by byte, before
anything is said. Where another one answers (a proxy's, say), it must be one that everybody trusts.
"""

import socket
import ssl
from collections.abc import Collection, Iterable
from http.client import HTTPConnection, HTTPResponse, HTTPSConnection
from pathlib import Path
from typing import Any
from urllib.request import HTTPSHandler, Request

_BEGIN, _END = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"


class PinnedHandler(HTTPSHandler):
    """Opens https addresses whose server shows one of these certificates (DER), or one that everybody trusts."""

    def __init__(self, pinned: Collection[bytes]) -> None:
        super().__init__()
        self._pinned = pinned

    def https_open(self, req: Request) -> HTTPResponse:
        """Answer, or raise URLError."""
        return self.do_open(self._connection, req)

    def _connection(self, host: str, **options: Any) -> HTTPConnection:
        return _PinnedConnection(host, pinned=self._pinned, **options)


class _PinnedConnection(HTTPSConnection):
    def __init__(self, host: str, *, pinned: Collection[bytes], **options: Any) -> None:
        super().__init__(host, **options)
        self._pinned = pinned

    def connect(self) -> None:
        """Connect, and say nothing to anybody who isn't trusted."""
        if self._pinned and self._is_pinned():
            return
        super().connect()

    def _is_pinned(self) -> bool:
        HTTPConnection.connect(self)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE  # it is compared below, which is stricter
        plain: socket.socket = self.sock
        try:
            secured = context.wrap_socket(plain, server_hostname=self.host)
        except OSError:
            plain.close()
            raise
        self.sock = secured
        if secured.getpeercert(binary_form=True) in self._pinned:
            return True
        self.close()
        return False


def certificates_in(files: Iterable[Path]) -> frozenset[bytes]:
    """The first certificate (DER) of each of these PEM files; a file that can't be read has none."""
    found: set[bytes] = set()
    for file in files:
        try:
            text = file.read_text(encoding="ascii")
            begin = text.index(_BEGIN)
            found.add(ssl.PEM_cert_to_DER_cert(text[begin : text.index(_END, begin) + len(_END)]))
        except (OSError, ValueError):
            continue
    return frozenset(found)
