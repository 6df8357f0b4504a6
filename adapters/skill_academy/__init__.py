"""Skill Academy by Ruangguru: a REST API with an opaque cursor."""

from adapters.skill_academy.client import Adapter

__all__ = ["Adapter"]
