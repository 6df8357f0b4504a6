"""`mitra partners account CODE`: what became of every row that a partner sent."""

import asyncio
from collections.abc import Iterator
from functools import partial

import typer

from gateway.app import Gateway
from gateway.catalogue.account import Account, read_account
from gateway.commands.codes import Code, known_codes
from gateway.partners.config import PartnersFileError
from gateway.settings import Settings
from gateway.storage.migrate import upgrade


def account(code: Code) -> None:
    """Show what became of every row that a partner sent, each with its reason."""
    gateway = Gateway(Settings())
    [partner] = known_codes(gateway.partners.configs, [code])
    upgrade(gateway.catalogue.database)
    question = partial(read_account, partner=partner)
    found = asyncio.run(gateway.catalogue.database.read(question))
    gateway.catalogue.database.close()
    if found is None:
        raise PartnersFileError(f"nothing of {code} has come in yet; try `mitra sync {code}`")
    for line in to_lines(code, found):
        typer.echo(line)
    raise typer.Exit(0 if found.accounted_for == found.read else 1)


def to_lines(code: str, account: Account) -> Iterator[str]:
    """Return an account as people read it: the sum first, then every row that is not shown."""
    rules = account.by_rule
    kept_out = sum(map(len, rules.values()))
    yield (
        f"{code}: {account.read:,} rows read = {account.offerings:,} offerings"
        f" + {account.sessions:,} sessions + {account.duplicates:,} duplicates"
        f" + {kept_out:,} left out by rule + {len(account.quarantined):,} in quarantine"
    )
    if account.accounted_for != account.read:
        yield f"{abs(account.read - account.accounted_for):,} rows are not accounted for: report it"
    if account.repeated:
        yield f"\n{account.repeated:,} duplicates across pages (the last one counts)"
    if account.repeated_keys:
        yield f"\n{len(account.repeated_keys):,} duplicates within a page"
        yield from (f"  {key}" for key in account.repeated_keys)
    for rule, keys in sorted(rules.items()):
        yield f"\n{len(keys):,} left out by the rule {rule}"
        yield from (f"  {key}" for key in keys)
    if account.quarantined:
        yield f"\n{len(account.quarantined):,} in quarantine"
    for row in account.quarantined:
        place = f"page {row.page} row {row.row}" if row.page else "joined at the end"
        yield f"  {place}\t{row.key or '-'}\t{row.reason}"
