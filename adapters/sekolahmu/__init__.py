"""Sekolah.mu: a GraphQL API with connections, whose failures are HTTP 200."""

from adapters.sekolahmu.client import Adapter

__all__ = ["Adapter"]
