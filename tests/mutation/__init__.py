"""Mutation testing: small mistakes are put into the code one by one, and some test must notice each.

`mutants` makes them of a module's source, `trial` tells whether the tests notice one, `page` writes down what came of
it, `equivalent.toml` says of each that cannot be noticed why that is. `python -m tests.mutation` runs it all.
"""
