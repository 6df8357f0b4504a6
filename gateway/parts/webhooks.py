"""The webhooks part: what partners tell us, and what we tell subscribed systems."""

from collections.abc import Coroutine
from typing import Any

from gateway.clock import utc_now
from gateway.keyrings import build_partner_api_keyring
from gateway.partner_api.vault import Vault
from gateway.partners.sandbox import partners_reach
from gateway.parts.enrolment import EnrolmentPart
from gateway.parts.partners import PartnersPart
from gateway.settings import Settings
from gateway.webhooks.incoming import WebhookDesk, WebhookEndpoint
from gateway.webhooks.outgoing import WebhookSender
from gateway.webhooks.partner_secrets import PartnerSecrets
from gateway.webhooks.posting import HttpPost
from gateway.webhooks.signals import SignalDesk


class WebhooksPart:
    """Everything about webhooks, over the ledger.  Raises `KeyringError`."""

    def __init__(
        self, settings: Settings, partners: PartnersPart, enrolment: EnrolmentPart, holder: str
    ) -> None:
        ledger, vault = enrolment.ledger, Vault(build_partner_api_keyring(settings))
        configs = {config.code: config for config in partners.configs}
        self._signals = SignalDesk(
            ledger, partners.calls, now=utc_now, holder=holder, notify=enrolment.notify
        )
        self.incoming = WebhookEndpoint(
            configs,
            PartnerSecrets(ledger, vault, configs.keys(), utc_now),
            WebhookDesk(
                ledger, enrolment.partner_reports, enrolment.progress, self._signals, utc_now
            ),
            utc_now,
        )

        reach = partners_reach(settings)
        self._sender = WebhookSender(
            ledger, vault, lambda url: HttpPost(url, reach, utc_now), now=utc_now, holder=holder
        )

    def work(self, *, background: bool) -> list[Coroutine[Any, Any, None]]:
        """Return what runs for ever."""
        return [self._signals.run(), self._sender.run()] if background else []
