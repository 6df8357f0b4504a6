"""The programme's description template, as Pijar Mahir's editors fill it.  Pure.

A heading is a line of its own, whatever tags surround it; what is under it reaches to
the next heading.
"""

import re
from itertools import takewhile

from adapters.parsing import plain_text

_HEADING = re.compile(
    r"(?:deskripsi|tujuan|aspek kompetensi|kelompok sasaran|target peserta|durasi|total durasi"
    r"|kapasitas|level|metode|jenis|jadwal|fasilitas|profil|instruktur|panduan)\b[^.!?]{0,60}",
    re.IGNORECASE,
)


def lines_under(html: str, name: str) -> list[str]:
    """Return the lines of text under the first heading that begins with `name`."""
    lines = iter(plain_text(html).splitlines())
    for line in lines:
        if _HEADING.fullmatch(line) and line.casefold().startswith(name.casefold()):
            return list(takewhile(_is_prose, lines))
    return []


def _is_prose(line: str) -> bool:
    return _HEADING.fullmatch(line) is None
