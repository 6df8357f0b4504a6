"""Reading a partner's `[partner.options]`: every key is asked for by name and by type.

Whatever is left when all have asked was misspelt or does not exist, so the allowed
keys are never written down twice: they are the ones that the code asked for.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Self, TypeVar

T = TypeVar("T")

_NAMES = {str: "a text", int: "a whole number", bool: "true or false", list: "a list"}


class FeedOptionsError(ValueError):
    """The mapping of a feed cannot be used; the message names partner, key and what is allowed."""


class Options:
    """One table of a partner's options, and where it stands ("partner 'x': options.fields")."""

    def __init__(self, where: str, content: Any) -> None:
        self.where = where
        if not isinstance(content, Mapping):
            raise self.wrong("", f"must be a table, not {content!r}")
        self._content = dict(content)
        self._asked: set[str] = set()

    @property
    def is_given(self) -> bool:
        """Whether the table says anything."""
        return bool(self._content)

    @property
    def content(self) -> Mapping[str, Any]:
        """What the table says, for another table to take over."""
        return self._content

    def wrong(self, key: str, sentence: str) -> FeedOptionsError:
        """Return the error that says what is wrong with `key`, or with the table ("")."""
        return FeedOptionsError(f"{self.where}{'.' if key else ''}{key} {sentence}")

    def has(self, key: str) -> bool:
        """Return whether `key` is given."""
        self._asked.add(key)
        return key in self._content

    def raw(self, key: str) -> Any:
        """Return `key` unchecked, or None."""
        self._asked.add(key)
        return self._content.get(key)

    def text(self, key: str, default: str = "") -> str:
        """Return the text at `key`, or `default`."""
        return self._typed(key, str, default)

    def flag(self, key: str, *, default: bool = False) -> bool:
        """Return true or false at `key`, or `default`."""
        return self._typed(key, bool, default)

    def required(self, key: str) -> str:
        """Return the text at `key`, which must be given."""
        value = self.text(key)
        if not value:
            raise self.wrong(key, "is missing")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """Return the text, or the list of texts, at `key`; () when it is not given."""
        value = self.raw(key)
        texts = [] if value is None else value if isinstance(value, list) else [value]
        if (not texts and value is not None) or not all(isinstance(text, str) for text in texts):
            raise self.wrong(key, f"must be a text or a list of texts, not {value!r}")
        return tuple(texts)

    def words(self, key: str) -> dict[str, str]:
        """Return the table at `key`, from a text to a text; {} when it is not given."""
        value = self.raw(key) or {}
        if not isinstance(value, Mapping) or not all(isinstance(v, str) for v in value.values()):
            raise self.wrong(key, f"must be a table of texts, not {value!r}")
        return dict(value)

    def choice(self, key: str, allowed: Iterable[str], default: str = "") -> str:
        """Return the text at `key`, which must be one of `allowed`."""
        value = self.text(key, default)
        if value not in tuple(allowed):
            raise self.wrong(key, f"must be one of {', '.join(allowed)}, not {value!r}")
        return value

    def table(self, key: str) -> Self:
        """Return the table at `key`; an empty one when it is not given."""
        value = self.raw(key)
        return type(self)(f"{self.where}.{key}", {} if value is None else value)

    def source(self, key: str) -> Self:
        """Return the table at `key`; a text or a list of texts is short for its `from`."""
        value = self.raw(key)
        short = isinstance(value, (str, list))
        return type(self)(f"{self.where}.{key}", {"from": value} if short else value or {})

    def sources(self, key: str) -> list[Self]:
        """Return the sources of the list at `key`, each a table, a text or a list of texts."""
        listed = self._typed(key, list, [])
        items = type(self)(self.where, {f"{key}[{n}]": one for n, one in enumerate(listed)})
        return [items.source(f"{key}[{n}]") for n in range(len(listed))]

    def tables(self, key: str) -> list[Self]:
        """Return the tables of the list at `key` (TOML's `[[…]]`)."""
        value = self._typed(key, list, [])
        return [type(self)(f"{self.where}.{key}[{n}]", one) for n, one in enumerate(value)]

    def refuse_surplus(self, kind: str = "key here") -> None:
        """Refuse what nobody asked for.  Call it when everybody has."""
        for key in self._content:
            if key not in self._asked:
                allowed = ", ".join(sorted(self._asked))
                raise self.wrong(key, f"is not a {kind}; allowed are {allowed}")

    def _typed(self, key: str, kind: type[T], default: T) -> T:
        value = self.raw(key)
        if value is None:
            return default
        if type(value) is not kind:  # a bool is an int to isinstance
            raise self.wrong(key, f"must be {_NAMES[kind]}, not {value!r}")
        return value
