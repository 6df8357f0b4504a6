"""The web application as the servers' processes ask for it, which import nothing before it."""

from importlib import import_module

from starlette.types import ASGIApp

from gateway import collecting


def create_app() -> ASGIApp:
    """Return the web application as the environment describes it.

    It is imported and made without looking for garbage: nearly all of it comes to stay.
    """
    with collecting.paused():
        made: ASGIApp = import_module("gateway.asgi").create_app_from_environment()
    return made
