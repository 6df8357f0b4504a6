"""What a person types and what a course says, brought to the same words and the same roots.

Snowball's Indonesian stemmer takes affixes off, but leaves a root that its prefix has changed
("mengelola" becomes "elola", "kelola" "lola").  The sound that the prefix swallowed is put back
first, and roots that look as if they had an affix are known by name, so that every form of a
word ends at one root.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import takewhile

import snowballstemmer

from schema.model.values import folded

MOST_WORDS = 12
# Words that say "course" or nothing: they need not be found.
OPTIONAL = frozenset({
    "dan", "di", "ke", "dari", "untuk", "yang", "dengan", "atau", "pada", "dalam",
    "kursus", "pelatihan", "kelas", "belajar",
    "the", "and", "of", "for", "to", "in", "a", "course", "training",
})  # fmt: skip

# What stands for several words, in what is typed and in what is said.
_SHORT_FOR = {
    "hrd": ("sumber", "daya", "manusia"), "sdm": ("sumber", "daya", "manusia"),
    "rab": ("rencana", "anggaran", "biaya"), "satpam": ("satuan", "pengamanan"),
    "medsos": ("media", "sosial"), "sopir": ("mengemudi",), "supir": ("mengemudi",),
    "b": ("bahasa",), "bhs": ("bahasa",), "ig": ("instagram",), "wa": ("whatsapp",),
}  # fmt: skip
# Roots that mean the same.
_SAME = {"daring": "online", "surel": "email", "sekretariat": "sekretaris", "ponsel": "hp"}
# Behind these a title says how or for whom; ahead of them, what.
_TURNS = frozenset({"untuk", "dengan", "bagi", "di", "dari", "berbasis", "melalui", "menjadi"})

_WORD = re.compile(r"\w+")
_VOWELS = re.compile(r"[aeiou]")
_CHANGED = re.compile(r"(?:me|pe)(ny(?=[aeiou])|ng(?=[aeiou])|n(?=[aeiou])|m(?=[aeiour]))")
_UNCHANGED = re.compile(r"(?:me|pe)(?:ng(?=[gh])|n(?=[cdjz])|m(?=[bf])|(?=[lrwy][aeiou]))")
_ONE_SYLLABLE = re.compile(r"(?:me|pe|di)(?:nge)?(las|cat|bor|cek|lem|pel|rem|tes)(?:an|kan)?$")
_SHORTEST_ROOT = 3

# After "meng-" a vowel may begin the root ("mengajar": ajar) or follow its k ("mengelola").
_K_ROOTS = frozenset({
    "kaji", "kait", "kalibrasi", "kampanye", "karang", "kawal", "kawin", "kejar", "kelola",
    "kemas", "kembang", "kemudi", "kenal", "kendali", "kendara", "kepak", "kering", "kerja",
    "ketik", "kikis", "kilas", "kirim", "kocok", "koleksi", "kombinasi", "komunikasi",
    "konfigurasi", "konsep", "konsumsi", "kontrol", "konversi", "koordinasi", "koreksi",
    "kuasa", "kuat", "kukus", "kuliti", "kumpul", "kunci", "kunjung", "kupas", "kurang",
})  # fmt: skip
_M_ROOTS = frozenset({"makan", "masak", "milik", "minat", "minum", "mohon", "muat", "mula"})
_N_ROOTS = frozenset({"nasihat", "nikah", "nikmat", "nilai"})
# Roots from which Snowball would take what is no affix.
_OTHER_ROOTS = frozenset({
    "ajar", "anggar", "antar", "awas", "desain", "didik", "edit", "kuliah", "latih", "olah",
    "pelihara", "pimpin", "program", "terjemah", "teknisi",
})  # fmt: skip
_ROOTS = "|".join(sorted(_K_ROOTS | _M_ROOTS | _N_ROOTS | _OTHER_ROOTS, key=len, reverse=True))
_KNOWN = re.compile(
    rf"(?:di|bel?|ber|pel|ter|ke|se|per|memper)?({_ROOTS})(?:er|[kc]?an|i|nya|kannya|annya)?"
)

_snowball = snowballstemmer.stemmer("indonesian")


def words(text: str) -> list[str]:
    """Return the words of `text`, folded."""
    return _WORD.findall(text.lower() if text.isascii() else folded(text))


def spelled_out(text: str) -> list[str]:
    """Return the words of `text`, with those for which abbreviations stand."""
    found = words(text)
    if _SHORT_FOR.keys().isdisjoint(found):
        return found
    return [full for word in found for full in _SHORT_FOR.get(word, (word,))]


def subject(title: Sequence[str]) -> list[str]:
    """Return the words of a title that say what is taught, ahead of how and for whom."""
    return list(takewhile(lambda word: word not in _TURNS, title))


@lru_cache(maxsize=2**16)
def stem(word: str) -> str:
    """Return the root that all forms of `word` share."""
    found = _stem(word)
    return _SAME.get(found, found)


def _stem(word: str) -> str:
    if whole := _KNOWN.fullmatch(word):
        return whole.group(1)
    if short := _ONE_SYLLABLE.match(word):
        return short.group(1)
    restored = _restored(word)
    if whole := _KNOWN.fullmatch(restored):
        return whole.group(1)
    found: str = _snowball.stemWord(restored)
    return found


def _restored(word: str) -> str:
    """Return `word` without "meN-" or "peN-", with the sound that the prefix swallowed."""
    inner = word.removeprefix("ke") if word.startswith(("kepem", "kepen")) else word
    if len(_VOWELS.findall(inner)) <= 2:  # noqa: PLR2004 - too short to carry a prefix
        return word
    if changed := _CHANGED.match(inner):
        rest = inner[changed.end() :]
        return _first_sound(changed.group(1), rest) + rest if len(rest) >= _SHORTEST_ROOT else word
    unchanged = _UNCHANGED.match(inner)
    rest = inner[unchanged.end() :] if unchanged else ""
    return rest if len(rest) > _SHORTEST_ROOT else word


def _first_sound(nasal: str, rest: str) -> str:
    if nasal == "ng":
        return "k" if _begins(_K_ROOTS, "k" + rest) else ""
    if nasal == "m":
        return "m" if _begins(_M_ROOTS, "m" + rest) else "p"
    if nasal == "n":
        return "n" if _begins(_N_ROOTS, "n" + rest) else "t"
    return "s"


def _begins(roots: frozenset[str], text: str) -> bool:
    return any(text.startswith(root) for root in roots)
