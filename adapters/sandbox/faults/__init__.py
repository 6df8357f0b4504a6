"""How the sandbox's partners misbehave when they are told to, and what must come of it.

A `Fault` is named (`registry.py`), set at one partner by a `FaultOrder`, and strikes in the
`FaultLayer` before the partner's facade.  What must come of it stands beside it as data: the
matrix of faults and adapters is run by `adapters/matrix.py`.
"""
