"""Three courses of one partner, each of which something can be said; and a second seller of one."""

from schema.model.catalogue import Category
from schema.model.values import DeliveryMode
from tests.catalogue import PINTARIA, ScriptedPartner, a_partner, an_offering
from tests.integration.catalogue.conftest import Workbench

MANUAL = a_partner(manual_approval=True)
BARISTA = an_offering("1", "Barista", "LKP Kopi", category=Category("kopi", "Kopi"))
DESAIN = an_offering("2", "Desain", "LKP Desain", delivery_mode=DeliveryMode.ONSITE)
PAKET = an_offering("3", "Paket Hemat", "LKP Hemat", bundle=True)
PINTARIAS = an_offering("1", "Barista", "LKP Kopi", partner=PINTARIA)
EVERYTHING = {"Barista", "Desain", "Paket Hemat"}


async def three_on_sale(bench: Workbench) -> ScriptedPartner:
    """Return a partner whose three courses stand; another sells the first of them, too."""
    found = ScriptedPartner([BARISTA, DESAIN, PAKET])
    await bench.sync(found)
    await bench.sync(ScriptedPartner([PINTARIAS]), a_partner(PINTARIA))
    return found
