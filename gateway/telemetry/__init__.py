"""Telemetry: logs, metrics and traces; events with fields, never personal data or secrets."""

from gateway.telemetry.logs import configure_logging as configure_logging
from gateway.telemetry.logs import same_logging as same_logging
from gateway.telemetry.metrics import *  # noqa: F403 - every metric there is
