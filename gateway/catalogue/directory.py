"""The partners and how each stands now: the partners files, joined with what syncs found."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime

from gateway.catalogue.freshness import (
    freshness,
    health,
    is_closed,
    of_held_back,
    stale_from,
    too_old,
)
from gateway.catalogue.store import HeldBack, StatusRow
from gateway.partners.config import PartnerConfig
from schema.model.catalogue import Freshness, Offering, PartnerStatus
from schema.model.values import FreshnessState, OfferingId, PartnerCode, PartnerHealth
from schema.ports import Coverage, FreshOfferings, MissingPartner


class Directory:
    """Implements `schema.ports.PartnerDirectory` over status rows, as of `now`.

    How a partner stands is worked out once, and anew when its list becomes too old: nothing
    else of it depends on the clock.
    """

    def __init__(
        self,
        configs: Sequence[PartnerConfig],
        rows: Sequence[StatusRow],
        now: Callable[[], datetime],
        held_back: Mapping[OfferingId, HeldBack] | None = None,
        cut_off: Collection[PartnerCode] = frozenset(),
    ) -> None:
        """Join `configs` with `rows`; partners that are `cut_off` fail whatever is asked."""
        self._configs = {config.code: config for config in configs}
        self._closed = frozenset(config.code for config in configs if is_closed(config))
        self._rows = {row.partner: row for row in rows}
        self._now = now
        self._held_back = held_back or {}
        self._cut_off = cut_off
        self._stale_from = {
            code: stale_from(self._configs[code], row)
            for code, row in self._rows.items()
            if code in self._configs
        }
        self._young: dict[PartnerCode, PartnerStatus] = {}
        self._old: dict[PartnerCode, PartnerStatus] = {}

    @property
    def closed(self) -> frozenset[PartnerCode]:
        """See `PartnerDirectory.closed`."""
        return self._closed

    def statuses(self) -> Sequence[PartnerStatus]:
        """See `PartnerDirectory.statuses`."""
        return self._statuses(self._configs)

    def status(self, code: PartnerCode) -> PartnerStatus | None:
        """See `PartnerDirectory.status`."""
        now, turns = self._now(), self._stale_from.get(code)
        known = self._young if turns is None or now <= turns else self._old
        status = known.get(code)
        if status is None and code in self._configs:
            status = known[code] = self._status_at(self._configs[code], now)
        return status

    def freshness(self, code: PartnerCode) -> Freshness:
        """See `PartnerDirectory.freshness`."""
        known = self.status(code)
        if known is None:  # sold once by a partner that no partners file names any more
            row = self._rows.get(code)
            state = FreshnessState.STALE if row and row.fetched_at else FreshnessState.NEVER
            reason = "is not read: no partners file names the partner"
            return Freshness(state, row.fetched_at if row else None, reason)
        return known.freshness

    def offering_freshness(self, offering: Offering) -> Freshness:
        """See `PartnerDirectory.offering_freshness`."""
        found = self.freshness(offering.partner)
        held_back = self._held_back.get(offering.id)
        return found if held_back is None else of_held_back(held_back, found)

    def fresh_since(self, oldest: datetime) -> FreshOfferings:
        """See `PartnerDirectory.fresh_since`."""
        read = {code: row.fetched_at for code, row in self._rows.items() if row.fetched_at}
        return FreshOfferings(
            frozenset(code for code, fetched_at in read.items() if fetched_at >= oldest),
            frozenset(key for key, each in self._held_back.items() if each.fetched_at < oldest),
        )

    def coverage(self, partners: Sequence[PartnerCode], oldest: datetime | None = None) -> Coverage:
        """See `PartnerDirectory.coverage`."""
        asked = self._statuses(partners or self._configs)
        missing = (self._missing(status, oldest) for status in asked)
        return Coverage([each for each in missing if each is not None])

    def next_stale(self) -> datetime | None:
        """Return when a list that is not too old yet will be, if nothing new comes before."""
        now = self._now()
        turns = (each for each in self._stale_from.values() if each is not None and each >= now)
        return min(turns, default=None)

    def _statuses(self, codes: Iterable[PartnerCode]) -> list[PartnerStatus]:
        """Return how those of `codes` stand that are partners."""
        return [each for each in map(self.status, codes) if each is not None]

    def _status_at(self, config: PartnerConfig, now: datetime) -> PartnerStatus:
        row = self._rows.get(config.code)
        return PartnerStatus(
            partner=config.partner,
            health=PartnerHealth.DOWN if config.code in self._cut_off else health(row),
            freshness=freshness(config, row, now),
            offering_count=row.offerings if row else 0,
            failing_since=row.failing_since if row else None,
        )

    def _missing(self, status: PartnerStatus, oldest: datetime | None) -> MissingPartner | None:
        found = status.freshness if oldest is None else too_old(status.freshness, oldest)
        if found.state is FreshnessState.FRESH or found.state is FreshnessState.LIVE:
            return None
        return MissingPartner(
            partner=status,
            reason=found.reason or "",
            since=status.failing_since or found.fetched_at,
            last_good_at=found.fetched_at,
        )
