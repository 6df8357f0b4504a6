"""What the sandbox says about a course: a short summary, and the programme's long template."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from adapters.sandbox.courses import DistinctCourse
from adapters.sandbox.dice import dice
from schema.model.values import CourseLevel, DeliveryMode, folded

_SUMMARIES = (
    "Pelajari cara {0}, {1}, dan {2} bersama {school}. Cocok untuk calon {work}.",
    "Pelatihan {subject} ini mengajak Anda {0} dan {1}, lalu {2} lewat latihan nyata.",
    "Setelah pelatihan ini Anda mampu {0}, {1}, serta {2}. Materi disusun oleh {school}.",
    "Ingin bekerja sebagai {work}? Mulailah dengan {0} dan {1}, ditutup dengan tugas untuk {2}.",
    "{subject} langsung dari praktisi \u2013 {0}, {1}, dan {2}, langkah demi langkah.",
)
_LEVELS = {
    CourseLevel.BEGINNER: "Dasar",
    CourseLevel.ALL: "Semua tingkat",
    CourseLevel.INTERMEDIATE: "Menengah",
    CourseLevel.ADVANCED: "Lanjut",
}
_METHODS = {
    DeliveryMode.SELF_PACED: "Pembelajaran mandiri melalui video, bacaan, dan kuis",
    DeliveryMode.LIVE_ONLINE: "Webinar langsung dengan tanya jawab dan tugas praktik mandiri",
    DeliveryMode.ONSITE: "Tatap muka: penjelasan, peragaan, dan praktik di tempat",
}
_ATTITUDES = (
    "Teliti dan bertanggung jawab terhadap hasil kerja",
    "Terbuka terhadap masukan dan mau belajar terus",
    "Menjaga kebersihan dan keselamatan kerja",
    "Santun kepada pelanggan dan rekan kerja",
    "Disiplin terhadap waktu",
)
_SCHOOLING = ("SMP atau sederajat", "SMA/SMK atau sederajat", "Semua jenjang pendidikan")


@dataclass(frozen=True, slots=True)
class Wording:
    """The texts about a course, alike at every partner; `slug` is its title in an address."""

    summary: str
    description_html: str
    slug: str


def to_wording(seed: int, course: DistinctCourse) -> Wording:
    """Return what is said of `course`."""
    slug = re.sub(r"[^a-z0-9]+", "-", folded(course.title)).strip("-")
    return Wording(_to_summary(seed, course), _to_description(seed, course), slug)


def _to_summary(seed: int, course: DistinctCourse) -> str:
    """Return one or two sentences in Indonesian."""
    rng = dice(seed, "summary", course.number)
    topic = course.topic
    return rng.choice(_SUMMARIES).format(
        *sorted(rng.sample(topic.skills, k=3), key=topic.skills.index),
        school=course.school.name,
        work=topic.work,
        subject=topic.subject,
    )


def _to_description(seed: int, course: DistinctCourse) -> str:
    """Return the course in the programme's template, as HTML of 1 to 3 kB."""
    rng = dice(seed, "description", course.number)
    topic = course.topic
    lesson = rng.choice((60, 90, 120, 180))
    sections = (
        ("Deskripsi Pelatihan", _paragraph(_opening(course))),
        ("Tujuan Umum Pelatihan", _paragraph(_general_aim(course))),
        ("Tujuan Khusus Pelatihan", _steps([f"Peserta mampu {s}" for s in topic.skills])),
        ("Aspek Kompetensi: Pengetahuan (Knowledge)", _steps(_knowledge(course))),
        ("Aspek Kompetensi: Keterampilan (Skill)", _steps([_capital(s) for s in topic.skills])),
        ("Aspek Kompetensi: Sikap (Attitude)", _steps(rng.sample(_ATTITUDES, k=2))),
        ("Kelompok Sasaran", _steps(_audience(course, rng.choice(_SCHOOLING)))),
        ("Durasi Pelatihan", _paragraph(f"{course.minutes} menit")),
        ("Durasi Per Sesi", _paragraph(f"{lesson} menit")),
        ("Kapasitas", _paragraph(_capacity(course))),
        ("Level", _paragraph(_LEVELS[course.level])),
        ("Metode Pelatihan", _paragraph(_METHODS[course.mode])),
        ("Metode Evaluasi", _paragraph("Pre-test, tugas praktik mandiri, dan post-test")),
        ("Jenis Sertifikat", _paragraph(_certificate(course))),
    )
    return "".join(f"<p><b>{escape(name)}</b></p>{body}" for name, body in sections)


def _opening(course: DistinctCourse) -> str:
    topic = course.topic
    return (
        f"{course.title} adalah pelatihan dari {course.school.name} bagi siapa pun yang ingin "
        f"menekuni {topic.subject}. Peserta belajar {topic.skills[0]} dan {topic.skills[1]}, "
        f"lalu berlatih {topic.skills[2]} dengan contoh dari pekerjaan sehari-hari."
    )


def _general_aim(course: DistinctCourse) -> str:
    topic = course.topic
    return (
        f"Setelah mengikuti pelatihan, peserta mampu {topic.skills[0]} hingga {topic.skills[3]} "
        f"sesuai kebutuhan pekerjaan sebagai {topic.work}."
    )


def _knowledge(course: DistinctCourse) -> list[str]:
    subject = course.topic.subject
    return [f"Pengertian dan manfaat {subject}", f"Alat dan bahan untuk {subject}"]


def _audience(course: DistinctCourse, schooling: str) -> list[str]:
    return [
        "Usia 18 sampai 64 tahun",
        f"Pendidikan: {schooling}",
        f"Berminat bekerja sebagai {course.topic.work}",
    ]


def _capacity(course: DistinctCourse) -> str:
    if course.mode is DeliveryMode.SELF_PACED:
        return "Tidak terbatas"
    return "Sesuai jumlah kursi pada tiap jadwal"


def _certificate(course: DistinctCourse) -> str:
    completion = "Sertifikat penyelesaian"
    if course.level in (CourseLevel.INTERMEDIATE, CourseLevel.ADVANCED):
        return f"{completion} dan sertifikat kompetensi lulusan"
    return completion


def _paragraph(text: str) -> str:
    return f"<p>{escape(text)}</p>"


def _steps(lines: Sequence[str]) -> str:
    return "".join(_paragraph(f"{number}. {line}") for number, line in enumerate(lines, start=1))


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
