"""Sisnaker (Ministry of Manpower): XML lists of trainings at vocational centres."""

from adapters.sisnaker.client import Adapter

__all__ = ["Adapter"]
