"""The built-in partners list: the sandbox's ten."""

from pathlib import Path

SANDBOX_PARTNERS = Path(__file__).with_name("sandbox_partners.toml")
