"""The programme's rules, as the settings have them."""

from gateway.enrolment.rules.book import BUILT_IN, RuleBook, load_rule_book
from gateway.settings import Settings


def load_rules(settings: Settings) -> RuleBook:
    """Return the built-in rules, and those that the settings add."""
    return load_rule_book(BUILT_IN, *([settings.rules] if settings.rules else []))
