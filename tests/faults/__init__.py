"""A server that misbehaves on demand at every point of a call, and what the SDK makes of each fault.

`steps` are what a server can do, `cases` say what it does and what must come of it, `observe` makes the calls,
`table` writes down what was seen. `python -m tests.faults` writes `docs/internals/reliability.md` anew.
"""
