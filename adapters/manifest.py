"""Manifests: what an adapter is, as data (`manifest.toml` beside its code).

```toml
id = "my_partner"                     # the folder's name, and the entry point's
name = "My Partner"
capabilities = ["catalogue", "enrolment", "statement", "quote"]
contract = "documented"               # or "assumed": nobody has confirmed it yet
documentation = "docs/partners/my_partner.md"
error_code_at = "header.error_code"   # optional: where a JSON body has its error code

[auth]
kind = "api_key"                      # see AUTH_PARAMETERS for the others
header = "X-Api-Key"

[pace]
requests_per_second = 5

[sync]
interval_seconds = 900

[[errors]]                            # optional: what a status or code means here
status = 500
code = "ORD_*"
means = "refused"
```

A partners file wins over the manifest: `[partner.options.auth]` has the keys of `[auth]`,
`[[partner.options.errors]]` is asked before `[[errors]]`, `requests_per_second` is the pace.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from importlib.resources.abc import Traversable
from types import MappingProxyType
from typing import Any

from adapters.base import Capability
from adapters.rules import NO_RULES, ErrorRule, ErrorRules, Meaning


class ManifestError(ValueError):
    """A manifest cannot be used; the message says which file and key, and what to do."""


class Contract(StrEnum):
    """Whether the partner itself has written down what the adapter speaks."""

    ASSUMED = "assumed"
    DOCUMENTED = "documented"


class AuthKind(StrEnum):
    """How we prove to a partner who we are."""

    NONE = "none"
    BEARER = "bearer"
    BASIC = "basic"
    API_KEY = "api_key"
    HMAC = "hmac"
    OAUTH2_CLIENT_CREDENTIALS = "oauth2_client_credentials"
    SIGNED_URL = "signed_url"


# Which secrets each kind takes from the partners file.
AUTH_SECRETS: Mapping[AuthKind, tuple[str, ...]] = MappingProxyType(
    {
        AuthKind.NONE: (),
        AuthKind.BEARER: ("token",),
        AuthKind.BASIC: ("username", "password"),
        AuthKind.API_KEY: ("api_key",),
        AuthKind.HMAC: ("key_id", "key_secret"),
        AuthKind.OAUTH2_CLIENT_CREDENTIALS: ("client_id", "client_secret"),
        AuthKind.SIGNED_URL: ("signing_key",),
    }
)

# Which other keys `[auth]` may have, and their defaults.
AUTH_PARAMETERS: Mapping[AuthKind, Mapping[str, str | int]] = MappingProxyType(
    {
        AuthKind.NONE: {},
        AuthKind.BEARER: {},
        AuthKind.BASIC: {},
        AuthKind.API_KEY: {"header": "X-Api-Key"},
        AuthKind.HMAC: {
            "key_header": "X-Key-Id",
            "timestamp_header": "X-Timestamp",
            "signature_header": "X-Signature",
        },
        AuthKind.OAUTH2_CLIENT_CREDENTIALS: {"token_path": "/token", "scope": ""},
        AuthKind.SIGNED_URL: {"lifetime_seconds": 300},
    }
)


@dataclass(frozen=True, slots=True)
class AuthSpec:
    """How requests are authenticated: the kind, and its parameters with defaults filled in."""

    kind: AuthKind = AuthKind.NONE
    parameters: Mapping[str, Any] = field(default_factory=dict)

    @property
    def secrets(self) -> tuple[str, ...]:
        """The names of the secrets that this kind needs."""
        return AUTH_SECRETS[self.kind]


NO_AUTH = AuthSpec()


@dataclass(frozen=True, slots=True)
class Manifest:
    """What an adapter says of itself."""

    id: str
    name: str
    capabilities: frozenset[Capability]
    contract: Contract
    documentation: str
    auth: AuthSpec = NO_AUTH
    rules: ErrorRules = NO_RULES
    requests_per_second: float = 5.0
    interval: timedelta = timedelta(minutes=15)


def load_manifest(file: Traversable) -> Manifest:
    """Read a `manifest.toml`.  Raises `ManifestError`."""
    try:
        text = file.read_text(encoding="utf-8")
    except OSError as exc:
        raise ManifestError(f"{file}: cannot be read ({exc.strerror})") from exc
    try:
        return to_manifest(tomllib.loads(text))
    except KeyError as exc:
        raise ManifestError(f"{file}: lacks {exc}; see adapters/manifest.py") from exc
    except (TypeError, ValueError) as exc:
        raise ManifestError(f"{file}: {exc}") from exc


def to_manifest(document: Mapping[str, Any]) -> Manifest:
    """Translate a parsed manifest.  Raises `KeyError`, `TypeError` or `ValueError`."""
    table = _Table("", document)
    manifest = Manifest(
        id=table.text("id"),
        name=table.text("name"),
        capabilities=frozenset(map(Capability, table.take("capabilities", list))),
        contract=Contract(table.text("contract")),
        documentation=table.text("documentation"),
        auth=to_auth_spec(table.take("auth", dict, {"kind": "none"})),
        rules=_take_error_rules(table),
        requests_per_second=_to_pace(table.take("pace", dict, {})),
        interval=_to_interval(table.take("sync", dict, {})),
    )
    table.refuse_surplus()
    if not manifest.capabilities:
        raise ValueError(f"capabilities is empty; name some of {', '.join(Capability)}")
    return manifest


def to_auth_spec(table: Mapping[str, Any]) -> AuthSpec:
    """Translate an `[auth]` table.  Raises `KeyError` or `ValueError`."""
    kind = AuthKind(table["kind"])
    known = AUTH_PARAMETERS[kind]
    given = {key: value for key, value in table.items() if key != "kind"}
    for key, value in given.items():
        if key not in known:
            raise ValueError(f"auth.{key} is no key of kind {kind}; known are {sorted(known)}")
        if type(value) is not type(known[key]):
            raise ValueError(f"auth.{key} must be like {known[key]!r}, not {value!r}")
    return AuthSpec(kind, MappingProxyType({**known, **given}))


def to_error_rules(document: Mapping[str, Any]) -> ErrorRules:
    """Translate `errors` and `error_code_at`.  Raises `KeyError`, `TypeError` or `ValueError`."""
    return _take_error_rules(_Table("", document))


def _take_error_rules(table: "_Table") -> ErrorRules:
    return ErrorRules(
        tuple(map(_to_rule, table.take("errors", list, []))),
        table.take("error_code_at", str, "") or None,
    )


def _to_rule(row: Mapping[str, Any]) -> ErrorRule:
    table = _Table("errors.", row)
    rule = ErrorRule(
        means=Meaning(table.text("means")),
        status=table.take("status", int, 0) or None,
        code=table.take("code", str, "") or None,
    )
    table.refuse_surplus()
    if rule.status is None and rule.code is None:
        raise ValueError("errors: a rule needs a status, a code, or both")
    return rule


def _to_pace(row: Mapping[str, Any]) -> float:
    table = _Table("pace.", row)
    pace = table.take("requests_per_second", (int, float), 5.0)
    table.refuse_surplus()
    if not pace > 0:
        raise ValueError(f"pace.requests_per_second must be above 0, not {pace!r}")
    return float(pace)


def _to_interval(row: Mapping[str, Any]) -> timedelta:
    table = _Table("sync.", row)
    seconds = table.take("interval_seconds", int, 900)
    table.refuse_surplus()
    if seconds < 1:
        raise ValueError(f"sync.interval_seconds must be at least 1, not {seconds!r}")
    return timedelta(seconds=seconds)


class _Table:
    """One table of a manifest: keys are asked for by type, and what nobody asked for is refused."""

    def __init__(self, where: str, content: Mapping[str, Any]) -> None:
        self._where = where
        self._left = dict(content)

    def take(self, key: str, kind: type | tuple[type, ...], default: Any = None) -> Any:
        """Return and remove `key`; without a default it must be there."""
        if default is None and key not in self._left:
            raise KeyError(f"{self._where}{key}")
        value = self._left.pop(key, default)
        if not isinstance(value, kind) or isinstance(value, bool):
            raise TypeError(f"{self._where}{key} has the wrong type: {value!r}")
        return value

    def text(self, key: str) -> str:
        """Return and remove the text at `key`, which must be there and say something."""
        value: str = self.take(key, str)
        if not value.strip():
            raise ValueError(f"{self._where}{key} is empty")
        return value

    def refuse_surplus(self) -> None:
        """Refuse the keys that are left."""
        for key in self._left:
            raise ValueError(f"{self._where}{key} is no key of a manifest; is it misspelt?")
