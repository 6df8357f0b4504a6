"""`mitra demo`: everything at once, to be tried."""

from gateway.demo import demo as run_demo
from gateway.settings import Profile, Settings


def demo() -> None:
    """Start ten sandbox partners and the gateway, and show where they answer."""
    run_demo(Settings(profile=Profile.DEVELOPMENT))
