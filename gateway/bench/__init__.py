"""Measurements of what a running gateway does, to be printed and stored."""
