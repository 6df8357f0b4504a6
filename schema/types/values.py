"""Small values that many types share."""

from datetime import datetime

from schema.model import catalogue as records
from schema.model import quotes, values
from schema.types.described import described, presents
from schema.types.scalars import BigInt


@presents(values.Money, unchanging=True)
class Money:
    """A sum in whole units of the smallest coin in use; the rupiah has none smaller."""

    amount: BigInt = described("How many coins: 350000 is Rp 350,000; 1999 is $19.99.")
    currency: str = described('The ISO 4217 code, such as "IDR".')


@presents(records.Category, unchanging=True)
class Category:
    """A subject in which courses are ordered."""

    code: str = described("What `CourseFilter.categories` takes.")
    name: str = described("The subject's name, to be shown.")


@presents(records.Venue, unchanging=True)
class Venue:
    """Where a session is held, as far as the partner tells."""

    name: str | None = described("The building or institution.")
    address: str | None = described("Street and town.")
    region_code: str | None = described('The official code of the region ("31.71").')
    region_name: str | None = described("The region's name.")


@presents(records.Freshness)
class Freshness:
    """How old what we say is, and why it is not newer."""

    fetched_at: datetime | None = described("When the partner was last read; null if never.")
    state: values.FreshnessState = described("Whether that is as new as promised.")
    reason: str | None = described("Why it is not newer; null when it is as new as promised.")


@presents(quotes.KnownQuote)
class Quote:
    """Price and seats as the partner tells them now, or told last."""

    price: Money | None = described("What it costs; null if the partner does not tell.")
    seats_left: int | None = described(
        "Seats left in all its sessions that can still be entered; null if not told."
    )
    as_of: datetime = described("When the partner told it.")
    freshness: values.FreshnessState = described(
        "LIVE: asked just now; FRESH: some seconds ago; STALE: the last that is known, as the "
        "partner does not tell it now."
    )
