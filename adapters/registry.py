"""The adapters that are installed: found by entry point, checked, built.

An adapter is a package named by an entry point of the group `mitra.adapters`, with a
`manifest.toml` and a class `Adapter(client, settings)`.  A broken one is reported
(`broken_adapters`), and costs only itself.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from importlib.resources import files
from typing import Any

from adapters.addresses import PUBLIC, Reach
from adapters.auth import build_auth
from adapters.base import PartnerSettings, has_capability
from adapters.errors import PartnerAccessError
from adapters.http import HttpClient, PartnerClient
from adapters.manifest import (
    AuthSpec,
    Manifest,
    ManifestError,
    load_manifest,
    to_auth_spec,
    to_error_rules,
)
from adapters.rules import ErrorRules
from adapters.transport import build_http

GROUP = "mitra.adapters"


class UnknownAdapterError(LookupError):
    """No usable adapter of this id is installed; the message says which are, or why not."""


@dataclass(frozen=True, slots=True)
class AdapterKind:
    """An installed adapter: its manifest, and how it is made."""

    manifest: Manifest
    make: Callable[[PartnerClient, PartnerSettings], Any]


@dataclass(frozen=True, slots=True)
class Registry:
    """What was found: usable adapters by id, and the reason for each broken one."""

    kinds: Mapping[str, AdapterKind] = field(default_factory=dict)
    broken: Mapping[str, str] = field(default_factory=dict)


def load_registry(found: tuple[EntryPoint, ...] | None = None) -> Registry:
    """Load every adapter that is installed (or of `found`), in the order of their ids."""
    points = entry_points(group=GROUP) if found is None else found
    kinds: dict[str, AdapterKind] = {}
    broken: dict[str, str] = {}
    for point in sorted(points, key=lambda point: point.name):
        try:
            kinds[point.name] = _load(point)
        except Exception as exc:  # noqa: BLE001  an outsider's code may raise anything
            broken[point.name] = f"{type(exc).__name__}: {exc}"
    return Registry(kinds, broken)


@cache
def installed() -> Registry:
    """Return the registry of this process, loaded once."""
    return load_registry()


def manifests() -> tuple[Manifest, ...]:
    """Return the manifests of all usable adapters, in the order of their ids."""
    return tuple(kind.manifest for kind in installed().kinds.values())


def broken_adapters() -> Mapping[str, str]:
    """Return the adapters that cannot be used, and why."""
    return installed().broken


def build_adapter(
    adapter_id: str,
    settings: PartnerSettings,
    http: HttpClient | None = None,
    *,
    reach: Reach = PUBLIC,
) -> Any:
    """Return an adapter that speaks to the partner of `settings`; close it with `aclose()`.

    Without `http` it gets a client of its own, with the manifest's authentication, that
    calls addresses within `reach` only.
    Raises `UnknownAdapterError`, `ManifestError` or `PartnerAccessError`.
    """
    kind = _kind(adapter_id)
    rules = _rules(kind.manifest, settings)
    if http is None:
        auth = build_auth(_auth_spec(kind.manifest, settings), settings, rules=rules)
        http = build_http(auth, reach)
    client = PartnerClient(settings.code, http, rules, address=settings.address)
    adapter = kind.make(client, settings)
    if not hasattr(adapter, "aclose"):
        adapter.aclose = client.aclose  # adapters need not know that connections are closed
    return adapter


def _kind(adapter_id: str) -> AdapterKind:
    registry = installed()
    if kind := registry.kinds.get(adapter_id):
        return kind
    if reason := registry.broken.get(adapter_id):
        raise UnknownAdapterError(f"adapter {adapter_id!r} is installed but broken: {reason}")
    known = ", ".join(registry.kinds) or "none"
    raise UnknownAdapterError(f"no adapter {adapter_id!r} is installed; installed are {known}")


def _auth_spec(manifest: Manifest, settings: PartnerSettings) -> AuthSpec:
    """Return the manifest's authentication, or the one that the partners file sets instead."""
    table = settings.options.get("auth")
    if table is None:
        return manifest.auth
    try:
        return to_auth_spec(table)
    except (KeyError, TypeError, ValueError) as exc:
        raise PartnerAccessError(
            settings.code, f"its options.auth in the partners file is wrong: {exc}"
        ) from exc


def _rules(manifest: Manifest, settings: PartnerSettings) -> ErrorRules:
    """Return what error codes mean: the partners file's rules, then the manifest's."""
    rows, code_at = settings.options.get("errors"), settings.options.get("error_code_at")
    if rows is None and code_at is None:
        return manifest.rules
    try:
        own = to_error_rules({"errors": rows or [], "error_code_at": code_at or ""})
    except (KeyError, TypeError, ValueError) as exc:
        raise PartnerAccessError(
            settings.code, f"its options.errors in the partners file are wrong: {exc}"
        ) from exc
    return ErrorRules(own.rules + manifest.rules.rules, own.code_at or manifest.rules.code_at)


def _load(point: EntryPoint) -> AdapterKind:
    manifest = load_manifest(files(point.value) / "manifest.toml")
    if manifest.id != point.name:
        raise ManifestError(
            f"{point.value}: the manifest's id is {manifest.id!r}, but the entry point is "
            f"named {point.name!r}; make them equal"
        )
    make = getattr(point.load(), "Adapter", None)
    if make is None:
        raise ManifestError(f"{point.value}: export a class `Adapter` in __init__.py")
    _check_capabilities(point.value, manifest, make)
    return AdapterKind(manifest, make)


def _check_capabilities(package: str, manifest: Manifest, make: type) -> None:
    for capability in manifest.capabilities:
        if not has_capability(make, capability):
            raise ManifestError(
                f"{package}: Adapter lacks the methods of capability {capability.value!r}; "
                f"write them, or take it out of the manifest"
            )
