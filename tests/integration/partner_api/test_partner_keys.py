"""Partners' sign keys: made, sealed, changed for others, retired, and audited."""

import pytest
from sqlalchemy import select

from gateway.enrolment.audit.sealer import seal
from gateway.enrolment.audit.verifying import verify
from gateway.enrolment.privacy.keyring import KeyringError
from gateway.partner_api.partner_keys import PartnerKeyError, PartnerKeys
from gateway.partner_api.vault import Vault
from gateway.storage.audit_tables import audit_record
from gateway.storage.partner_api_tables import partner_key
from tests.integration.partner_api.partners import BUKALAPAK, QUOTA, TOKOPEDIA, Api, codes_of

pytestmark = pytest.mark.anyio


async def test_two_keys_are_good_at_once_until_one_is_retired(api: Api):
    offering = api.programme.shelf.put("kopi", seats=5)
    old = await api.a_client()
    new = await api.a_client(client_code=old.key.entry.client_code)
    other = await api.a_client()
    clients = (old, new, other)

    before = [(await each.call(QUOTA, **codes_of(offering))).status_code for each in clients]
    await api.keys.retire(old.key.entry.id, "rina")
    after = [(await each.call(QUOTA, **codes_of(offering))).status_code for each in clients]

    assert before == [200, 200, 200]
    assert after == [401, 200, 200]
    assert old.key.entry.client_code == new.key.entry.client_code
    assert other.key.entry.client_code != new.key.entry.client_code
    with pytest.raises(PartnerKeyError, match="in use"):
        await api.keys.retire(old.key.entry.id, "rina")


async def test_what_is_done_to_keys_is_audited_without_them(api: Api):
    client = await api.a_client()
    await api.keys.retire(client.key.entry.id, "rina")

    question = select(audit_record.c.act, audit_record.c.by).order_by(audit_record.c.act)
    acts = await api.programme.database.read(lambda c: [tuple(r) for r in c.execute(question)])

    assert acts == [("PARTNER_KEY_MADE", "rina"), ("PARTNER_KEY_RETIRED", "rina")]
    while await api.programme.database.write(seal):
        pass
    assert (await api.programme.database.read(verify)).fault is None


async def test_sign_keys_are_sealed_and_bound_to_their_row(api: Api):
    client, other = await api.a_client(), await api.a_client(BUKALAPAK)
    database = api.programme.database
    rows = await database.read(lambda c: c.execute(select(partner_key)).all())
    assert client.key.sign_key.encode() not in b"".join(bytes(row.sealed) for row in rows)
    moved = next(row.sealed for row in rows if row.id == other.key.entry.id)

    await database.write(
        lambda c: c.execute(
            partner_key.update().where(partner_key.c.id == client.key.entry.id).values(sealed=moved)
        )
    )

    with pytest.raises(KeyringError):
        await api.keys.find(client.key.entry.client_code)


async def test_client_codes_belong_to_one_partner(api: Api):
    client = await api.a_client()
    code = client.key.entry.client_code

    with pytest.raises(PartnerKeyError, match="another partner's"):
        await api.keys.make(BUKALAPAK.code, code, "rina")
    with pytest.raises(PartnerKeyError, match="ambiguous"):
        await api.keys.make(TOKOPEDIA.code, f"{code}7", "rina")


async def test_without_keys_from_outside_nobody_can_be_let_in(api: Api):
    keys = PartnerKeys(api.programme.database, Vault(None), {TOKOPEDIA.code: TOKOPEDIA}, api.clock)

    with pytest.raises(KeyringError, match="MITRA_PARTNER_API_KEYS"):
        await keys.make(TOKOPEDIA.code, None, "rina")
