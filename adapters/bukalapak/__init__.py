"""Bukalapak: products under list price and discount, in a list that moves while it is read."""

from adapters.bukalapak.client import Adapter

__all__ = ["Adapter"]
