"""Questions that are answered by measuring: `python -m benchmarks` lists them.

A file here is a question: its docstring's first line asks it, and `main(arguments)` answers it and gives the status.
`lib` has what questions share, `children` the programs that run in processes of their own, `node` those for Node.
"""
