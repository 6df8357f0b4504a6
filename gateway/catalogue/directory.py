"""The partners and how each stands now: the partners files, joined with what syncs found."""

from collections.abc import Callable, Collection, Mapping, Sequence
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
    """Implements `schema.ports.PartnerDirectory` over status rows, as of `now`."""

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

    @property
    def closed(self) -> frozenset[PartnerCode]:
        """See `PartnerDirectory.closed`."""
        return self._closed

    def statuses(self) -> Sequence[PartnerStatus]:
        """See `PartnerDirectory.statuses`."""
        return [self._status(config) for config in self._configs.values()]

    def status(self, code: PartnerCode) -> PartnerStatus | None:
        """See `PartnerDirectory.status`."""
        config = self._configs.get(code)
        return self._status(config) if config else None

    def freshness(self, code: PartnerCode) -> Freshness:
        """See `PartnerDirectory.freshness`."""
        config, row = self._configs.get(code), self._rows.get(code)
        if config is None:  # sold once by a partner that no partners file names any more
            state = FreshnessState.STALE if row and row.fetched_at else FreshnessState.NEVER
            reason = "is not read: no partners file names the partner"
            return Freshness(state, row.fetched_at if row else None, reason)
        return freshness(config, row, self._now())

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
        asked = [self._configs[code] for code in partners or self._configs if code in self._configs]
        missing = (self._missing(self._status(config), oldest) for config in asked)
        return Coverage([each for each in missing if each is not None])

    def next_stale(self) -> datetime | None:
        """Return when a list that is not too old yet will be, if nothing new comes before."""
        now, stale = self._now(), []
        for code, row in self._rows.items():
            config = self._configs.get(code)
            until = stale_from(config, row) if config else None
            if until is not None and until >= now:
                stale.append(until)
        return min(stale, default=None)

    def _status(self, config: PartnerConfig) -> PartnerStatus:
        row = self._rows.get(config.code)
        return PartnerStatus(
            partner=config.partner,
            health=PartnerHealth.DOWN if config.code in self._cut_off else health(row),
            freshness=freshness(config, row, self._now()),
            offering_count=row.offerings if row else 0,
            failing_since=row.failing_since if row else None,
        )

    def _missing(self, status: PartnerStatus, oldest: datetime | None) -> MissingPartner | None:
        found = status.freshness if oldest is None else too_old(status.freshness, oldest)
        if found.state in {FreshnessState.FRESH, FreshnessState.LIVE}:
            return None
        return MissingPartner(
            partner=status,
            reason=found.reason or "",
            since=status.failing_since or found.fetched_at,
            last_good_at=found.fetched_at,
        )
