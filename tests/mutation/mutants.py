"""The mutants of a module: its source with one small mistake each, as mutmut makes them.

mutmut's operators are used and not mutmut itself: it changes functions only, and chooses for a mutant the tests that
were seen to call its function. Here much of what counts is in tables, and readers are compiled once and then kept, so
the first test to need one seems to be the only one.
"""

import re
from dataclasses import dataclass
from difflib import ndiff

import libcst as cst
import libcst.matchers as m
from libcst.metadata import MetadataWrapper, ParentNodeProvider, PositionProvider
from mutmut.mutation.mutators import mutation_operators

# What does nothing when the code runs: it is for readers and for type checkers.
_NOTHING_DONE = (
    m.Annotation()
    | m.Import()
    | m.ImportFrom()
    | m.If(test=m.Name("TYPE_CHECKING"))
    | m.Expr(value=m.SimpleString() | m.ConcatenatedString())
    | m.Assign(targets=[m.AssignTarget(target=m.Name("__all__"))])
    | m.Assign(value=m.Call(func=m.Name("TypeVar")))
    | m.AnnAssign(annotation=m.Annotation(annotation=m.Name("TypeAlias")))
)
_CAST = m.Call(func=m.Name("cast"))


@dataclass(frozen=True)
class Mutant:
    line: int
    was: str
    now: str
    source: str

    @property
    def change(self):
        return self.was, self.now

    def __str__(self):
        return f"{self.line}: {self.was}  ->  {self.now}"


def mutants_of(source):
    """Every mutant of this source, from top to bottom."""
    wrapper = MetadataWrapper(cst.parse_module(source))
    maker = _Maker()
    wrapper.visit(maker)
    found, seen = [], {source}
    for line, node, mutated in maker.changes:
        text = wrapper.module.deep_replace(node, mutated).code
        if text not in seen:
            seen.add(text)
            was, now = _difference(source, text)
            found.append(Mutant(line, was, now, text))
    return found


def _template(node):
    """A text of several lines that is no docstring is code to be compiled: one `is` or `is not` of it turned round."""
    if node.value.startswith('"""'):
        for found in re.finditer(r" is( not)? ", node.value):
            turned = " is " if found[1] else " is not "
            yield node.with_changes(value=f"{node.value[: found.start()]}{turned}{node.value[found.end() :]}")


class _Maker(cst.CSTVisitor):
    METADATA_DEPENDENCIES = (PositionProvider, ParentNodeProvider)

    def __init__(self):
        super().__init__()
        self.changes = []

    def on_visit(self, node):
        if m.matches(node, _NOTHING_DONE):
            return False
        if isinstance(node, cst.Arg) and m.matches(self.get_metadata(ParentNodeProvider, node), _CAST):
            call = self.get_metadata(ParentNodeProvider, node)
            return node is not call.args[0]
        if not m.matches(node, _CAST):
            line = self.get_metadata(PositionProvider, node).start.line
            self.changes += [
                (line, node, mutated)
                for kind, operator in (*mutation_operators, (cst.SimpleString, _template))
                if isinstance(node, kind)
                for mutated in operator(node)
            ]
        return True


def _difference(old, new):
    lines = list(ndiff(old.splitlines(), new.splitlines()))
    return tuple(" ".join(line[2:].strip() for line in lines if line.startswith(sign)) for sign in ("- ", "+ "))
