"""Learners' personal data: keys from outside, sealed contacts, national ids, consent, erasure."""
