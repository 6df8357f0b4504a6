"""Checking a partner: the conformance suite over a live one, and faults over a private sandbox."""
