"""Where operators act: desks over catalogue and ledger at once.

The catalogue's rows and the audit trail may lie in two databases.  So an act is written into
the trail before it is carried out: what was done is always there, and what a crash prevented
may be, too.
"""
