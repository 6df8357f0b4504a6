"""How old what we say of a partner is, and how the partner stands.  Pure: rows and a clock in."""

from datetime import datetime, timedelta

from gateway.catalogue.store import HeldBack, StatusRow
from gateway.partners.config import PartnerConfig
from schema.model.catalogue import Freshness
from schema.model.values import FreshnessState, PartnerHealth, PartnerState

MISSED_INTERVALS = 2  # data older than so many intervals is stale
DEGRADED_SHARE = 0.05  # of rows in quarantine
_CLOSED = {PartnerState.PAUSED, PartnerState.SUSPENDED, PartnerState.RETIRED}


def is_synced(config: PartnerConfig) -> bool:
    """Return whether the partner's list is read at all."""
    return config.partner.state is PartnerState.ACTIVE


def is_closed(config: PartnerConfig) -> bool:
    """Return whether nobody can enrol in the partner's courses, though they are shown."""
    return config.partner.state in _CLOSED


def is_fetched(config: PartnerConfig) -> bool:
    """Return whether it is we who get the partner's list; some bring theirs."""
    return is_synced(config) and not config.pushes


def freshness(config: PartnerConfig, row: StatusRow | None, now: datetime) -> Freshness:
    """Return how old the partner's list is, and if it should be newer, why it is not."""
    fetched_at = row.fetched_at if row else None
    reason = _reason(config, row, now)
    if fetched_at is None:
        verb = "pushed its list" if config.pushes else "been read"
        return Freshness(FreshnessState.NEVER, None, reason or f"has not {verb} yet")
    if reason:
        return Freshness(FreshnessState.STALE, fetched_at, reason)
    return Freshness(FreshnessState.FRESH, fetched_at)


def of_held_back(held_back: HeldBack, partner: Freshness) -> Freshness:
    """Return how old an offering is whose row in its partner's newest list was not readable."""
    reason = f"the partner's newest row of it could not be read ({held_back.reason})"
    if partner.reason:
        reason += f"; the partner {partner.reason}"
    return Freshness(FreshnessState.STALE, held_back.fetched_at, reason)


def too_old(found: Freshness, oldest: datetime) -> Freshness:
    """Return `found`, as stale if it is older than the `oldest` that a client takes."""
    if found.reason or found.fetched_at is None or found.fetched_at >= oldest:
        return found
    reason = f"was last read at {_spoken(found.fetched_at)}; the question takes nothing older than"
    return Freshness(FreshnessState.STALE, found.fetched_at, f"{reason} {_spoken(oldest)}")


def sells_for(config: PartnerConfig | None, wanted: timedelta) -> timedelta:
    """Return for how long after it was read a partner's list is good enough to enrol by.

    A list that is read seldom is good until it is stale.
    """
    return max(wanted, MISSED_INTERVALS * config.interval) if config else wanted


def health(row: StatusRow | None) -> PartnerHealth:
    """Return how the partner's API has answered lately."""
    if row is None:
        return PartnerHealth.UNKNOWN
    if row.failing_since is not None:
        return PartnerHealth.DOWN
    if row.withheld_since is not None:
        return PartnerHealth.DEGRADED
    if row.quarantined > DEGRADED_SHARE * row.fetched:
        return PartnerHealth.DEGRADED
    return PartnerHealth.HEALTHY


def stale_from(config: PartnerConfig, row: StatusRow) -> datetime | None:
    """Return from when on a list that is fresh now is stale by age alone."""
    return row.fetched_at + MISSED_INTERVALS * config.interval if row.fetched_at else None


def _reason(config: PartnerConfig, row: StatusRow | None, now: datetime) -> str | None:
    if not is_synced(config):
        return f"is not read: the partner is {config.partner.state.lower()}"
    if row is None:
        return None
    if row.failing_since is not None:
        return f"could not be read since {_spoken(row.failing_since)} ({row.failure})"
    if row.withheld_since is not None:
        verb = "held for an operator" if row.held_run is not None else "not applied"
        return f"its new list is {verb} since {_spoken(row.withheld_since)} ({row.withheld_reason})"
    from_then = stale_from(config, row)
    if row.fetched_at is not None and from_then is not None and now > from_then:
        every = config.interval // timedelta(seconds=1)
        verb = "pushed" if config.pushes else "read"
        return f"was last {verb} at {_spoken(row.fetched_at)}; every {every} seconds is due"
    return None


def _spoken(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
