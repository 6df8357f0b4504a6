"""Whether a page of somebody else may have made a browser send a request.  Pure.

A browser sends "simple" requests from any page without asking us first.  None of them may run
anything: whoever asks shows by what it sends that it is no browser, or that the browser has
asked for leave (a CORS preflight), or that the page is our own.
"""

from collections.abc import Mapping

PREFLIGHT_HEADERS = (
    "graphql-require-preflight",
    "apollo-require-preflight",
    "x-apollo-operation-name",
)
_SIMPLE_TYPES = ("application/x-www-form-urlencoded", "multipart/form-data", "text/plain")


def is_beyond_other_pages(headers: Mapping[str, str]) -> bool:
    """Return whether no foreign page can have caused a request without our leave."""
    return (
        any(headers.get(name) for name in PREFLIGHT_HEADERS)
        or headers.get("authorization", "")[:7].lower() == "bearer "  # browsers add none themselves
        or _has_unusual_type(headers.get("content-type", ""))
        or _is_of_our_page(headers)
    )


def media_type(content_type: str) -> str:
    """Return a content type without its parameters."""
    return content_type.partition(";")[0].strip().lower()


def _has_unusual_type(content_type: str) -> bool:
    return "/" in content_type and media_type(content_type) not in _SIMPLE_TYPES


def _is_of_our_page(headers: Mapping[str, str]) -> bool:
    """Return whether the browser itself says so: scripts cannot set `Sec-` headers.

    What the script of a foreign page fetches in a form that it may read carries its `Origin`.
    """
    if headers.get("sec-fetch-site"):
        return headers["sec-fetch-site"] == "same-origin"
    return headers.get("sec-fetch-mode") == "cors" and "origin" not in headers
