"""Builds each partner's adapter when it is first needed, and again when its address changes."""

from collections.abc import Mapping, Sequence
from os import environ
from pathlib import Path
from typing import Protocol

from adapters.base import PartnerSettings
from adapters.errors import PartnerAccessError
from adapters.manifest import ManifestError
from adapters.registry import UnknownAdapterError
from adapters.sandbox.state import SandboxPartner, SandboxState, read_state
from gateway.partners.config import PartnerConfig
from schema.model.values import PartnerCode

SANDBOX_ADDRESS = "sandbox:"


class BuildAdapter(Protocol):
    """`adapters.registry.build_adapter`, or a test's own."""

    def __call__(self, adapter_id: str, settings: PartnerSettings) -> object:
        """Return the adapter, ready to be called."""


class AdapterPool:
    """The adapters of this process, by partner code.

    Addresses and secrets are resolved at every use (both are cheap to read), so a
    sandbox that came back on other ports, or a rotated secret, needs no restart.
    """

    def __init__(
        self,
        configs: Sequence[PartnerConfig],
        data_dir: Path,
        build: BuildAdapter,
        environment: Mapping[str, str] = environ,
    ) -> None:
        self._configs = {config.code: config for config in configs}
        self._data_dir = data_dir
        self._build = build
        self._environment = environment
        self._built: dict[PartnerCode, tuple[PartnerSettings, object]] = {}
        self._all: list[object] = []

    def __call__(self, code: PartnerCode) -> object:
        """Return the adapter of a partner.  Raises `PartnerAccessError` if it lacks something."""
        config = self._configs[code]
        settings = self._resolve(config)
        built = self._built.get(code)
        if built is None or built[0] != settings:
            built = settings, self._build_adapter(config, settings)
            self._all.append(built[1])
            self._built[code] = built
        return built[1]

    async def aclose(self) -> None:
        """Close the connections of every adapter, replaced ones too."""
        self._built.clear()
        while self._all:
            close = getattr(self._all.pop(), "aclose", None)
            if close is not None:
                await close()

    def _build_adapter(self, config: PartnerConfig, settings: PartnerSettings) -> object:
        try:
            return self._build(config.adapter, settings)
        except (UnknownAdapterError, ManifestError, ValueError) as exc:
            raise PartnerAccessError(config.code, str(exc)) from exc

    def _resolve(self, config: PartnerConfig) -> PartnerSettings:
        sandbox = read_state(self._data_dir) if _needs_sandbox(config) else None
        secrets = {
            name: self._resolve_secret(config, reference, sandbox)
            for name, reference in config.secrets.items()
        }
        address = config.address
        if address == SANDBOX_ADDRESS:
            address = _sandbox_of(config, sandbox).address
        return PartnerSettings(config.code, address, secrets, config.options)

    def _resolve_secret(
        self, config: PartnerConfig, reference: str, sandbox: SandboxState | None
    ) -> str:
        kind, _, name = reference.partition(":")
        found: str | None = None
        if kind == "env":
            found = self._environment.get(name)
        elif kind == "file":
            path = Path(name)
            found = path.read_text(encoding="utf-8").strip() if path.is_file() else None
        elif kind == "sandbox":
            found = _sandbox_of(config, sandbox).secrets.get(name)
        if not found:
            raise PartnerAccessError(config.code, f"its secret {reference!r} is not set here")
        return found


def _needs_sandbox(config: PartnerConfig) -> bool:
    return any(text.startswith("sandbox:") for text in (config.address, *config.secrets.values()))


def _sandbox_of(config: PartnerConfig, sandbox: SandboxState | None) -> SandboxPartner:
    if sandbox is None or config.code not in sandbox.partners:
        raise PartnerAccessError(
            config.code, "no sandbox is running here: start it with `mitra sandbox run`"
        )
    return sandbox.partners[config.code]
