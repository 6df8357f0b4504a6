"""What partners can call, as OpenAPI: made from the models that read their requests.

`docs/partners/openapi.json` is a copy; `make docs` writes it.
"""
