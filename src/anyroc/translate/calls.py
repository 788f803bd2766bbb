"""Where indirect jumps go, as far as one can see: addresses computed from the program counter.

Compilers reach another function, or a branch too far for its offset, by ``s_getpc_b64``, adding
a constant and ``s_swappc_b64`` or ``s_setpc_b64``; addresses in the global offset table are
loaded in between.
"""

from __future__ import annotations

from collections.abc import Container

from anyroc.isa.instruction import Instruction, Operand
from anyroc.semantics.core import OPERATIONS, Op
from anyroc.translate.codeobject import CodeObject

__all__ = ["AddressTracker", "functions"]

_WORD = 0xFFFFFFFF
_RETURN_ADDRESS = 30


def functions(code: CodeObject) -> set[int]:
    """The device functions of a code object: what a call of unknown target may reach.

    Those are its function symbols, kernels excluded, and addresses of code that it has in its data.
    """
    found = set()
    for symbol in code.symbols.values():
        if symbol.kind == "func" and symbol.size and f"{symbol.name}.kd" not in code.symbols:
            found.add(symbol.vaddr)
    return found | set(_pointers(code).values())


def _pointers(code: CodeObject) -> dict[int, int]:
    """Addresses of code that the loader puts into memory, by where it puts them."""
    return {
        r.vaddr: target
        for r in code.relocations
        for target in [(r.symbol.vaddr if r.symbol else 0) + r.addend]
        if any(s.flags & 1 and 0 <= target - s.vaddr < s.filesz for s in code.segments)
    }


class AddressTracker:
    """Follows addresses through straight-line code.

    ``resolved`` maps the address of a jump to (address of the ``s_getpc_b64`` that it rests on,
    target); the claim holds if no other code joins in between.
    """

    def __init__(self, code: CodeObject) -> None:
        self.resolved: dict[int, tuple[int, int]] = {}
        self._pointers = _pointers(code)
        # Halves of code addresses by register: (value, where their s_getpc_b64 is).
        self._words: dict[int, tuple[int, int]] = {}
        self._carry: int | None = None

    @property
    def active(self) -> bool:
        """Whether there is anything to follow."""
        return bool(self._words)

    def restart(self) -> None:
        """Other code may come here."""
        self._words.clear()
        self._carry = None

    def step(self, inst: Instruction) -> None:
        """Notes what an instruction does."""
        if inst.op == "s_getpc_b64":
            self._carry = None
            self._set(inst.dst[0].index, inst.offset + inst.size, 2, inst.offset)
        elif self._words:
            self._follow(inst)

    def jump(self, inst: Instruction, code: Container[int]) -> int | None:
        """Where in ``code`` ``s_setpc_b64`` or ``s_swappc_b64`` goes, None if that is unknown."""
        found = self._read(inst.src[0], 2)
        if found is None or found[0] not in code:
            return None
        self.resolved[inst.offset] = found[1], found[0]
        return found[0]

    @staticmethod
    def is_return(inst: Instruction) -> bool:
        """Whether a jump uses the register of the calling convention's return address."""
        return inst.src[0].kind == "s" and inst.src[0].index == _RETURN_ADDRESS

    def _read(self, operand: Operand, count: int) -> tuple[int, int] | None:
        if operand.kind != "s":
            return None
        value, origins = 0, []
        for i in range(count):
            word = self._words.get(operand.index + i)
            if word is None:
                return None
            value |= word[0] << 32 * i
            origins.append(word[1])
        return value, min(origins)

    def _set(self, index: int, value: int, count: int, origin: int) -> None:
        for i in range(count):
            self._words[index + i] = value >> 32 * i & _WORD, origin

    def _follow(self, inst: Instruction) -> None:
        name = inst.op
        count = 2 if name.endswith("64") else 1
        known = [found for o in inst.src if (found := self._read(o, count)) is not None]
        constant = sum(int(o.value) for o in inst.src if o.kind == "const")
        plain = all(o.kind in ("s", "const", "none") for o in inst.src)
        carry = self._carry
        entry = OPERATIONS.get(name)
        if isinstance(entry, Op) and any(s.role == "scc" for s in entry.results):
            self._carry = None
        for operand in inst.dst:
            if operand.kind == "s":
                for i in range(operand.count):
                    self._words.pop(operand.index + i, None)
        if len(known) != 1 or not inst.dst or not plain:
            return
        value, origin = known[0]
        dst = inst.dst[0].index
        only = len(inst.src) == 1
        fixed = len(inst.src) == 2 and any(o.kind == "const" for o in inst.src)
        if name == "s_load_b64":
            self._load(inst, dst)
        elif name in ("s_mov_b32", "s_mov_b64") and only:
            self._set(dst, value, count, origin)
        elif name == "s_add_co_u32" and fixed:
            self._set(dst, value + constant, 1, origin)
            self._carry = value + constant >> 32
        elif name == "s_add_co_ci_u32" and fixed and carry is not None:
            self._set(dst, value + constant + carry, 1, origin)
        elif name == "s_add_nc_u64" and fixed:
            self._set(dst, value + constant, 2, origin)
        elif name == "s_sext_i32_i16" and only:
            sign = _WORD << 16 if value >> 15 & 1 else 0
            self._set(dst, value & 0xFFFF | sign, 1, origin)

    def _load(self, inst: Instruction, dst: int) -> None:
        """A load from the global offset table."""
        base, register = inst.operand("sbase"), inst.operand("soffset")
        if base is None or (register is not None and register.kind != "none"):
            return
        found = self._read(base, 2)
        if found is not None and found[0] + inst.mods.offset in self._pointers:
            target = self._pointers[found[0] + inst.mods.offset]
            self._set(dst, target, 2, found[1])
