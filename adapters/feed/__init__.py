"""Partners without an API: CSV, JSON, JSON lines or XML, configured in the partners file."""

from adapters.feed.client import Adapter

__all__ = ["Adapter"]
