"""Sisnaker's XML about price and seats now.  Pure."""

from collections.abc import Sequence

from adapters.base import Quote
from adapters.errors import PartnerContractError
from adapters.parsing import Record, count, price, remote_id
from adapters.quotes import to_quotes
from adapters.sisnaker.documents import DocumentError, field_name, read_document, to_record
from schema.model.values import PartnerCode, RemoteId


def to_quotes_of(body: bytes, partner: PartnerCode, asked: Sequence[RemoteId]) -> Sequence[Quote]:
    """Translate one answer of `GET /layanan/kuota`."""
    try:
        root = read_document(body, "daftarKuota")
    except DocumentError as exc:
        raise PartnerContractError(partner, f"its answer {exc}") from exc
    trainings = [to_record(child) for child in root if field_name(child.tag) == "pelatihan"]
    return to_quotes(trainings, to_quote, asked=asked, partner=partner)


def to_quote(row: Record) -> Quote:
    """Translate price and seats of one training."""
    told = ((remote_id(each, "@id"), count(each.get("sisa"))) for each in row.get("jadwal", ()))
    return Quote(
        offering=remote_id(row, "@id"),
        price=price(row.get("biaya"), row.get("biaya@mataUang", "IDR")),
        seats=tuple((key, seats) for key, seats in told if seats is not None),
    )
