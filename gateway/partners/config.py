"""Partners files: who the partners are, and how each is reached.

A partners file is TOML with one `[[partner]]` per partner (docs/partners/README.md).
It says which adapter speaks to the partner and wins over the adapter's manifest.
Secrets are references (`env:NAME`, `file:PATH`, `sandbox:NAME`), never values.
"""

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from schema.model.catalogue import Partner
from schema.model.values import EXPONENTS, PartnerCode, PartnerKind, PartnerState

_KNOWN = {
    "code", "name", "kind", "state", "adapter", "address",
    "secrets", "interval_seconds", "options", "approval", "requests_per_second", "webhooks",
}  # fmt: skip
DEFAULT_INTERVAL_SECONDS = 900
PUSH = "push"  # in place of an adapter: the partner brings its list itself
PUSH_INTERVAL_SECONDS = 86_400
APPROVALS = {"automatic": False, "manual": True}  # whether new offerings wait for an operator
_CODE = re.compile(r"[a-z][a-z0-9_]{0,39}")


class PartnersFileError(ValueError):
    """A partners file cannot be used; the message says where and what to do."""


@dataclass(frozen=True, slots=True)
class Webhooks:
    """How a partner's webhooks come; those that nobody signed are no more than a signal.

    `reference_at` is where an unsigned one names our reference.
    """

    signed: bool = True
    reference_at: str = "data.reference"


SIGNED_WEBHOOKS = Webhooks()


@dataclass(frozen=True, slots=True)
class PartnerConfig:
    """One partner of a partners file.

    `address` is a URL, `file:` with a path relative to the partners file, or
    `sandbox:` for the sandbox partner of the same code.  `secrets` maps the names
    that the adapter's auth wants to references.  With `manual_approval`, new offerings
    are shown only once an operator has approved them.  `requests_per_second` is the
    partner's pace; None leaves it to the adapter's manifest.
    """

    partner: Partner
    adapter: str
    address: str
    interval: timedelta = timedelta(seconds=DEFAULT_INTERVAL_SECONDS)
    secrets: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    manual_approval: bool = False
    requests_per_second: float | None = None
    webhooks: Webhooks = SIGNED_WEBHOOKS

    @property
    def code(self) -> PartnerCode:
        """The partner's stable code."""
        return self.partner.code

    @property
    def pushes(self) -> bool:
        """Whether the partner brings its list; then `interval` is how often it is expected to."""
        return self.adapter == PUSH


def load_partners(paths: Iterable[Path]) -> tuple[PartnerConfig, ...]:
    """Return the partners of all files in order.  Raises `PartnersFileError`."""
    found: dict[PartnerCode, PartnerConfig] = {}
    for path in paths:
        for config in _read_file(path):
            if config.code in found:
                raise PartnersFileError(f"{path}: partner {config.code!r} is already declared")
            found[config.code] = config
    return tuple(found.values())


def _read_file(path: Path) -> Iterable[PartnerConfig]:
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as exc:
        raise PartnersFileError(f"{path}: cannot be read ({exc.strerror})") from exc
    except ValueError as exc:
        raise PartnersFileError(f"{path}: is not valid TOML ({exc})") from exc
    entries = document.get("partner")
    if not isinstance(entries, list):
        raise PartnersFileError(f"{path}: has no [[partner]]; see docs/partners/README.md")
    for number, entry in enumerate(entries, start=1):
        try:
            yield _to_config(entry, folder=path.parent)
        except (KeyError, TypeError, ValueError) as exc:
            what = f"lacks {exc}" if isinstance(exc, KeyError) else str(exc)
            raise PartnersFileError(f"{path}: [[partner]] number {number}: {what}") from exc


def _to_config(entry: Mapping[str, Any], *, folder: Path) -> PartnerConfig:
    if surplus := set(entry) - _KNOWN:
        raise ValueError(f"unknown keys {sorted(surplus)}; known are {sorted(_KNOWN)}")
    code = entry["code"]
    if not isinstance(code, str) or not _CODE.fullmatch(code):
        raise ValueError(f"code {code!r} must be lower case with underscores, at most 40 long")
    pushes = entry["adapter"] == PUSH
    usual = PUSH_INTERVAL_SECONDS if pushes else DEFAULT_INTERVAL_SECONDS
    seconds = entry.get("interval_seconds", usual)
    if not isinstance(seconds, int) or seconds < 1:
        raise ValueError(f"interval_seconds must be a whole number from 1, not {seconds!r}")
    approval = entry.get("approval", "automatic")
    if approval not in APPROVALS:
        raise ValueError(f"approval must be one of {sorted(APPROVALS)}, not {approval!r}")
    return PartnerConfig(
        partner=Partner(
            code=PartnerCode(code),
            name=entry["name"],
            kind=PartnerKind(entry["kind"]),
            state=PartnerState(entry.get("state", PartnerState.ACTIVE)),
        ),
        adapter=entry["adapter"],
        address="" if pushes else _absolute(entry["address"], folder),
        interval=timedelta(seconds=seconds),
        secrets=dict(entry.get("secrets", {})),
        options=_to_push_options(entry) if pushes else dict(entry.get("options", {})),
        manual_approval=APPROVALS[approval],
        requests_per_second=_to_pace(entry.get("requests_per_second")),
        webhooks=_to_webhooks(entry.get("webhooks", {})),
    )


def _to_pace(told: Any) -> float | None:
    if told is None:
        return None
    is_number = isinstance(told, int | float) and not isinstance(told, bool)
    if not is_number or not 0 < told < float("inf"):
        raise ValueError(f"requests_per_second must be a number above 0, not {told!r}")
    return float(told)


def _to_push_options(entry: Mapping[str, Any]) -> Mapping[str, Any]:
    if surplus := {"address", "secrets", "requests_per_second"} & set(entry):
        raise ValueError(f"a partner that pushes is not called: it has no {sorted(surplus)}")
    options = dict(entry.get("options", {}))
    currencies = options.pop("currencies", ["IDR"])
    if options or not isinstance(currencies, list) or not currencies:
        raise ValueError("the options of a partner that pushes are currencies, such as ['IDR']")
    if unknown := {each for each in currencies if each not in EXPONENTS}:
        raise ValueError(f"currencies {sorted(map(str, unknown))} are not of {sorted(EXPONENTS)}")
    return {"currencies": tuple(currencies)}


def _to_webhooks(told: Any) -> Webhooks:
    known = {"signed": bool, "reference_at": str}
    if not isinstance(told, dict) or not all(
        isinstance(value, known.get(name, ())) for name, value in told.items()
    ):
        raise ValueError("webhooks has the keys signed (true or false) and reference_at (a text)")
    return Webhooks(**told)


def _absolute(address: str, folder: Path) -> str:
    if not address.startswith("file:"):
        return address
    path = Path(address.removeprefix("file://").removeprefix("file:"))
    return f"file:{(folder / path).resolve()}"
