"""The page of one course: plain HTML that needs nothing else, in Indonesian.  Pure.

No script runs and nothing is loaded, so the policy forbids both; the one style is allowed
by its hash.  Every text of a partner is escaped, and links lead to web addresses alone.
"""

from base64 import b64encode
from collections.abc import Iterator
from datetime import datetime
from hashlib import sha256
from html import escape
from zoneinfo import ZoneInfo

from gateway.web.linked_data import (
    Standing,
    described,
    next_sessions,
    to_decimal,
    to_linked_data,
    to_script,
    web_address,
)
from schema.model.catalogue import Course, Freshness, Offering, Session
from schema.model.values import Availability, CourseLevel, DeliveryMode, Money

_STYLE = """
body{font:1rem/1.6 system-ui,sans-serif;color:#1a1a1a;background:#fff;margin:0 auto;max-width:46rem;
padding:1rem}
h1{font-size:1.7rem;line-height:1.25;margin:.5rem 0}h2{font-size:1.2rem;margin-top:2rem}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.25rem 1rem}dt{color:#555}dd{margin:0}
article{border-top:1px solid #ccc;padding:.75rem 0}h3{font-size:1.05rem;margin:0}
p,ul{margin:.35rem 0}small{color:#555}a{color:#0b57a4}
"""
_STYLE_HASH = b64encode(sha256(_STYLE.encode()).digest()).decode()
CONTENT_SECURITY_POLICY = (
    f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

_MODES = {
    DeliveryMode.SELF_PACED: "Belajar mandiri, daring",
    DeliveryMode.LIVE_ONLINE: "Daring, sesuai jadwal",
    DeliveryMode.ONSITE: "Tatap muka",
    DeliveryMode.BLENDED: "Daring dan tatap muka",
}
_LEVELS = {
    CourseLevel.BEGINNER: "Pemula",
    CourseLevel.INTERMEDIATE: "Menengah",
    CourseLevel.ADVANCED: "Lanjutan",
    CourseLevel.ALL: "Semua tingkat",
}
_LANGUAGES = {"id": "Bahasa Indonesia", "en": "Bahasa Inggris"}
_MONTHS = (
    "Januari", "Februari", "Maret", "April", "Mei", "Juni",
    "Juli", "Agustus", "September", "Oktober", "November", "Desember",
)  # fmt: skip

_JAKARTA = ZoneInfo("Asia/Jakarta")

_TAKES_NOBODY = {
    Availability.CLOSED: "Pendaftaran sedang ditutup",
    Availability.FINISHED: "Sudah selesai",
    Availability.FULL: "Penuh",
}


def to_page(course: Course, url: str, standing: Standing) -> str:
    """Return the page of a course that somebody sells; `url` is its address."""
    linked_data = to_script(to_linked_data(course, url, standing))
    head = (
        f'<meta name="description" content="{escape(described(course)[:300])}">\n'
        f'<link rel="canonical" href="{escape(url)}">\n'
        f'<link rel="alternate" type="application/ld+json" href="{escape(url)}.jsonld">\n'
        f'<script type="application/ld+json">{linked_data}</script>\n'
    )
    sold = "".join(_offering(each, standing) for each in course.offerings)
    summary = f"<p{_lang(course)}>{escape(course.summary)}</p>\n" if course.summary else ""
    body = (
        f"<h1{_lang(course)}>{escape(course.title)}</h1>\n{summary}<dl>\n{_facts(course)}</dl>\n"
        f"<h2>Tersedia di</h2>\n{sold}"
    )
    return _document(course.title, head, body)


def to_gone_page(course: Course) -> str:
    """Return what stands at the address of a course that nobody sells any longer."""
    body = (
        f"<h1{_lang(course)}>{escape(course.title)}</h1>\n"
        "<p>Pelatihan ini tidak lagi ditawarkan oleh mitra mana pun.</p>\n"
    )
    return _document(course.title, '<meta name="robots" content="noindex">\n', body)


def to_missing_page() -> str:
    """Return what stands where there never was a course."""
    body = "<h1>Pelatihan tidak ditemukan</h1>\n<p>Tidak ada pelatihan di alamat ini.</p>\n"
    return _document("Tidak ditemukan", '<meta name="robots" content="noindex">\n', body)


def _document(title: str, head: str, body: str) -> str:
    return (
        '<!doctype html>\n<html lang="id">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n"
        f"{head}<style>{_STYLE}</style>\n</head>\n<body>\n<main>\n{body}</main>\n</body>\n</html>\n"
    )


def _facts(course: Course) -> str:
    languages = ", ".join(_LANGUAGES.get(code, code) for code in course.languages)
    modes = ", ".join(_MODES[mode] for mode in course.delivery_modes if mode in _MODES)
    facts = {
        "Penyelenggara": course.institution.name,
        "Bidang": course.category.name if course.category else None,
        "Tingkat": _LEVELS.get(course.level),
        "Cara belajar": modes,
        "Bahasa": languages,
        "Durasi": _duration(course.duration_minutes),
        "Nilai": _rating(course),
    }
    return "".join(
        f"<dt>{name}</dt><dd>{escape(fact)}</dd>\n" for name, fact in facts.items() if fact
    )


def _offering(offering: Offering, standing: Standing) -> str:
    name, url = escape(standing.name_of(offering.partner)), web_address(offering.url)
    heading = f'<a href="{escape(url)}" rel="nofollow noopener">{name}</a>' if url else name
    mode = _MODES.get(offering.delivery_mode)
    closed = _TAKES_NOBODY.get(standing.availability_of(offering))
    said = " · ".join(each for each in (_price(offering.price), mode, closed) if each)
    sessions = "".join(f"<li>{each}</li>\n" for each in _sessions(offering, standing.now))
    listed = f"<ul>\n{sessions}</ul>\n" if sessions else ""
    age = _age(standing.freshness_of(offering))
    return f"<article>\n<h3>{heading}</h3>\n<p>{said}</p>\n{listed}{age}</article>\n"


def _sessions(offering: Offering, now: datetime) -> Iterator[str]:
    for session in next_sessions(offering, now):
        said = [_when(session)]
        if session.venue:
            venue = session.venue
            told = (venue.name, venue.address, venue.region_name)
            said.append(escape(", ".join(each for each in told if each)))
        if session.enrolment_starts_at and now < session.enrolment_starts_at:
            said.append(f"pendaftaran dibuka {_moment(session.enrolment_starts_at)}")
        if session.enrolment_ends_at:
            said.append(f"pendaftaran ditutup {_moment(session.enrolment_ends_at)}")
        yield "; ".join(each for each in said if each)


def _when(session: Session) -> str:
    if session.starts_at is None:
        return "Tanggal belum diumumkan"
    if session.ends_at is None:
        return f"Mulai {_moment(session.starts_at)}"
    return f"{_moment(session.starts_at)} sampai {_moment(session.ends_at)}"


def _age(freshness: Freshness) -> str:
    if freshness.fetched_at is None:
        return ""
    read_at = freshness.fetched_at.astimezone(_JAKARTA)
    return f"<p><small>Data dibaca {_moment(read_at)}</small></p>\n"


def _moment(moment: datetime) -> str:
    zone = {"+0700": "WIB", "+0800": "WITA", "+0900": "WIT", "+0000": "UTC"}
    offset = f"{moment:%z}"
    spoken = (
        f"{moment.day} {_MONTHS[moment.month - 1]} {moment.year} "
        f"pukul {moment:%H.%M} {zone.get(offset, offset)}"
    )
    return f'<time datetime="{moment.isoformat()}">{spoken}</time>'


def _price(price: Money | None) -> str:
    if price is None:
        return "Harga belum diketahui"
    if not price.amount:
        return "Gratis"
    if price.currency == "IDR":
        return f"Rp{price.amount:,}".replace(",", ".")
    return f"{price.currency} {to_decimal(price)}"


def _duration(minutes: int | None) -> str | None:
    if not minutes:
        return None
    hours, rest = divmod(minutes, 60)
    told = (f"{hours} jam" if hours else "", f"{rest} menit" if rest else "")
    return " ".join(each for each in told if each)


def _rating(course: Course) -> str | None:
    if course.rating is None:
        return None
    votes = f" ({course.rating_count} penilai)" if course.rating_count else ""
    return f"{course.rating:.1f} dari 5{votes}".replace(".", ",", 1)


def _lang(course: Course) -> str:
    """Return the language of a partner's text, where it is told and not the page's own."""
    told = course.languages[0] if course.languages else "id"
    return "" if told == "id" else f' lang="{escape(told)}"'
