"""My Partner: a REST API with numbered pages."""

from adapters.my_partner.client import Adapter

__all__ = ["Adapter"]
