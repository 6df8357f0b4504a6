"""Every partner's wire format over real HTTP on loopback, for the demo, tests and drills."""
