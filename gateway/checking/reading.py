"""What is asked of a live partner's list: reads only, so it is safe at any time."""

from collections import Counter

from adapters.base import Capability, NotModified, Validators
from gateway.checking.bench import AmissError, Bench, LiveCheck, NotApplicableError
from gateway.partners.operations import DEADLINES, Operation

QUICK_SHARE = 0.25  # of the deadline
SHOWN = 3


async def answers(bench: Bench) -> None:
    """Read the first page."""
    bench.pages.append(await bench.fetch_first())
    if not bench.first.offerings:
        raise AmissError("no row of its first page can be read")


async def is_quick(bench: Bench) -> None:
    """Read the first page in a quarter of its time."""
    limit = DEADLINES[Operation.FETCH_PAGE]
    _ = bench.first
    started = bench.clock()
    await bench.fetch_first()
    took = bench.clock() - started
    if took > QUICK_SHARE * limit:
        raise AmissError(f"its first page took {took:.1f} s; we wait for {limit:g} s at most")


async def says_the_same_twice(bench: Bench) -> None:
    """Read the first page again: the same rows under the same ids."""
    before = {offering.key for offering in bench.first.offerings}
    again = {offering.key for offering in (await bench.fetch_first()).offerings}
    if before and len(before & again) < 0.9 * len(before):
        raise AmissError(
            f"{len(before - again)} of {len(before)} ids were not there a moment later"
        )


async def comes_to_an_end(bench: Bench) -> None:
    """Walk the pages to their end."""
    cursor, seen = bench.first.next_cursor, set()
    while cursor is not None:
        if cursor in seen:
            raise AmissError(f"page {len(bench.pages)} leads back to an earlier one")
        if len(bench.pages) >= bench.most_pages:
            raise NotApplicableError(f"there are more than {bench.most_pages} pages (--pages)")
        seen.add(cursor)
        page = await bench.calls.fetch_page(bench.code, cursor)
        if isinstance(page, NotModified):
            raise AmissError("it answered 304 in the middle of its list")
        bench.pages.append(page)
        cursor = page.next_cursor


async def has_readable_rows(bench: Bench) -> None:
    """Have no row that cannot be read."""
    _ = bench.first
    rejections = [each for page in bench.pages for each in page.rejections]
    if rejections:
        reasons = Counter(each.reason for each in rejections).most_common(SHOWN)
        told = "; ".join(f"{reason} ({count} times)" for reason, count in reasons)
        raise AmissError(f"rows that cannot be read: {len(rejections)}, because {told}")


async def has_unique_ids(bench: Bench) -> None:
    """List no id twice with different contents."""
    known = (
        {bench.first.offerings[0].key: bench.first.offerings[0]} if bench.first.offerings else {}
    )
    for page in bench.pages:
        for offering in page.offerings:
            if known.setdefault(offering.key, offering) != offering:
                raise AmissError(f"id {offering.key!r} stands for two different courses")


async def tells_prices(bench: Bench) -> None:
    """Tell a price with nearly every row."""
    offerings = [offering for page in bench.pages or [bench.first] for offering in page.offerings]
    without = sum(offering.price is None for offering in offerings)
    if without > len(offerings) / 10:
        raise AmissError(f"{without} of {len(offerings)} rows tell no price")


async def uses_known_words(bench: Bench) -> None:
    """Use words of its documented vocabulary."""
    _ = bench.first
    terms = Counter(
        f"{term.field} {term.text!r}"
        for page in bench.pages
        for offering in page.offerings
        for term in offering.unknown_terms
    )
    if terms:
        told = ", ".join(word for word, _ in terms.most_common(SHOWN))
        raise AmissError(f"{terms.total()} words are in no vocabulary: {told}")


async def knows_what_is_new(bench: Bench) -> None:
    """Answer 304 to who knows the list as it stands."""
    known: Validators | None = bench.first.validators
    if not known:
        raise NotApplicableError("it sends neither ETag nor Last-Modified")
    found = await bench.calls.fetch_page(bench.code, None, known)
    if not isinstance(found, NotModified) and found.validators == known:
        raise AmissError("it sent an unchanged list again to who had its ETag")


async def tells_quotes(bench: Bench) -> None:
    """Tell price and seats of what its list sells, as its list does."""
    offering = next((each for each in bench.first.offerings if each.price is not None), None)
    if offering is None:
        raise NotApplicableError("its first page tells no price to compare with")
    told = await bench.calls.quote(bench.code, [offering.key])
    quote = next((each for each in told if each.offering == offering.key), None)
    if quote is None:
        raise AmissError(f"it tells nothing of {offering.key!r}, which is on its list")
    if quote.price != offering.price:
        raise AmissError(f"the price of {offering.key!r} is another one than on its list")


_CATALOGUE = Capability.CATALOGUE
READING_CHECKS = (
    LiveCheck(
        "list", "answers a request for its first page", answers,
        "Make the list reachable with our credentials, in the documented format.", _CATALOGUE,
    ),
    LiveCheck(
        "list", "answers quickly", is_quick,
        "Make pages shorter, or keep them ready.", _CATALOGUE,
    ),
    LiveCheck(
        "list", "says the same twice", says_the_same_twice,
        "Sort the list by something that stays, such as the id.", _CATALOGUE,
    ),
    LiveCheck(
        "list", "comes to an end", comes_to_an_end,
        "Give no next page after the last one, and never an earlier one.", _CATALOGUE,
    ),
    LiveCheck(
        "list", "has rows that can be read", has_readable_rows,
        "Correct these rows; until then they are in quarantine, and not for sale.", _CATALOGUE,
    ),
    LiveCheck(
        "list", "has one course per id", has_unique_ids,
        "Never use an id for another course, not even later.", _CATALOGUE,
    ),
    LiveCheck(
        "list", "tells prices", tells_prices,
        "Tell the price of each course; 0 is free.", _CATALOGUE,
    ),
    LiveCheck(
        "list", "uses known words", uses_known_words,
        "Use the documented words, or tell us the new ones.", _CATALOGUE,
    ),
    LiveCheck(
        "list", "answers 304 to who knows the list", knows_what_is_new,
        "Compare If-None-Match with the ETag before sending the list.", _CATALOGUE,
    ),
    LiveCheck(
        "list", "tells price and seats now", tells_quotes,
        "Answer from the same data as the list; a price that changed just now may be told twice.",
        Capability.QUOTE,
    ),
)  # fmt: skip
