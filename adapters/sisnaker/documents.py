"""Sisnaker's XML to plain records.  Pure; hostile documents (DTD, entities) are refused."""

from typing import Any
from xml.etree.ElementTree import Element, ParseError

from defusedxml.ElementTree import fromstring

TRAINING = "urn:sisnaker:pelatihan:2"
REGION = "urn:sisnaker:wilayah:1"
_DEEPEST = 2  # a training has schedules, and a schedule has a place
_PREFIXES = {TRAINING: "", REGION: "w:"}


class DocumentError(ValueError):
    """The bytes are not a document that this partner promises."""


def read_document(body: bytes, root: str) -> Element:
    """Return the root element, which must be `root`.  Raises `DocumentError`."""
    try:
        found: Element = fromstring(body, forbid_dtd=True)
    except (ParseError, ValueError, LookupError) as exc:  # LookupError: an unheard-of encoding
        raise DocumentError(f"is no XML that we accept ({type(exc).__name__})") from exc
    if field_name(found.tag) != root:
        raise DocumentError(f"is not a {root!r}")
    return found


def field_name(tag: str) -> str | None:
    """Return the name of an element of ours ("judul", "w:nama"); None for a stranger's."""
    namespace, _, local = tag.removeprefix("{").rpartition("}")
    prefix = _PREFIXES.get(namespace)
    return None if prefix is None else prefix + local


def to_record(element: Element, *, depth: int = _DEEPEST) -> dict[str, Any]:
    """Return an element as a record.

    Its attributes are "@name"; a child is its text by name, and its attributes are
    "child@name"; children that have children are lists of records.
    """
    record: dict[str, Any] = {f"@{name}": value for name, value in element.attrib.items()}
    for child in element:
        name = field_name(child.tag)
        if name is None:
            continue
        if len(child) and depth:
            record.setdefault(name, []).append(to_record(child, depth=depth - 1))
        else:
            record[name] = child.text
            record |= {f"{name}@{key}": value for key, value in child.attrib.items()}
    return record
