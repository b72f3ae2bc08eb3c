"""Small changes to functions: a comparison flipped, an operation swapped, a number off by one, a condition negated."""

from __future__ import annotations

import ast
import importlib
import inspect
import types
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_COMPARED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}
_COUNTED: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.FloorDiv: ast.Mult,
}


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change: the ``place``-th of those that the source of a module allows."""

    module: str
    function: str  # qualified name in the module
    line: int
    what: str
    place: int

    def __str__(self) -> str:
        return f"{self.module.removeprefix('guerdon.')}:{self.line} {self.function}: {self.what}"


def mutants_of(module: str) -> Iterator[Mutant]:
    """Every change to the functions of a module that can be put into the running process."""
    tree = ast.parse(_source(module))
    for place, (node, function) in enumerate(_changeable(tree)):
        if function and live(module, function) is not None:
            yield Mutant(module, function, node.lineno, _change(node), place)


def functions_of(module: str) -> Iterator[tuple[str, int, int]]:
    """Qualified name, first line of the body and last line of each function of a module and its classes."""
    for function, name in _functions(ast.parse(_source(module)).body, ""):
        yield name, function.body[0].lineno, function.end_lineno or function.lineno


def put_in(mutant: Mutant) -> None:
    """Change the function in this process, for whoever has imported it by whatever name."""
    tree = ast.parse(_source(mutant.module))
    node, _ = list(_changeable(tree))[mutant.place]
    _change(node)
    code = compile(ast.fix_missing_locations(tree), f"<{mutant.module}>", "exec", dont_inherit=True)
    function = live(mutant.module, mutant.function)
    assert function is not None
    function.__code__ = _code_named(code, mutant.function)


def live(module: str, function: str) -> types.FunctionType | None:
    """The function object of a qualified name; None if it is not plainly there."""
    found: Any = importlib.import_module(module)
    for part in function.split("."):
        found = inspect.getattr_static(found, part, None)
    found = getattr(found, "fget", None) or getattr(found, "__func__", None) or found
    found = getattr(found, "__wrapped__", found)
    return found if isinstance(found, types.FunctionType) and not found.__code__.co_freevars else None


def _source(module: str) -> str:
    path = importlib.import_module(module).__file__
    assert path is not None
    return Path(path).read_text(encoding="utf-8")


def _code_named(code: types.CodeType, name: str) -> types.CodeType:
    for part in name.split("."):
        code = next(c for c in code.co_consts if isinstance(c, types.CodeType) and c.co_name == part)
    return code


def _changeable(tree: ast.Module) -> Iterator[tuple[Any, str]]:
    """Nodes that can be changed, each with the outermost function that holds it, in the order of the source."""
    for function, name in _functions(tree.body, ""):
        for statement in function.body:
            yield from ((node, name) for node in _nodes(statement) if _can_change(node))


def _functions(body: list[ast.stmt], before: str) -> Iterator[tuple[ast.FunctionDef, str]]:
    """The functions of a module and of its classes, with their qualified names."""
    for statement in body:
        if isinstance(statement, ast.FunctionDef):
            yield statement, before + statement.name
        elif isinstance(statement, ast.ClassDef):
            yield from _functions(statement.body, f"{before}{statement.name}.")


def _nodes(node: ast.AST) -> Iterator[ast.AST]:
    """A node and all below it, docstrings and annotations left out."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return
    yield node
    for name, value in ast.iter_fields(node):
        if name not in ("annotation", "returns"):
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.AST):
                    yield from _nodes(child)


def _can_change(node: ast.AST) -> bool:
    match node:
        case ast.Compare(ops=[op]):
            return type(op) in _COMPARED
        case ast.BinOp(op=op):
            return type(op) in _COUNTED
        case ast.Constant(value=bool()):
            return True
        case ast.Constant(value=int()) | ast.BoolOp() | ast.If() | ast.IfExp() | ast.While():
            return True
    return False


def _change(node: Any) -> str:
    """Change a node in place; says what was done."""
    before = ast.unparse(node.test if isinstance(node, ast.If | ast.While | ast.IfExp) else node)
    match node:
        case ast.Compare():
            node.ops = [_COMPARED[type(node.ops[0])]()]
        case ast.BinOp():
            node.op = _COUNTED[type(node.op)]()
        case ast.Constant(value=bool()):
            node.value = not node.value
        case ast.Constant():
            node.value += 1
        case ast.BoolOp():
            node.op = ast.Or() if isinstance(node.op, ast.And) else ast.And()
        case ast.If() | ast.IfExp() | ast.While():
            node.test = ast.UnaryOp(ast.Not(), node.test)
    after = ast.unparse(node.test if isinstance(node, ast.If | ast.While | ast.IfExp) else node)
    return f"{before} → {after}"
