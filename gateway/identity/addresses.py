"""From where an issuer's keys may come.  Pure."""

from urllib.parse import urlsplit


def is_safe(address: str, *, loopback: bool) -> bool:
    """Return whether keys may come from an address: by TLS, or from this machine if that is so."""
    try:
        parts = urlsplit(address)
        host = parts.hostname
    except ValueError:
        return False
    if not host or parts.username is not None or parts.fragment:
        return False
    if parts.scheme == "https":
        return True
    return loopback and parts.scheme == "http" and host in ("127.0.0.1", "::1", "localhost")
