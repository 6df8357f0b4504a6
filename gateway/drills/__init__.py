"""Drills: real databases and processes under what must never go wrong."""
