"""Undo a response's content coding in bounded steps, so that no body can grow beyond its cap."""

from __future__ import annotations

import zlib

from bot.core.errors import SourceError

_STEP = 64 * 1024
_GZIP = 16 + zlib.MAX_WBITS
SUPPORTED = "gzip, deflate"
"""What to ask for in ``Accept-Encoding``."""


class Inflater:
    """Collects a body given in pieces; raises SourceError as soon as it exceeds ``limit`` bytes, before and after.

    Servers lie about the coding in both directions: a body that says gzip and is not is taken as it is, and one that
    begins like gzip without saying so is unpacked. ``deflate`` means zlib to some and raw deflate to others.
    """

    def __init__(self, coding: str, limit: int) -> None:
        coding = coding.strip().lower()
        if coding not in ("", "identity", "gzip", "x-gzip", "deflate"):
            raise SourceError(
                f"the server sends content coding {coding[:40]!r}, which was not asked for; the feed cannot be read",
                permanent=True,
            )
        self._coding = coding
        self._limit = limit
        self._taken = 0
        self._body = bytearray()
        self._head = b""
        self._begun = False
        self._unpack: zlib._Decompress | None = None

    def feed(self, piece: bytes) -> None:
        """Take the next piece of the body as it came over the wire."""
        self._taken += len(piece)
        self._check(self._taken)
        if not self._begun:
            self._head += piece
            if len(self._head) < 2:
                return
            piece = self._begin()
        self._take(piece)

    def finish(self) -> bytes:
        """The whole body. SourceError where a compressed body ends early."""
        if not self._begun:
            self._take(self._begin())
        if self._unpack is not None and not self._unpack.eof:
            raise SourceError("the compressed answer ends early; it is asked for again at the next poll")
        return bytes(self._body)

    def _begin(self) -> bytes:
        head, self._head, self._begun = self._head, b"", True
        if head[:2] == b"\x1f\x8b":
            self._unpack = zlib.decompressobj(_GZIP)
        elif self._coding == "deflate" and head and not head.lstrip().startswith(b"<"):
            zlib_header = len(head) > 1 and head[0] & 0x0F == 8 and int.from_bytes(head[:2], "big") % 31 == 0
            self._unpack = zlib.decompressobj(zlib.MAX_WBITS if zlib_header else -zlib.MAX_WBITS)
        return head

    def _take(self, piece: bytes) -> None:
        if self._unpack is None:
            self._body += piece
            self._check(len(self._body))
            return
        while piece:
            if self._unpack.eof:  # another member, or padding: its first two bytes tell
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
                raise SourceError("the compressed answer is damaged; it is asked for again at the next poll") from error
            self._check(len(self._body))
            piece = self._unpack.unused_data if self._unpack.eof else self._unpack.unconsumed_tail

    def _check(self, size: int) -> None:
        if size > self._limit:
            raise SourceError(
                f"the answer is larger than {self._limit / 1e6:.0f} MB and was not read further; "
                "look for a smaller feed of this site",
                permanent=True,
            )
