"""Decompress a response step by step, so that no body exceeds its size limit."""

from __future__ import annotations

import zlib

from bot.core.errors import SourceError

_STEP = 64 * 1024
_GZIP = 16 + zlib.MAX_WBITS
SUPPORTED = "gzip, deflate"
"""The ``Accept-Encoding`` to send."""
_UNSUPPORTED = frozenset(
    ["aes128gcm", "br", "compress", "x-compress", "dcb", "dcz", "exi", "pack200-gzip", "zstd", "bzip2", "lzma", "xz"]
)
"""The other codings there are (IANA's HTTP content coding registry, and three that are not in it)."""
_TEXT = (b"<", b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
"""What an uncompressed document begins with: an element, or a byte order mark."""


class Inflater:
    """Collects a body piece by piece. Raises SourceError once it exceeds ``limit`` bytes, compressed or decompressed.

    Declared codings are unreliable: a body that is not compressed although declared so is taken unchanged, an
    undeclared gzip body is decompressed. ``deflate`` means zlib to some servers and raw deflate to others. What is no
    coding at all (``utf-8``, ``none``) says nothing about the body.
    """

    def __init__(self, codings: str, limit: int) -> None:
        """``codings`` is the ``Content-Encoding``, ``limit`` in bytes."""
        self._codings = {coding.strip().lower() for coding in codings.split(",")}
        self._limit = limit
        self._taken = 0
        self._body = bytearray()
        self._head = b""
        self._begun = False
        self._unpack: zlib._Decompress | None = None

    def feed(self, piece: bytes) -> None:
        """Add the next piece of the body as received."""
        self._taken += len(piece)
        self._check(self._taken)
        if not self._begun:
            self._head += piece
            if len(self._head) < 2:
                return
            piece = self._begin()
        self._take(piece)

    def finish(self) -> bytes:
        """The whole body. Raises SourceError if a compressed body ends early."""
        if not self._begun:
            self._take(self._begin())
        if self._unpack is not None and not self._unpack.eof:
            raise SourceError("the compressed response is truncated; it is fetched again at the next poll")
        return bytes(self._body)

    def _begin(self) -> bytes:
        head, self._head, self._begun = self._head, b"", True
        if head[:2] == b"\x1f\x8b":
            self._unpack = zlib.decompressobj(_GZIP)
        elif head.lstrip().startswith(_TEXT):
            return head
        elif head and (unsupported := self._codings & _UNSUPPORTED):
            message = f"the server sends unsupported content coding {min(unsupported)!r}; the feed cannot be read"
            raise SourceError(message, permanent=True)
        elif "deflate" in self._codings and head:
            zlib_header = len(head) > 1 and head[0] & 0x0F == 8 and int.from_bytes(head[:2], "big") % 31 == 0
            self._unpack = zlib.decompressobj(zlib.MAX_WBITS if zlib_header else -zlib.MAX_WBITS)
        return head

    def _take(self, piece: bytes) -> None:
        if self._unpack is None:
            self._body += piece
            self._check(len(self._body))
            return
        while piece:
            if self._unpack.eof:  # another member, or padding: the first two bytes decide
                self._head, piece = b"", self._head + piece
                if len(piece) < 2:
                    self._head = piece
                    return
                if piece[:2] != b"\x1f\x8b":
                    return
                self._unpack = zlib.decompressobj(_GZIP)
            try:
                self._body += self._unpack.decompress(piece, _STEP)
            except zlib.error as error:
                raise SourceError("the compressed response is damaged; it is fetched again at the next poll") from error
            self._check(len(self._body))
            piece = self._unpack.unused_data if self._unpack.eof else self._unpack.unconsumed_tail

    def _check(self, size: int) -> None:
        if size > self._limit:
            message = f"the response is larger than {self._limit / 1e6:.0f} MB; look for a smaller feed of this site"
            raise SourceError(message, permanent=True)
