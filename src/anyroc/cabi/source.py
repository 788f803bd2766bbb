"""The C source and the version script of a library, made from its table.

A generated function looks up its Python body, calls it and gives its result back. `runtime.c` holds
what all libraries share. Beside a table NAME.table may lie NAME.c with C bodies and with what a
return type T asks for: BEFORE_T (a statement that may return early), AFTER_T(result) and MISSING_T
(the result where there is no body). NAME.c may include files
beside it. A function FAST_NAME there is asked before Python is: it returns the call's result, or
ASK_PYTHON when it has done nothing. SPT(call) does the same for the function NAME_spt.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from anyroc.cabi.table import Function, Passing, Table, table_path

_HERE = Path(__file__).parent
_INCLUDE = re.compile(r'^#include "(\w+\.c)"$', re.MULTILINE)
_C_BODY = re.compile(r"^API [\w *]*?(\w+)\(", re.MULTILINE)
_FAST = re.compile(r"\bFAST_(\w+)[(,]")
_HOOK = re.compile(r"(?:#define |static inline int )(?:BEFORE|AFTER|MISSING)_(\w+)")
_RELEASES = re.compile(r"(?i)(free|destroy|unload|unregister|release)")
"""What gives something back, which has been done for it when Python is gone."""
_SPREAD = ("int", "unsigned int")
"""Elements of the structures whose members reach the body as arguments of their own; of other
structures the body gets the address."""


def c_source(table: Table, name: str, libpython: str, python_path: str) -> str:
    """Return the C source of the library of the table called `name`.

    `libpython` and `python_path` are what a program without Python starts one from.
    """
    own = own_source(name)
    written = c_bodies(name)
    hooks = set(_HOOK.findall(own))
    quick = set(_FAST.findall(own))
    names = ",\n".join(f'    "{function.name}"' for function in table.functions)
    return "\n".join(
        [
            f"#define FUNCTIONS {len(table.functions)}",
            f"#define BIND_PYTHON {_quoted(table.python)}",
            f"#define DEFAULT_LIBPYTHON {_quoted(libpython)}",
            f"#define FIND_ANYROC {_quoted(_find_anyroc(python_path))}",
            (_HERE / "runtime.c").read_text(encoding="utf-8"),
            *(
                f"typedef struct {{ {passing.element} v[{passing.count}]; }} {c_type};"
                for c_type, passing in table.types.items()
                if passing.count > 1
            ),
            "enum {",
            *(f"    INDEX_{f.name} = {index}," for index, f in enumerate(table.functions)),
            "};",
            own,
            f"static const char *const function_names[FUNCTIONS] = {{\n{names}\n}};",
            *(
                _wrapper(
                    *(table, index, function),
                    hooked=function.returns in hooks,
                    fast=_fast_name(function.name, quick),
                )
                for index, function in enumerate(table.functions)
                if function.name not in written
            ),
        ]
    )


def _find_anyroc(python_path: str) -> str:
    """Return the Python statements after which anyroc can be imported."""
    here = sys.version_info[:2]
    return f"""\
import importlib.util, os, sys
if importlib.util.find_spec('anyroc') is None:
    if sys.version_info[:2] != {here}:
        raise SystemExit('anyroc: Python %d.%d does not have it: pip install anyroc into its '
                         'environment' % sys.version_info[:2])
    sys.path += os.environ.get('ANYROC_PYTHONPATH', r'{python_path}').split(':')
"""


def _quoted(text: str) -> str:
    """Return a C string literal."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def own_source(name: str) -> str:
    """Return the hand-written C of the table called `name`, or nothing."""
    path = table_path(name).with_suffix(".c")
    if not path.exists():
        return ""
    text = path.read_text(encoding="utf-8")
    return _INCLUDE.sub(lambda line: (_HERE / line[1]).read_text(encoding="utf-8"), text)


def c_bodies(name: str) -> frozenset[str]:
    """Return the names of the functions that the hand-written C of a table defines."""
    return frozenset(_C_BODY.findall(own_source(name)))


def version_script(table: Table) -> str:
    """Return the linker's version script: nodes NODE_VERSION in a chain, all else hidden."""
    if not table.node:
        everything = "; ".join(function.name for function in table.functions)
        return f"{{ global: {everything}; anyroc_*; local: *; }};\n"
    lines: list[str] = []
    before = ""
    for version in table.versions:
        names = [function.name for function in table.functions if function.version == version]
        hidden = " local: *;" if not before else ""
        lines.append(f"{table.node}_{version} {{ global: {'; '.join(names)};{hidden} }}{before};")
        before = f" {table.node}_{version}"
    lines.append("ANYROC { global: anyroc_*; };")
    return "\n".join(lines) + "\n"


def spread(passing: Passing) -> bool:
    """Tell whether the members of a structure by value reach the body one by one."""
    return passing.count > 1 and passing.element in _SPREAD


def _fast_name(name: str, quick: set[str]) -> str:
    """Return the FAST_… function of a row with its C macro for `_spt` functions; "" if none."""
    if name in quick:
        return f"FAST_{name}"
    plain = name.removesuffix("_spt")
    return f"SPT(FAST_{plain}" if plain in quick and plain != name else ""


def _wrapper(table: Table, index: int, function: Function, *, hooked: bool, fast: str) -> str:
    """Return the C function that stands for row `index`."""
    parameters: list[str] = []
    types: list[str] = []
    values: list[str] = []
    for position, argument in enumerate(function.arguments):
        passing = table.passing(argument.type)
        name = f"a{position}"
        if passing.count == 1:
            parameters.append(f"{passing.element} {name}")
            types.append(passing.element)
            values.append(name)
            continue
        parameters.append(f"{argument.type} {name}")
        if spread(passing):
            types += [passing.element] * passing.count
            values += [f"{name}.v[{member}]" for member in range(passing.count)]
        else:
            types.append("void *")
            values.append(f"&{name}")
    returns = "void" if function.returns == "void" else table.passing(function.returns).element
    kind = function.returns
    before = f"    BEFORE_{kind};\n" if hooked else ""
    if fast:
        names = ", ".join(f"a{position}" for position in range(len(function.arguments)))
        call = f"{fast}({names}" + ")" * (fast.count("(") + 1)
        before += f"    int fast = LIKELY(state == BOUND) ? {call} : "
        before += "ASK_PYTHON;\n    if (LIKELY(fast != ASK_PYTHON))\n"
        before += f"        return AFTER_{kind}(fast);\n"
    roles = table.remembered.get(function.name)
    if roles:
        before += _question(index, roles)
        before += "    if (LIKELY(state == BOUND && answer_find(&question)))\n"
        before += f"        return AFTER_{kind}(0);\n"
    call = f"(({returns} (*)({', '.join(types) or 'void'}))body)({', '.join(values)})"
    missing = f"MISSING_{kind}" if hooked else str(table.missing.get(kind, 0))
    if _RELEASES.search(function.name):
        missing = f"(state == CLOSED ? 0 : {missing})"
    if kind == "void":
        result = f"    if (body)\n        {call};"
    elif roles:
        result = (
            f"    int result = body ? {call} : {missing};\n    if (body && result == 0)\n"
            f"        answer_keep(&question);\n    return AFTER_{kind}(result);"
        )
    elif hooked:
        result = f"    return AFTER_{kind}(body ? {call} : {missing});"
    else:
        result = f"    return body ? {call} : {missing};"
    return (
        f"API {returns} {function.name}({', '.join(parameters) or 'void'})\n{{\n{before}"
        f"    entry_fn body = enter({index});\n{result}\n}}"
    )


def _question(index: int, roles: tuple[str, ...]) -> str:
    """Return the C declaration of what a call asks, by the roles of its arguments."""
    parts = {
        "value": [f"(uint64_t)a{at}" for at, role in enumerate(roles) if role == "="],
        "place": [f"a{at}" for at, role in enumerate(roles) if role.startswith("*")],
        "size": [role[1:].replace('"', "0") for role in roles if role.startswith("*")],
    }
    text = next((f"a{at}" for at, role in enumerate(roles) if role == '"'), "NULL")
    members = [
        f".function = {index}",
        f".values = {len(parts['value'])}",
        f".places = {len(parts['place'])}",
        f".text = {text}",
        f".string = {int('*' + chr(34) in roles)}",
        *(f".{name} = {{{', '.join(items)}}}" for name, items in parts.items() if items),
    ]
    return f"    struct question question = {{{', '.join(members)}}};\n"
