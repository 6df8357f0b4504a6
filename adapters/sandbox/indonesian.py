"""How Indonesian exports write money and time zones."""

from datetime import datetime

_HOURS_EAST = {7: "WIB", 8: "WITA", 9: "WIT"}


def to_rupiah(amount: int) -> str:
    """Return "Rp 89.700"; nothing to pay is "Gratis"."""
    return f"Rp {amount:,}".replace(",", ".") if amount else "Gratis"


def to_zone(moment: datetime) -> str:
    """Return the name of `moment`'s zone: WIB, WITA or WIT; "UTC" for any other."""
    offset = moment.utcoffset()
    return _HOURS_EAST.get(int(offset.total_seconds()) // 3600, "UTC") if offset else "UTC"
