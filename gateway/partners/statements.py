"""Which partners can be reconciled: those whose adapters list what they hold."""

from collections.abc import Mapping, Sequence

from adapters.base import Capability
from adapters.manifest import Manifest
from adapters.registry import manifests
from gateway.partners.config import PartnerConfig
from schema.model.values import PartnerCode, PartnerState

# A partner that has left, or never was let in, is asked nothing.
_ASKED = {PartnerState.ACTIVE, PartnerState.PAUSED, PartnerState.SUSPENDED}


def partners_with_statements(configs: Sequence[PartnerConfig]) -> Sequence[PartnerCode]:
    """Return the partners that take enrolments and list them, in the order of `configs`."""
    known = {manifest.id: manifest for manifest in manifests()}
    return [
        config.code
        for config in configs
        if config.partner.state in _ASKED and _has_statements(config, known)
    ]


def _has_statements(config: PartnerConfig, known: Mapping[str, Manifest]) -> bool:
    """Return whether a partner's adapter lists bookings; a feed does where it takes them."""
    manifest = known.get(config.adapter)
    if manifest is None or Capability.STATEMENT not in manifest.capabilities:
        return False
    return manifest.id != "feed" or "enrolments" in config.options
