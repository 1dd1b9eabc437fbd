"""Which statements of a notebook a cell needs, so that an exercise is checked without all the rest.

A walk backwards through the top-level statements before the cell: a statement is needed if it binds
or changes a name that is needed after it, and then it needs names in its turn. What changes a name:
an assignment to one of its items or attributes, a method called on it, and a training: Keras's
`model.fit` changes the model, our `training.fit` its first argument. What a function of the
notebook does to its arguments is not seen.
"""

import ast
import builtins
import functools
import symtable

parse = functools.cache(ast.parse)  # of a source, always the same objects

CERTAIN = (ast.With, ast.FunctionDef, ast.ClassDef)  # these blocks bind their names always


@functools.cache
def symbols(node):
    """Returns the symbol tables of a statement: its own first, then those of nested scopes."""
    tables = [symtable.symtable(ast.unparse(node), "cell", "exec")]
    for table in tables:
        tables += table.get_children()
    return tables


def bound(statement):
    """Returns the names that a statement assigns, imports or defines."""
    return {
        s.get_name()
        for s in symbols(statement)[0].get_symbols()
        if s.is_assigned() or s.is_imported() or s.is_namespace()
    }


def read(node):
    """Returns the global names that a statement reads, those inside its functions, too."""
    top, *nested = symbols(node)
    names = {s.get_name() for s in top.get_symbols() if s.is_referenced()}
    return names | {s.get_name() for t in nested for s in t.get_symbols() if s.is_global()}


def root(node):
    """Returns the name at which an expression such as a.b[0].c() begins, or None."""
    while isinstance(node, (ast.Attribute, ast.Subscript, ast.Call, ast.Starred)):
        node = node.func if isinstance(node, ast.Call) else node.value
    return getattr(node, "id", None)


def changed(statement):
    """Returns the names whose objects a statement may change."""
    names = set()
    if isinstance(statement, (ast.FunctionDef, ast.ClassDef)):
        return names
    for node in ast.walk(statement):
        match node:
            case ast.Attribute(ctx=ast.Store()) | ast.Subscript(ctx=ast.Store()):
                names.add(root(node))
            case ast.Expr(ast.Call(ast.Attribute())):
                names.add(root(node.value))
            case ast.Call(ast.Attribute(ast.Name("training"), "fit")):
                names |= set(map(root, node.args[:1]))
            case ast.Call(ast.Attribute(attr="fit")):
                names.add(root(node.func))
    return names


def required(statements):
    """Returns the names that must be there before these statements are executed."""
    names = set()
    for statement in reversed(statements):
        names -= bound(statement)
        blocks = [b for b in (getattr(statement, key, []) for key in ("body", "orelse")) if b]
        if not blocks or isinstance(statement, (ast.FunctionDef, ast.ClassDef, ast.Try)):
            names |= read(statement)
        else:
            header = ast.parse(ast.unparse(statement)).body[0]
            header.body, header.orelse = [ast.Pass()], []
            inside = set().union(*map(required, blocks)) - bound(header)
            names |= read(header) | inside
        if isinstance(statement, ast.AugAssign):
            names.add(root(statement.target))
    return names


def needed_statements(cells, whole):
    """Returns {number of a cell: its statements that are needed} by the cells with these numbers.

    cells: their sources, in order. Of the cells in `whole`, every statement is needed.
    """
    numbered = [(i, statement) for i, s in enumerate(cells) for statement in parse(s).body]
    imports = [s for _, s in numbered if isinstance(s, (ast.Import, ast.ImportFrom))]
    modules = set().union(*map(bound, imports))
    later = set()  # read inside functions that stand before what binds them
    while True:
        names, kept = set(later), {}
        for i, statement in reversed(numbered):
            if i in whole or (bound(statement) | changed(statement) - modules) & names:
                kept[i] = [statement, *kept.get(i, [])]
                if isinstance(statement, CERTAIN) or not hasattr(statement, "body"):
                    names -= bound(statement) - later if i in whole else bound(statement)
                names |= required([statement])
        missing = names - set(dir(builtins)) - later
        if not missing:
            return dict(sorted(kept.items()))
        later |= missing


def needed(before, cell):
    """Returns the source of the statements in `before`, the cells' sources, that `cell` needs."""
    kept = needed_statements([*before, cell], {len(before)})
    del kept[len(before)]
    return "\n".join(
        ast.unparse(statement) for statements in kept.values() for statement in statements
    )
