"""How lists and origins are written in environment variables."""

from urllib.parse import urlsplit

_PORTS = {"https": ":443", "http": ":80"}


def split_at(separator: str, value: object) -> object:
    """Return the parts of a text; what is no text has been read already."""
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(separator) if part.strip())
    return value


def to_origin(address: str) -> str:
    """Return an address's origin as browsers send it: in lower case, without its usual port."""
    parts = urlsplit(address.lower())
    return f"{parts.scheme}://{parts.netloc.removesuffix(_PORTS.get(parts.scheme, ''))}"
