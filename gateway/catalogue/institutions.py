"""The institutions that have courses, by name, and who sells their courses."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence

from gateway.catalogue.cursors import Key
from gateway.catalogue.entries import Entry
from gateway.catalogue.words import words
from schema.model.catalogue import Institution
from schema.model.values import InstitutionId, PartnerCode, folded


class InstitutionList:
    """Institutions of a snapshot; those without live courses are known by id alone."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self.by_id: dict[InstitutionId, Institution] = {}
        selling: dict[InstitutionId, set[PartnerCode]] = {}
        for entry in entries:
            institution = entry.course.institution
            self.by_id[institution.id] = institution
            if not entry.course.withdrawn:
                sellers = selling.setdefault(institution.id, set())
                sellers.update(offering.partner for offering in entry.course.offerings)
        self.sellers: Mapping[InstitutionId, set[PartnerCode]] = selling
        listed = [self.by_id[each] for each in selling]
        self._keyed = sorted(((folded(each.name), each.id), each) for each in listed)

    def named(self, search: str | None) -> Sequence[tuple[Key, Institution]]:
        """Return those whose name has words that begin as each of `search`, in order."""
        asked = words(search or "")
        return [
            (key, each)
            for key, each in self._keyed
            if all(any(word.startswith(begin) for word in words(key[0])) for begin in asked)
        ]


def behind(found: Sequence[tuple[Key, Institution]], key: Key) -> int:
    """Return the position behind `key`."""
    return bisect_right(found, key, key=lambda pair: pair[0])


def ahead(found: Sequence[tuple[Key, Institution]], key: Key) -> int:
    """Return the position of `key`, or of what follows it."""
    return bisect_left(found, key, key=lambda pair: pair[0])
