"""Canonical records: frozen, slotted, standard library only."""
