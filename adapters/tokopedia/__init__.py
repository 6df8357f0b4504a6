"""Tokopedia: a marketplace's products, with the course hidden in their attributes."""

from adapters.tokopedia.client import Adapter

__all__ = ["Adapter"]
