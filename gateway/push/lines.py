"""A stream of bytes cut into lines, with no more in memory than one line.  Pure."""

from collections.abc import Iterator


class LineSplitter:
    """Cuts chunks into lines; one that is too long comes as None, and is not kept."""

    def __init__(self, longest: int) -> None:
        self._longest = longest
        self._begun = bytearray()
        self._is_too_long = False

    def feed(self, chunk: bytes) -> Iterator[bytes | None]:
        """Yield the lines that `chunk` ends, without their ends; blank ones are left out."""
        *ended, begun = chunk.split(b"\n")
        for part in ended:
            self._add(part)
            yield from self.finish()
        self._add(begun)

    def finish(self) -> Iterator[bytes | None]:
        """Yield the line that was begun, if there is one: nothing more belongs to it."""
        line, is_too_long = bytes(self._begun).strip(), self._is_too_long
        self._begun.clear()
        self._is_too_long = False
        if is_too_long:
            yield None
        elif line:
            yield line

    def _add(self, part: bytes) -> None:
        if self._is_too_long or len(self._begun) + len(part) > self._longest:
            self._is_too_long = True
            self._begun.clear()
        else:
            self._begun += part
