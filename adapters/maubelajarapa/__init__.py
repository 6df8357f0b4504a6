"""MauBelajarApa: one CSV file of dated classes, behind a signed address."""

from adapters.maubelajarapa.client import Adapter

__all__ = ["Adapter"]
