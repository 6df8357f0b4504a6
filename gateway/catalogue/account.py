"""What became of every row that a partner sent: an account that must balance.

rows read = offerings + sessions + duplicates + left out by a rule + in quarantine
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select

from adapters.base import LeftOut
from gateway.catalogue.store import Quarantined
from gateway.storage.sync_tables import left_out, partner_status, quarantine, sync_run
from schema.model.values import PartnerCode

DUPLICATE = "duplicate"  # the rule by which adapters leave out rows whose key came before


@dataclass(frozen=True, slots=True)
class Account:
    """The rows of a partner's list that stands, and what became of each.

    `repeated` are rows whose key a later page lists again: the later one counts.
    """

    read: int
    offerings: int
    sessions: int
    repeated: int
    left_out: Sequence[LeftOut]
    quarantined: Sequence[Quarantined]

    @property
    def duplicates(self) -> int:
        """How many rows another row of their key stands for."""
        return self.repeated + sum(each.rule == DUPLICATE for each in self.left_out)

    @property
    def by_rule(self) -> dict[str, list[str]]:
        """The keys that each named rule left out; duplicates are none of them."""
        rules: dict[str, list[str]] = {}
        for each in self.left_out:
            if each.rule != DUPLICATE:
                rules.setdefault(each.rule, []).append(each.key)
        return rules

    @property
    def repeated_keys(self) -> list[str]:
        """The keys of rows that another row of the same page stands for."""
        return [each.key for each in self.left_out if each.rule == DUPLICATE]

    @property
    def accounted_for(self) -> int:
        """How many rows are accounted for; `read`, if nothing is lost."""
        kept = self.offerings + self.sessions + self.repeated
        return kept + len(self.left_out) + len(self.quarantined)


def read_account(connection: Connection, partner: PartnerCode) -> Account | None:
    """Return the account of the partner's list that stands; None before the first sync."""
    run = connection.execute(
        select(sync_run)
        .join(partner_status, partner_status.c.listed_run == sync_run.c.id)
        .where(partner_status.c.partner == partner)
    ).one_or_none()
    if run is None:
        return None
    kept_out = select(left_out.c.key, left_out.c.rule).where(left_out.c.run_id == run.id)
    columns = [getattr(quarantine.c, name) for name in Quarantined.__dataclass_fields__]
    bad = select(*columns).where(quarantine.c.run_id == run.id).order_by(quarantine.c.id)
    return Account(
        read=run.fetched,
        offerings=run.added + run.changed + run.unchanged,
        sessions=run.sessions,
        repeated=run.duplicates,
        left_out=[LeftOut(*row) for row in connection.execute(kept_out.order_by(left_out.c.id))],
        quarantined=[Quarantined(*row) for row in connection.execute(bad)],
    )
