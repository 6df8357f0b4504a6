"""The institutions that have courses, by name, and who sells their courses."""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence

from gateway.catalogue.cursors import Key
from gateway.catalogue.entries import Entry
from gateway.catalogue.words import words
from schema.model.catalogue import Institution
from schema.model.values import CourseId, InstitutionId, PartnerCode, folded


class InstitutionList:
    """Institutions of a snapshot; those without live courses are known by id alone."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self.by_id: dict[InstitutionId, Institution] = {}
        self.sellers: dict[InstitutionId, Counter[PartnerCode]] = {}  # of how many courses
        self._courses = Counter[InstitutionId]()  # live or not
        self._keyed: list[tuple[Key, Institution]] = []
        self._count((), entries)

    def changed(self, former: Sequence[Entry], come: Sequence[Entry]) -> "InstitutionList":
        """Return the list after courses as they were `former` are as they `come`."""
        if {*map(_offer, come)} == {*map(_offer, former)}:  # as most changes: a price, a seat
            return self
        other = object.__new__(InstitutionList)
        other.by_id, other._courses = dict(self.by_id), self._courses.copy()
        other.sellers, other._keyed = dict(self.sellers), self._keyed
        other._count(former, come)
        return other

    def moved(self, gone: Sequence[Entry], back: Sequence[Entry]) -> "InstitutionList":
        """Return the list after live courses `gone` are shown no longer, and those `back` are."""
        if not gone and not back:
            return self
        other = object.__new__(InstitutionList)
        other.__dict__.update(self.__dict__)
        other.sellers = dict(self.sellers)
        other._sell(gone, back)
        return other

    def _count(self, former: Sequence[Entry], come: Sequence[Entry]) -> None:
        self._courses.update(map(_giver, come))
        self._courses.subtract(map(_giver, former))
        self.by_id.update({_giver(each): each.course.institution for each in come})
        for giver in [each for each in {*map(_giver, former)} if not self._courses[each]]:
            del self._courses[giver], self.by_id[giver]
        self._sell(former, come)

    def _sell(self, gone: Sequence[Entry], back: Sequence[Entry]) -> None:
        """Take who sells the courses of institutions; without a seller one is not listed."""
        moves = Counter(_sales(back))
        moves.subtract(_sales(gone))
        selling: dict[InstitutionId, Counter[PartnerCode]] = {}  # as they will be
        for (giver, code), number in moves.items():
            if giver not in selling:
                selling[giver] = Counter(self.sellers.get(giver, ()))
            selling[giver][code] += number
        for giver, sellers in selling.items():
            self.sellers[giver] = +sellers
            if not self.sellers[giver]:
                del self.sellers[giver]
        listed = [self.by_id[each] for each in self.sellers]
        self._keyed = sorted(((folded(each.name), each.id), each) for each in listed)

    def named(self, search: str | None) -> Sequence[tuple[Key, Institution]]:
        """Return those whose name has words that begin as each of `search`, in order."""
        asked = words(search or "")
        return [
            (key, each)
            for key, each in self._keyed
            if all(any(word.startswith(begin) for word in words(str(key[0]))) for begin in asked)
        ]


def _giver(entry: Entry) -> InstitutionId:
    return entry.course.institution.id


def _sales(entries: Iterable[Entry]) -> Iterator[tuple[InstitutionId, PartnerCode]]:
    """Yield of each live course who gives it and who sells it, for each seller."""
    for entry in entries:
        if not entry.course.withdrawn:
            for code in _sellers(entry):
                yield entry.course.institution.id, code


def _sellers(entry: Entry) -> Collection[PartnerCode]:
    offerings = entry.course.offerings
    if len(offerings) == 1:  # as most courses are sold
        return (offerings[0].partner,)
    return {offering.partner for offering in offerings}


def _offer(entry: Entry) -> tuple[CourseId, Institution, frozenset[PartnerCode]]:
    """Return who gives a course and who sells it."""
    return entry.course.id, entry.course.institution, frozenset(_sellers(entry))


def behind(found: Sequence[tuple[Key, Institution]], key: Key) -> int:
    """Return the position behind `key`."""
    return bisect_right(found, key, key=lambda pair: pair[0])


def ahead(found: Sequence[tuple[Key, Institution]], key: Key) -> int:
    """Return the position of `key`, or of what follows it."""
    return bisect_left(found, key, key=lambda pair: pair[0])
