"""Webhooks by the Standard Webhooks specification: partners' to us, and ours to other systems.

The contract is `docs/partners/webhooks.md`.
"""
