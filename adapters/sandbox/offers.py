"""One partner's offering of a course: key, price, rating, addresses, sessions."""

from adapters.sandbox.courses import DistinctCourse
from adapters.sandbox.dice import dice
from adapters.sandbox.pricing import to_price
from adapters.sandbox.prose import Wording
from adapters.sandbox.timetable import to_sessions
from adapters.sandbox.words import Setting
from adapters.sandbox.world import SandboxOffering
from schema.model.values import PartnerCode

_KEYS = {
    "skill_academy": "SKA-{:05d}",
    "tokopedia": "84{:07d}",
    "bukalapak": "bl{:05x}",
    "pintaria": "{:d}",
    "sekolahmu": "prog_{:05d}",
    "maubelajarapa": "MBA{:05d}",
    "pijar_mahir": "{:d}",
    "sisnaker": "PLT-{:06d}",
    "bina_bumn": "BINA-{:05d}",
    "pasar_kelas": "PK-{:05d}",
}
_UNRATED_SHARE = 0.15
_KEY_STEP, _KEY_START = 7, 1_001  # partners' numbers have gaps


def to_offering(
    setting: Setting, course: DistinctCourse, partner: PartnerCode, wording: Wording
) -> SandboxOffering:
    """Return `course` as `partner` sells it, bookable."""
    rng = dice(setting.seed, "offering", course.number, partner)
    key = _KEYS[partner].format(_KEY_START + course.number * _KEY_STEP)
    host = partner.replace("_", "-")
    price = to_price(setting.seed, course, partner)
    rated = rng.random() >= _UNRATED_SHARE
    return SandboxOffering(
        key=key,
        course=course.number,
        title=course.title,
        institution=course.school.name,
        summary=wording.summary,
        description_html=wording.description_html,
        category=course.topic.category,
        level=course.level,
        duration_minutes=course.minutes,
        rating=rng.choice(range(36, 51)) / 10 if rated else None,
        rating_count=rng.randint(3, 4_000) if rated else 0,
        image_url=f"https://gambar.{host}.example/{wording.slug}.jpg",
        price=price.amount,
        list_price=price.list_amount,
        delivery_mode=course.mode,
        url=f"https://{host}.example/kursus/{wording.slug}-{course.number}",
        sessions=to_sessions(setting, course, partner, key),
    )
