"""The official partner API: partners that call us, signed, about what they sell on their sites.

The contract is `docs/partners/official-api.md`.
"""
