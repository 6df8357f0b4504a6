"""Lists that partners push: rows as they stream in, staged and settled like lists that we fetch.

The contract is `docs/partners/push.md`.
"""
