"""The functions of a plan as text, and the names that they know."""

from collections.abc import Mapping
from itertools import count
from typing import Any

import orjson

from gateway.execution.compiled.kept import Kept, listed
from gateway.execution.compiled.shortcuts import Shortcut

Part = tuple[list[str], str]  # the steps, and the expression for what they come to


class Functions:
    """What is written of one plan: a function for each selection of each type."""

    def __init__(self, kept: Kept) -> None:
        self._kept = kept
        self._numbers = count()
        self._tables: dict[str, str] = {}  # of the functions that encode
        self.lines: list[str] = []
        self.names: dict[str, Any] = {"J": listed, "Q": orjson.Fragment}

    def number(self, prefix: str) -> str:
        """Return a name that nothing has."""
        return f"{prefix}{next(self._numbers)}"

    def bind(self, prefix: str, value: Any) -> str:
        """Return the new name of a value."""
        name = self.number(prefix)
        self.names[name] = value
        return name

    def making(self, head: list[str], parts: dict[str, Part]) -> str:
        """Write the function that makes an object of its parts; return its name."""
        entries = [f"{key!r}: {value}" for key, (_, value) in parts.items()]
        return self._define([*head, *_steps(parts), f"return {{{', '.join(entries)}}}"])

    def keeping(
        self, head: list[str], parts: dict[str, Part], kept: Shortcut, otherwise: str
    ) -> str:
        """Write the function that makes anew of an object only what may have changed."""
        known, keep = self.bind("M", self._kept.table()), self.bind("N", self._kept.keep)
        changing = {key: part for key, part in parts.items() if key not in kept.fields}
        return self._define(
            [
                *head,
                f"k = {known}.get(id(s))",
                "if k is None:",
                *(f"    {step}" for step in _made(kept, otherwise)),
                f"    k = {keep}({known}, s, {kept.value})",
                "d = k.copy()" if changing else "return k",
                *_steps(changing),
                *(f"d[{key!r}] = {value}" for key, (_, value) in changing.items()),
                "return d",
            ]
        )

    def encoding(self, head: list[str], kept: Shortcut, otherwise: str) -> str:
        """Write the function that gives the JSON of an object of which nothing changes."""
        known, keep = self.bind("M", self._kept.table()), self.bind("N", self._kept.encode)
        name = self._define(
            [
                *head,
                f"k = {known}.get(id(s))",
                "if k is None:",
                *(f"    {step}" for step in _made(kept, otherwise)),
                f"    k = {keep}({known}, s, {kept.value})",
                f"    if k is None: return {otherwise}(s, r, p)",
                "return Q(k)",
            ]
        )
        self._tables[name] = known
        return name

    def joined(self, name: str, value: str) -> str | None:
        """Return the expression for a list of what a function has encoded, if it does so.

        It raises `KeyError` if any of them is not kept.
        """
        known = self._tables.get(name)
        return known and f"J(map({known}.__getitem__, map(id, {value})))"

    def _define(self, lines: list[str]) -> str:
        name = self.number("o")
        self.lines += [f"def {name}(s, r, p):", *(f"    {line}" for line in lines)]
        return name


def tried(step: str, otherwise: str) -> list[str]:
    """Return `step`, and what is done instead if it raises."""
    return [f"try: {step}", f"except Exception: {otherwise}"]


def _made(kept: Shortcut, otherwise: str) -> list[str]:
    return [
        *tried(f"f = {kept.condition}", "f = False"),
        f"if not f: return {otherwise}(s, r, p)",
    ]


def _steps(parts: Mapping[str, Part]) -> list[str]:
    steps = [step for each, _ in parts.values() for step in each]
    return ["t = r.infos", *steps] if any("t[" in step for step in steps) else steps
