"""C8, C19, C21, C22 and series D: lists that lie, and poison in their rows."""

from collections.abc import Mapping

from adapters.sandbox.faults import answers, changes, spoiling
from adapters.sandbox.faults.anatomy import ANATOMIES
from adapters.sandbox.faults.kinds import Fault
from adapters.sandbox.faults.outcomes import Expected

PAGELESS: Mapping[str, Expected | None] = {
    code: None for code, anatomy in ANATOMIES.items() if not anatomy.has_pages
}


def without(part: str) -> dict[str, Expected | None]:
    """Return the partners whose format has no such part: the fault does not apply to them."""
    return {code: None for code, each in ANATOMIES.items() if getattr(each, part) is None}


LISTS = (
    Fault(
        "C8", "empty_list", "lists nothing", spoiling.spoiling(spoiling.none), whole=Expected.HELD
    ),
    Fault(
        "C8",
        "rows_vanish",
        "lists a third less",
        spoiling.spoiling(spoiling.without(0.34)),
        whole=Expected.HELD,
    ),
    Fault(
        "C19",
        "same_page",
        "gives its first page for every other",
        answers.send_first_page_again,
        whole=Expected.STOPPED,
        unlike=PAGELESS,
    ),
    Fault(
        "C19",
        "next_is_itself",
        "every page names itself as the next",
        changes.lead_to_itself,
        whole=Expected.STOPPED,
        unlike=without("cursor"),
    ),
    Fault(
        "C19",
        "next_leads_away",
        "the next page is on another host",
        changes.lead_away,
        whole=Expected.STOPPED,
        unlike=without("cursor"),
    ),
    Fault(
        "C19",
        "cursor_expires",
        "says 410 to all pages but the first",
        answers.forget_cursors,
        whole=Expected.STOPPED,
        unlike=PAGELESS,
    ),
    Fault(
        "C19",
        "total_huge",
        "claims a billion rows",
        changes.changing(changes.total_of(10**9)),
        whole=Expected.READ,
        unlike=without("total"),
    ),
    Fault(
        "C19",
        "total_zero",
        "claims no rows",
        changes.changing(changes.total_of(0)),
        whole=Expected.READ,
        unlike=without("total"),
    ),
    Fault(
        "C19",
        "rows_twice",
        "lists every row twice, on other pages",
        spoiling.spoiling(spoiling.each_on_two_pages),
        whole=Expected.READ,
    ),
    Fault(
        "C19",
        "rows_slide",
        "loses its first row after every page",
        spoiling.slide,
        whole=Expected.READ,
    ),
    Fault(
        "C21",
        "price_text",
        'a price of "Rp 500.000"',
        changes.changing(changes.first_price("Rp 500.000")),
        page=Expected.QUARANTINED,
    ),
    Fault(
        "C21",
        "price_word",
        'a price of "lima ratus ribu"',
        changes.changing(changes.first_price("lima ratus ribu")),
        page=Expected.QUARANTINED,
    ),
    Fault(
        "C21",
        "price_null",
        "a price of null",
        changes.changing(changes.first_price(None)),
        page=Expected.QUARANTINED,
    ),
    Fault(
        "C21",
        "price_list",
        "a list for a price",
        changes.changing(changes.first_price([500000])),
        page=Expected.QUARANTINED,
    ),
    Fault(
        "C22",
        "title_renamed",
        "calls every title something else",
        changes.changing(changes.rename_title),
        whole=Expected.HELD,
    ),
)
POISON = (
    Fault(
        "D1",
        "key_missing",
        "a row without an id",
        spoiling.spoiling(spoiling.first(key="")),
        page=Expected.QUARANTINED,
    ),
    Fault(
        "D1",
        "key_twice",
        "two rows of one id",
        spoiling.spoiling(spoiling.twice),
        page=Expected.DUPLICATE,
    ),
    Fault(
        "D4",
        "price_negative",
        "a price below nothing",
        spoiling.spoiling(spoiling.first(price=-5_000, list_price=None)),
        page=Expected.QUARANTINED,
    ),
    Fault(
        "D4",
        "price_zero",
        "a price of nothing: it is free",
        spoiling.spoiling(spoiling.first(price=0, list_price=None)),
        page=Expected.READ,
    ),
    Fault(
        "D4",
        "price_huge",
        "a price of 10¹²",
        spoiling.spoiling(spoiling.first(price=10**12, list_price=None)),
        page=Expected.QUARANTINED,
    ),
    Fault(
        "D4",
        "prices_hundredfold",
        "all prices in hundredths",
        spoiling.spoiling(spoiling.priced(100)),
        whole=Expected.HELD,
    ),
    Fault(
        "D4",
        "currency_unknown",
        "a price in a currency that is none",
        changes.changing(changes.foreign_currency),
        page=Expected.QUARANTINED,
        unlike=without("currency"),
    ),
    Fault(
        "D5",
        "session_backwards",
        "a session that ends before it starts",
        spoiling.spoiling(spoiling.first_session(spoiling.backwards)),
        page=Expected.QUARANTINED,
    ),
    Fault(
        "D5",
        "session_1970",
        "a session in 1970",
        spoiling.spoiling(spoiling.first_session(spoiling.in_year(1970))),
        page=Expected.QUARANTINED,
    ),
    Fault(
        "D5",
        "session_2099",
        "a session in 2099",
        spoiling.spoiling(spoiling.first_session(spoiling.in_year(2099))),
        page=Expected.QUARANTINED,
    ),
    Fault(
        "D7",
        "words_hostile",
        "scripts, templates and terminal codes in its texts",
        spoiling.spoiling(spoiling.hostile_words),
        whole=Expected.CLEANED,
    ),
    Fault(
        "D7",
        "words_endless",
        "a title of a megabyte",
        spoiling.spoiling(spoiling.endless_words),
        whole=Expected.CLEANED,
    ),
    Fault(
        "D8",
        "links_hostile",
        "links into private networks, with passwords, of other schemes",
        spoiling.spoiling(spoiling.hostile_links),
        whole=Expected.CLEANED,
    ),
    Fault(
        "D9",
        "key_foreign",
        "an id of another partner",
        spoiling.spoiling(spoiling.first(key="tokopedia:1001")),
        page=Expected.READ,
    ),
    Fault(
        "D10",
        "list_grows",
        "twelve times as many rows overnight",
        spoiling.spoiling(spoiling.grown(12)),
        whole=Expected.HELD,
    ),
    Fault(
        "D12",
        "category_unknown",
        "a category that nobody knows",
        spoiling.spoiling(spoiling.first(category="Ilmu Gaib Terapan")),
        page=Expected.READ,
    ),
)
