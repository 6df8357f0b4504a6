"""ETags: what a client has already is not sent again."""

from hashlib import blake2b


def etag_of(body: bytes) -> str:
    """Return the ETag of an answer with this body."""
    return f'"{blake2b(body, digest_size=12).hexdigest()}"'


def to_weak(etag: str) -> str:
    """Return it as that of the same answer, packed or not."""
    return f"W/{etag}"


def has(if_none_match: str, etag: str) -> bool:
    """Return whether a client's `If-None-Match` says that it has what `etag` names."""
    tags = {tag.strip().removeprefix("W/") for tag in if_none_match.split(",")}
    return etag in tags or if_none_match.strip() == "*"
