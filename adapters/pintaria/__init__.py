"""Pintaria (HarukaEdu): JSON:API, with the institutions only in `included`."""

from adapters.pintaria.client import Adapter

__all__ = ["Adapter"]
