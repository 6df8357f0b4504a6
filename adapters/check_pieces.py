"""What the checks of the conformance suite are made of, and how they say what is wrong."""

from collections.abc import Awaitable, Callable, Sequence

from adapters.base import Page
from adapters.errors import PartnerError
from adapters.recorded import Answering, Call, Case, facing, fetch, with_body

Check = Callable[[Case], Awaitable[None]]


class NonconformingError(AssertionError):
    """An adapter does not do what every adapter must; the message says what."""


async def page_of(case: Case, payload: bytes) -> Page:
    """Return how the adapter reads a payload."""
    found = await facing(case, with_body(case, payload), fetch)
    if not isinstance(found, Page):
        raise NonconformingError(f"fetch_page gave no Page but {found!r}")
    return found


async def raises(
    kind: type[PartnerError], case: Case, answering: Answering, call: Call = fetch
) -> PartnerError:
    """Return the error that `call` raises, which must be of `kind` and must not leak."""
    must = f"{call.__name__} must raise {kind.__name__}"
    try:
        got = await facing(case, answering, call)
    except kind as exc:
        if "partner.test" in exc.reason or "://" in exc.reason:
            raise NonconformingError(f"a reason carries an address: {exc.reason!r}") from exc
        return exc
    except Exception as exc:
        raise NonconformingError(f"{must}, not {exc!r}") from exc
    raise NonconformingError(f"{must}, but gave {got!r:.200}")


def same(what: str, found: object, expected: object, told: Sequence[object] = ()) -> None:
    """Raise `NonconformingError` unless what was `found` is what was `expected`."""
    if found != expected:
        more = f" ({told!r:.600})" if told else ""
        raise NonconformingError(f"{what}: expected {expected!r}, got {found!r}{more}")
