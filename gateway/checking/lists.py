"""What a whole list under a fault does to a catalogue of its own."""

from datetime import UTC, datetime
from pathlib import Path

from adapters.base import Cursor, NotModified, Page, Validators
from adapters.matrix import Finding
from adapters.sandbox.faults.kinds import Asked, Fault
from adapters.sandbox.faults.orders import FaultOrder
from adapters.sandbox.faults.outcomes import Expected
from adapters.sandbox.server import Sandbox
from gateway.catalogue.store import CatalogueStore
from gateway.catalogue.sync import CatalogueSync
from gateway.checking.guarded import GuardedSite
from gateway.partners.config import PartnerConfig
from gateway.storage.engine import Database, database_url
from gateway.storage.migrate import upgrade
from schema.model.catalogue import Offering
from schema.model.syncing import SyncProgress
from schema.model.values import PartnerCode

LONGEST_TITLE = 300
LONGEST_TEXT = 1_000
UNSEEN = ("\x1b", "\x07", "\u202e", "\u200b")
HARMFUL = ("<script", "onerror=", "onload=", "javascript:", "data:", "<svg", "<iframe", "<img")
NO_LINKS = ("gopher:", "file:", "javascript:", "@", " ")


class ListTrial:
    """Syncs one partner into a database of its own, with and without faults."""

    def __init__(self, sandbox: Sandbox, config: PartnerConfig, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._site = GuardedSite(sandbox, config)
        self._config = config
        self._database = Database(database_url(None, folder, "catalogue"), "catalogue")
        self._quarantined = 0  # when all is well

    async def prepare(self) -> SyncProgress:
        """Read the whole list while all is well."""
        upgrade(self._database)
        progress = await self._sync(None)
        self._quarantined = progress.quarantined
        return progress

    async def try_list(self, fault: Fault, expected: Expected) -> Finding:
        """Read the whole list under `fault`; what it changed must be as before once it is gone."""
        before = await self._offerings()
        await self._site.misbehave(FaultOrder(fault, on=frozenset({Asked.READING})))
        progress = await self._sync(fault)
        await self._site.behave()
        got, amiss = await self._judge(progress, before)
        if await self._offerings() != before:
            again = await self._sync(None)
            if again.failure or again.withheld or await self._offerings() != before:
                amiss = amiss or f"the catalogue is not what it was before: {to_reason(again)}"
        return Finding(self._site.code, fault, False, expected, got, amiss)  # noqa: FBT003

    async def aclose(self) -> None:
        """Close the database and the connections."""
        self._database.close()
        await self._site.aclose()

    async def _sync(self, fault: Fault | None) -> SyncProgress:
        async with self._site.calling(fault) as caller:

            async def fetch(
                code: PartnerCode, cursor: Cursor | None, known: Validators | None
            ) -> Page | NotModified:
                del code, known
                return await caller.fetch_page(cursor)  # never "not modified": it is to be read

            sync = CatalogueSync(fetch, self._database, lambda: datetime.now(UTC))
            return await sync.sync(self._config)

    async def _judge(
        self, progress: SyncProgress, before: dict[str, Offering]
    ) -> tuple[Expected | str, str | None]:
        after = await self._offerings()
        if progress.failure or progress.withheld:
            stays = after == before
            got = Expected.STOPPED if progress.failure else Expected.HELD
            return got, None if stays else "the last good list did not stay"
        if found := harm(after):
            return "stored", found
        if progress.quarantined > self._quarantined:
            return Expected.QUARANTINED, None
        was_cleaned = any(after[key] != before[key] for key in after.keys() & before.keys())
        return (Expected.CLEANED if was_cleaned else Expected.READ), None

    async def _offerings(self) -> dict[str, Offering]:
        catalogue = await CatalogueStore(self._database).read_catalogue()
        return {
            sold.offering.key: sold.offering
            for course in catalogue.courses
            for sold in course.offerings
            if not sold.withdrawn
        }


def to_reason(progress: SyncProgress) -> str:
    """Return why a list was not applied."""
    return progress.failure or progress.withheld or "no reason"


def harm(offerings: dict[str, Offering]) -> str | None:
    """Return what a reader of the catalogue must not meet in it, if anything."""
    for offering in offerings.values():
        listed = offering.listed
        html = (listed.description_html or "").lower()
        words = " ".join((listed.title, listed.institution, listed.summary or "", html))
        unseen = [each for each in UNSEEN if each in words]
        if found := unseen + [each for each in HARMFUL if each in html]:
            return f"{found} is stored in {offering.key}"
        if len(listed.title) > LONGEST_TITLE or len(listed.summary or "") > LONGEST_TEXT:
            return f"a text of {offering.key} is endless"
        for link in (offering.url or "", listed.image_url or ""):
            if any(each in link for each in NO_LINKS):
                return f"{offering.key} links to {link!r}"
    return None
