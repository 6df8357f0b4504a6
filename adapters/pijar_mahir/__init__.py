"""Pijar Mahir (Telkom): REST pages until an empty one, prose in the programme's template."""

from adapters.pijar_mahir.client import Adapter

__all__ = ["Adapter"]
