"""Inline PTX in device code, as C++ that means the same.

`rewritten` takes preprocessed source and replaces each `asm` whose template is PTX. What is not
supported is left as it stands and named, with its place, for the message when the compiler then
refuses it.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

from anyroc.compiler.ptx import instructions, syntax
from anyroc.compiler.ptx.statements import Asm, Operand, asm_statements
from anyroc.compiler.ptx.syntax import Refused

_CONSTRAINTS = {"h": "u16", "r": "u32", "l": "u64", "f": "f32", "d": "f64", "n": "s64"}


@dataclass(frozen=True)
class Rewritten:
    """Source without inline PTX, how many statements of it there were, and what was refused."""

    text: str
    replaced: int
    refused: tuple[str, ...]


def rewritten(text: str) -> Rewritten:
    """Replace the inline PTX of preprocessed source; nothing else in it changes, nor its lines."""
    parts, refused, position = [], [], 0
    replaced = 0
    for number, asm in enumerate(asm_statements(text)):
        if not asm.template.strip():
            continue
        try:
            code = _block(asm, number)
        except Refused as reason:
            refused.append(f"{asm.file}:{asm.line}: error: inline PTX: {reason} is not supported")
            continue
        lines = "\n" * text.count("\n", asm.start, asm.end)
        parts += [text[position : asm.start], code, lines]
        position = asm.end
        replaced += 1
    return Rewritten("".join([*parts, text[position:]]), replaced, tuple(refused))


def _block(asm: Asm, number: int) -> str:
    names = [operand.name for operand in asm.operands]
    template = syntax.numbered(asm.template, names, basic=asm.basic)
    before, after = [], []
    for index, operand in enumerate(asm.operands):
        kind = _kind(operand)
        reads = index >= len(asm.outputs) or "+" in operand.constraint
        value = f"anyroc::ptx::in<anyroc::ptx::{kind}>({operand.expression})" if reads else "0"
        before.append(f"anyroc::ptx::{kind} ptx_{index} = {value};")
        if index < len(asm.outputs):
            after.append(f"anyroc::ptx::out({operand.expression}, ptx_{index});")
    body = _body(template, number)
    fence = "__atomic_signal_fence(__ATOMIC_SEQ_CST);" if "memory" in asm.clobbers else ""
    return (
        f"do {{ {' '.join(before)} {fence} {{ "
        f"bool carry = false, unused_carry; (void)carry; (void)unused_carry; {body} }} {fence} "
        f"{' '.join(after)} }} while (0)"
    )


def _kind(operand: Operand) -> str:
    """Return the type of the register that a constraint asks for."""
    letter = operand.constraint.strip("=+& ")
    if letter not in _CONSTRAINTS:
        raise Refused(f'the constraint "{operand.constraint}"')
    return _CONSTRAINTS[letter]


def _body(template: str, number: int) -> str:
    """Return the statements of a template; those that need the carry of another one are refused."""
    declared, code = [], []
    carry_set = False
    scopes: list[dict[str, str]] = [{}]
    fresh = itertools.count()
    for statement in syntax.statements(template):
        match statement:
            case syntax.Scope(opens=opens):
                scopes.append(dict(scopes[-1])) if opens else scopes.pop()
                if not scopes:
                    raise Refused("an unbalanced }")
            case syntax.Registers(type=kind, names=names):
                for name in (name.removeprefix("%") for name in names):
                    scopes[-1][name] = renamed = f"@{name}_{next(fresh)}"
                    variable = instructions.variable(renamed)
                    declared.append(f"{instructions.type_of(kind)} {variable} = {{}};")
            case syntax.Label(name=name):
                code.append(f"ptx_label_{number}_{_plain(name)}: ;")
            case syntax.Instruction(parts=("bra", *_), operands=(target,), guard=guard):
                jump = f"goto ptx_label_{number}_{_plain(target)};"
                guard = _renamed(guard, scopes[-1])
                code.append(f"if ({instructions.read(guard, 'bool')}) {jump}" if guard else jump)
            case syntax.Instruction(parts=parts, operands=operands, guard=guard):
                if parts[0] in ("addc", "subc", "madc") and not carry_set:
                    raise Refused(f"{'.'.join(parts)} with the carry of another asm statement")
                carry_set |= "cc" in parts
                operands = tuple(_renamed(operand, scopes[-1]) for operand in operands)
                renamed_guard = _renamed(guard, scopes[-1])
                instruction = syntax.Instruction(parts, operands, renamed_guard)
                code.append(f"{{ {instructions.translate(instruction)} }}")
    return instructions.qualified(" ".join([*declared, *code]))


def _plain(label: str) -> str:
    return label.replace("$", "_S").replace("%", "")


def _renamed(operand: str, names: dict[str, str]) -> str:
    """Give declared registers names that are theirs alone in the whole statement, after an @."""
    return syntax.REGISTER.sub(lambda found: names.get(found[1], found[0]), operand)
