"""What any bytes at all are held to, and the inputs that were found to lead somewhere new.

`targets` state what must hold, `corpus` keeps the inputs, `seeds` begin the search. `python -m tests.fuzz`
lets atheris search for an input that breaks a target; without it, the tests play what is in the corpus.
"""
