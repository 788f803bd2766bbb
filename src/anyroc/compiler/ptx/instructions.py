"""What PTX instructions mean, as C++ over the functions of anyroc/ptx.h.

Source of the meaning: NVIDIA, "Parallel Thread Execution ISA", Instruction Set.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from anyroc.compiler.ptx.syntax import Instruction, Refused

_TYPES = {
    **{f"{kind}{bits}": f"{kind}{bits}" for kind in "us" for bits in (8, 16, 32, 64)},
    **{f"b{bits}": f"u{bits}" for bits in (8, 16, 32, 64)},
    "f16": "f16", "f16x2": "f16x2", "f32": "f32", "f64": "f64", "pred": "bool",
}  # fmt: skip
_NUMBER = re.compile(r"-?(?:0[xX][0-9a-fA-F]+|0[bB][01]+|\d+)U?$")
_FLOAT_BITS = re.compile(r"-?0([fFdD])([0-9a-fA-F]+)$")
_DECIMAL = re.compile(r"-?\d+\.\d*(?:[eE][-+]?\d+)?$")
_ADDRESS = re.compile(r"\[\s*([#@%\w$]+)\s*(?:\+\s*(-?\w+))?\s*\]$")
_SPECIAL = {
    "%laneid": "anyroc::lane_of_warp()",
    "%warpid": "warp_of_block()", "%nwarpid": "warps_of_block()",
    "%smid": "0", "%nsmid": "1", "%gridid": "0", "WARP_SZ": "32",
    "%clock": "::clock64()", "%clock_hi": "(::clock64() >> 32)", "%clock64": "::clock64()",
    "%globaltimer": "::globaltimer()", "%globaltimer_lo": "::globaltimer()",
    "%globaltimer_hi": "(::globaltimer() >> 32)",
    "%lanemask_eq": "lane_bit()", "%lanemask_lt": "(lane_bit() - 1)",
    "%lanemask_le": "(2 * lane_bit() - 1)", "%lanemask_gt": "~(2 * lane_bit() - 1)",
    "%lanemask_ge": "~(lane_bit() - 1)",
    **{f"%{ptx}.{axis}": f"{cuda}.{axis}" for axis in "xyz" for ptx, cuda in (
        ("tid", "threadIdx"), ("ntid", "blockDim"), ("ctaid", "blockIdx"), ("nctaid", "gridDim"))},
}  # fmt: skip
_SPACES = {"global": "u64", "const": "u64", "param": "u64", "shared": "u32"}
_SCOPES = {"cta": "WORKGROUP", "gpu": "AGENT", "sys": "SYSTEM", "cluster": "AGENT"}
_EXACT = ("rn", "approx", "full", "ftz")
"""Modifiers that make no difference: results are rounded to nearest; denormals are kept."""
_COMPARE = {
    "eq": "==", "ne": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">=",
    "lo": "<", "ls": "<=", "hi": ">", "hs": ">=",
}  # fmt: skip

_HEADER = (
    r"[us](?:8|16|32|64)|f16x2|f(?:16|32|64)|get|put|lane_bit|warp_of_block|warps_of_block"
    r"|add_carry|sub_borrow|shift_left|shift_right|mul24|lop3|complement|bfe|bfi|population"
    r"|leading_zeros|reversed|highest_bit|(?:add|sub|mul|fma)(?:_sat)?|divide|least|greatest"
    r"|absolute|copy_sign|reciprocal|root|inverse_root|power_of_2|log_2|sine|cosine"
    r"|hyperbolic_tangent|pair_of|convert|exact|r[nzmp]|shared_address|load|store|plain"
    r"|atomic_[a-z]+|copy_async|shuffle_[a-z]+"
)
_NAMES = re.compile(rf"(?<![\w:.])(?:{_HEADER})\b")
Handler = Callable[[Instruction], str]


def type_of(name: str) -> str:
    """Return the C++ type of a PTX type."""
    if name not in _TYPES:
        raise Refused(f"the type .{name}")
    return _TYPES[name]


def variable(operand: str) -> str:
    """Return the C++ variable of an operand of the `asm` (``#0``) or of a register (``@name``)."""
    if not re.fullmatch(r"[#@][\w$]+", operand):
        raise Refused(f"the operand {operand}")
    prefix = "ptx_" if operand[0] == "#" else "reg_"
    return prefix + operand[1:].replace("$", "_S")


def read(operand: str, kind: str) -> str:
    """Return the value of an operand as a C++ type."""
    bits = _FLOAT_BITS.match(operand)
    if bits:
        value = f"get<{'f32' if bits[1] in 'fF' else 'f64'}>(0x{bits[2]}ull)"
        return f"get<{kind}>({'-' if operand[0] == '-' else ''}{value})"
    if _NUMBER.match(operand):
        return f"{kind}({operand.rstrip('U')}ll)"
    if _DECIMAL.match(operand):
        return f"{kind}({operand})"
    if operand in _SPECIAL:
        return f"{kind}({_SPECIAL[operand]})"
    if operand.startswith("!"):
        return f"!{read(operand[1:], kind)}"
    if operand.startswith("-"):
        return f"-{read(operand[1:], kind)}"
    return f"get<{kind}>({variable(operand)})"


def write(operand: str, value: str) -> str:
    """Return the assignment of a value to an operand; ``_`` takes anything."""
    return f"(void)({value});" if operand == "_" else f"put({variable(operand)}, {value});"


def qualified(code: str) -> str:
    """Name the header's types and functions in full: a program may have others of these names."""
    return _NAMES.sub(lambda found: f"anyroc::ptx::{found[0]}", code)


def translate(instruction: Instruction) -> str:
    """Return the C++ statement of an instruction; raises Refused."""
    handler = _HANDLERS.get(instruction.parts[0])
    if handler is None:
        raise Refused(f"the instruction {instruction.name}")
    try:
        code = handler(instruction)
    except (IndexError, ValueError):
        raise Refused(f"this form of the instruction {instruction.name}") from None
    if instruction.guard:
        return f"if ({read(instruction.guard, 'bool')}) {{ {code} }}"
    return code


def _only(instruction: Instruction, *modifiers: str) -> None:
    """Refuse an instruction with other modifiers than these."""
    if not set(instruction.parts[1:-1]) <= {*modifiers, *_EXACT}:
        raise Refused(f"the instruction {instruction.name}")


def _values(instruction: Instruction, kind: str) -> list[str]:
    return [read(operand, kind) for operand in instruction.operands[1:]]


def _expression(template: str, *, unsigned: bool = False) -> Handler:
    """An instruction whose last part is the type of all operands; {0}, {1}, … are its sources."""

    def handle(instruction: Instruction) -> str:
        _only(instruction, "lo")
        kind = type_of(instruction.parts[-1])
        if unsigned and kind[0] == "s":
            kind = "u" + kind[1:]
        value = template.format(*_values(instruction, kind), T=kind)
        return write(instruction.operands[0], f"{kind}({value})")

    return handle


def _function(name: str, *, arguments: int | None = None) -> Handler:
    """An instruction that is a function template of its type."""

    def handle(instruction: Instruction) -> str:
        _only(instruction, "lo")
        kind = type_of(instruction.parts[-1])
        values = _values(instruction, kind)
        if arguments is not None and len(values) != arguments:
            raise IndexError
        return write(instruction.operands[0], f"{name}<{kind}>({', '.join(values)})")

    return handle


def _arithmetic(instruction: Instruction) -> str:
    """Addition and subtraction, with carry in and out where asked for."""
    root = instruction.parts[0]
    _only(instruction, "cc", "sat")
    kind = type_of(instruction.parts[-1])
    a, b = _values(instruction, kind)
    if kind in ("u16", "s16", "u32", "s32", "u64", "s64") and not instruction.has("sat"):
        wide = "u" + kind[1:]
        a, b = (read(operand, wide) for operand in instruction.operands[1:])
        carry_in = "carry" if root in ("addc", "subc") else "0"
        name = "add_carry" if root.startswith("add") else "sub_borrow"
        out = "carry" if instruction.has("cc") else "unused_carry"
        return write(instruction.operands[0], f"{name}<{wide}>({a}, {b}, {carry_in}, {out})")
    saturated = "_sat" if instruction.has("sat") else ""
    return write(instruction.operands[0], f"{root}{saturated}<{kind}>({a}, {b})")


def _multiply(instruction: Instruction) -> str:
    """mul and mad: .lo, .hi, .wide; floating point as one type."""
    add = instruction.parts[0] != "mul"
    _only(instruction, "lo", "hi", "wide", "cc", "sat")
    kind = type_of(instruction.parts[-1])
    if kind[0] == "f":
        name = f"{'fma' if add else 'mul'}{'_sat' if instruction.has('sat') else ''}"
        arguments = ", ".join(_values(instruction, kind))
        return write(instruction.operands[0], f"{name}<{kind}>({arguments})")
    if instruction.has("sat"):
        raise Refused(f"the instruction {instruction.name}")
    bits = int(kind[1:])
    wide = f"{kind[0]}{2 * bits}" if bits < 64 else f"{'un' * (kind[0] == 'u')}signed __int128"
    a, b = (read(operand, kind) for operand in instruction.operands[1:3])
    product = f"(({wide}){a} * ({wide}){b})"
    result = f"u{2 * bits if instruction.has('wide') else bits}"
    if instruction.has("hi"):
        product = f"({product} >> {bits})"
    value = f"{result}({product})"
    if add:
        c = read(instruction.operands[3], result)
        carry_in = "carry" if instruction.parts[0] == "madc" else "0"
        carry_out = "carry" if instruction.has("cc") else "unused_carry"
        value = f"add_carry<{result}>({value}, {c}, {carry_in}, {carry_out})"
    return write(instruction.operands[0], value)


def _move(instruction: Instruction) -> str:
    """mov, also between a vector of registers and one register."""
    kind = type_of(instruction.parts[-1])
    to, value = instruction.operands
    if to.startswith("{"):
        names = to.strip("{}").split(",")
        part = f"u{int(kind[1:]) // len(names)}"
        whole = read(value, kind)
        return " ".join(
            write(name.strip(), f"{part}({whole} >> {index * int(part[1:])})")
            for index, name in enumerate(names)
        )
    if value.startswith("{"):
        names = value.strip("{}").split(",")
        bits = int(kind[1:]) // len(names)
        parts = [f"{kind}({read(name.strip(), f'u{bits}')})" for name in names]
        return write(to, " | ".join(f"{part} << {i * bits}" for i, part in enumerate(parts)))
    return write(to, read(value, kind))


def _convert(instruction: Instruction) -> str:
    """cvt.to.from, and two floats to a pair of halves."""
    to, source = (type_of(part) for part in instruction.parts[-2:])
    rounding = [f"{way}{whole}" for way in ("rn", "rz", "rm", "rp") for whole in ("", "i")]
    _only(instruction, "sat", instruction.parts[-2], *rounding)
    values = _values(instruction, source)
    if len(values) == 2 and (to, source) == ("f16x2", "f32"):
        return write(instruction.operands[0], f"pair_of({values[1]}, {values[0]})")
    ways = [part for part in instruction.parts[1:-2] if part in rounding]
    way = ways[0] if ways else "exact"
    template = f"{to}, {source}, {way.rstrip('i')}, {str(instruction.has('sat')).lower()}"
    return write(instruction.operands[0], f"convert<{template}>({values[0]})")


def _address(instruction: Instruction, operand: str) -> str:
    """Return a pointer's address in the state space that the instruction names."""
    found = _ADDRESS.match(operand)
    if found is None or instruction.has("local"):
        raise Refused(f"the address {operand} of {instruction.name}")
    offset = f" + {found[2]}" if found[2] else ""
    if _space(instruction) == "shared":
        return f"shared_address({read(found[1], 'u32')}{offset})"
    return f"({read(found[1], 'u64')}{offset})"


def _space(instruction: Instruction) -> str:
    shared = any(part.split("::")[0] == "shared" for part in instruction.parts)
    return "shared" if shared else "global"


def _order(instruction: Instruction, default: str = "plain") -> tuple[str, str]:
    order = next((o for o in ("acquire", "release", "relaxed") if instruction.has(o)), default)
    if instruction.has("acq_rel"):
        order = "acq_rel"
    if instruction.has("volatile"):
        order = "relaxed"
    scope = next((_SCOPES[part] for part in instruction.parts if part in _SCOPES), "AGENT")
    return order if order == "plain" else f"__ATOMIC_{order.upper()}", f"__HIP_MEMORY_SCOPE_{scope}"


def _load(instruction: Instruction) -> str:
    kind = type_of(instruction.parts[-1])
    to, address = instruction.operands[:2]
    place = _address(instruction, address)
    names = [name.strip() for name in to.strip("{}").split(",")]
    order = ", ".join(_order(instruction))
    return f"u64 place = {place}; " + " ".join(
        write(name, f"load<{kind}, {order}>(place + {index} * sizeof({kind}))")
        for index, name in enumerate(names)
    )


def _store(instruction: Instruction) -> str:
    kind = type_of(instruction.parts[-1])
    address, value = instruction.operands[:2]
    names = [name.strip() for name in value.strip("{}").split(",")]
    order = ", ".join(_order(instruction))
    return f"u64 place = {_address(instruction, address)}; " + " ".join(
        f"store<{kind}, {order}>(place + {index} * sizeof({kind}), {read(name, kind)});"
        for index, name in enumerate(names)
    )


def _atomic(instruction: Instruction) -> str:
    """atom, and red, which has no result."""
    kind = type_of(instruction.parts[-1])
    operands = instruction.operands
    if instruction.parts[0] == "red":
        operands = ("_", *operands)
    names = ("add", "min", "max", "inc", "dec", "exch", "and", "or", "xor", "cas")
    name = next(part for part in (*instruction.parts, "") if part in names or part == "")
    if not name or kind == "f16x2" or len(operands) != (4 if name == "cas" else 3):
        raise IndexError
    order, scope = _order(instruction, "relaxed")
    values = ", ".join(read(operand, kind) for operand in operands[2:])
    place = f"({kind} *){_address(instruction, operands[1])}"
    return write(operands[0], f"atomic_{name}<{kind}, {order}, {scope}>({place}, {values})")


def _compare(instruction: Instruction) -> str:
    """setp.op{.bool}.type p{|q}, a, b{, c}."""
    kind = type_of(instruction.parts[-1])
    operator = instruction.parts[1]
    _only(instruction, operator, "and", "or", "xor")
    a, b = (read(operand, kind) for operand in instruction.operands[1:3])
    unordered = operator not in _COMPARE and operator[:-1] in _COMPARE and operator.endswith("u")
    if operator in ("num", "nan"):
        test = f"{'' if operator == 'nan' else '!'}({a} != {a} || {b} != {b})"
    elif unordered:
        test = f"({a} {_COMPARE[operator[:-1]]} {b} || {a} != {a} || {b} != {b})"
    elif operator == "ne" and kind[0] == "f":
        test = f"({a} < {b} || {a} > {b})"
    else:
        test = f"({a} {_COMPARE[operator]} {b})"
    to, *other = instruction.operands[0].split("|")
    joins = {"and": "&&", "or": "||", "xor": "!="}
    join = next((joins[part] for part in instruction.parts[2:-1] if part in joins), "")
    third = f" {join} {read(instruction.operands[3], 'bool')}" if join else ""
    code = write(to, f"bool({test}{third})") if not other else ""
    if other:
        code = f"bool holds = {test}; " + write(to, f"bool(holds{third})")
        code += write(other[0], f"bool(!holds{third})")
    return code


def _select(instruction: Instruction) -> str:
    _only(instruction)
    kind = type_of(instruction.parts[-1])
    to, a, b, condition = instruction.operands
    return write(to, f"{read(condition, 'bool')} ? {read(a, kind)} : {read(b, kind)}")


def _shift(instruction: Instruction) -> str:
    kind = type_of(instruction.parts[-1])
    to, value, count = instruction.operands
    name = "shift_left" if instruction.parts[0] == "shl" else "shift_right"
    return write(to, f"{name}<{kind}>({read(value, kind)}, {read(count, 'u32')})")


def _funnel(instruction: Instruction) -> str:
    side, how = instruction.parts[1:3]
    low, high, count = (read(operand, "u32") for operand in instruction.operands[1:])
    suffix = "c" if how == "clamp" else ""
    return write(instruction.operands[0], f"__funnelshift_{side}{suffix}({low}, {high}, {count})")


def _logic(instruction: Instruction) -> str:
    _only(instruction)
    a, b, c, table = (read(operand, "u32") for operand in instruction.operands[1:5])
    return write(instruction.operands[0], f"lop3({a}, {b}, {c}, {table})")


def _permute(instruction: Instruction) -> str:
    if instruction.parts != ("prmt", "b32"):
        raise Refused(f"the instruction {instruction.name}")
    values = ", ".join(_values(instruction, "u32"))
    return write(instruction.operands[0], f"__byte_perm({values})")


def _field(instruction: Instruction) -> str:
    """bfe and bfi: the position and the length of the field are in the low bytes."""
    kind = type_of(instruction.parts[-1])
    split = 1 if instruction.parts[0] == "bfe" else 2
    values = [read(operand, kind) for operand in instruction.operands[1 : 1 + split]]
    values += [read(operand, "u32") for operand in instruction.operands[1 + split :]]
    return write(instruction.operands[0], f"{instruction.parts[0]}<{kind}>({', '.join(values)})")


def _shuffle(instruction: Instruction) -> str:
    operands = instruction.operands
    to, *valid = operands[0].split("|")
    modes = ("up", "down", "bfly", "idx")
    mode = next(part for part in (*instruction.parts, "") if part in modes or part == "")
    if not mode:
        raise IndexError
    value, lane, clamp = (read(operand, "u32") for operand in operands[1:4])
    code = f"bool valid; u32 moved = shuffle_{mode}({value}, {lane}, {clamp}, valid); "
    return code + write(to, "moved") + (write(valid[0], "valid") if valid else "")


def _vote(instruction: Instruction) -> str:
    mode = next(part for part in instruction.parts if part in ("all", "any", "uni", "ballot"))
    mask = read(instruction.operands[2], "u32") if instruction.has("sync") else "~0u"
    condition = read(instruction.operands[1], "bool")
    if mode == "ballot":
        return write(instruction.operands[0], f"__ballot_sync({mask}, {condition})")
    return write(instruction.operands[0], f"bool(__{mode}_sync({mask}, {condition}))")


def _match(instruction: Instruction) -> str:
    kind = type_of(instruction.parts[-1])
    to, *all_same = instruction.operands[0].split("|")
    mask, value = read(instruction.operands[2], "u32"), read(instruction.operands[1], kind)
    if instruction.has("any"):
        return write(to, f"__match_any_sync({mask}, {value})")
    code = "int same; " + write(to, f"__match_all_sync({mask}, {value}, &same)")
    return code + (write(all_same[0], "bool(same)") if all_same else "")


def _reduce_lanes(instruction: Instruction) -> str:
    kind = type_of(instruction.parts[-1])
    value, mask = read(instruction.operands[1], kind), read(instruction.operands[2], "u32")
    return write(instruction.operands[0], f"__reduce_{instruction.parts[2]}_sync({mask}, {value})")


def _barrier(instruction: Instruction) -> str:
    """bar.sync 0: barriers of some of a block's threads, by name, are not there."""
    if "warp" in instruction.parts:
        return "__syncwarp();"
    plain = set(instruction.parts[1:]) <= {"sync", "cta", "aligned"}
    if not plain or [operand for operand in instruction.operands if operand != "0"]:
        raise Refused(f"a barrier other than 0 ({instruction.name})")
    return "__syncthreads();"


def _fence(instruction: Instruction) -> str:
    if instruction.has("cta"):
        return "__threadfence_block();"
    if instruction.has("sys"):
        return "__threadfence_system();"
    if instruction.has("gl", "gpu"):
        return "__threadfence();"
    raise Refused(f"the instruction {instruction.name}")


def _address_space(instruction: Instruction) -> str:
    """cvta and cvta.to: generic addresses differ from others in shared memory alone."""
    kind = type_of(instruction.parts[-1])
    to, value = instruction.operands
    if instruction.has("local"):
        raise Refused(f"the instruction {instruction.name}")
    if _space(instruction) != "shared":
        return write(to, read(value, kind))
    if instruction.has("to"):
        return write(to, f"{kind}(__cvta_generic_to_shared((void *){read(value, 'u64')}))")
    return write(to, f"{kind}(shared_address({read(value, 'u32')}))")


def _copy(instruction: Instruction) -> str:
    """cp.async: done at once, so that there is nothing to commit or to wait for."""
    if instruction.has("commit_group", "wait_group", "wait_all"):
        return ""
    if instruction.has("bulk", "mbarrier", "reduce"):
        raise Refused(f"the instruction {instruction.name}")
    to, source, size, *filled = instruction.operands
    target = Instruction(("ld", "shared"), ())
    length = read(filled[0], "u32") if filled else read(size, "u32")
    return (
        f"copy_async({_address(target, to)}, {_address(Instruction(('ld',), ()), source)}, "
        f"{read(size, 'u32')}, {length});"
    )


def _nothing(_: Instruction) -> str:
    return ""


def _statement(code: str) -> Handler:
    return lambda _: code


_HANDLERS: dict[str, Handler] = {
    "mov": _move, "cvt": _convert, "cvta": _address_space,
    "add": _arithmetic, "addc": _arithmetic, "sub": _arithmetic, "subc": _arithmetic,
    "mul": _multiply, "mad": _multiply, "madc": _multiply, "fma": _multiply,
    "mul24": _function("mul24"),
    "div": _function("divide", arguments=2), "rem": _expression("{0} % {1}"),
    "min": _function("least"), "max": _function("greatest"),
    "abs": _function("absolute"), "neg": _expression("-{0}"), "copysign": _function("copy_sign"),
    "sad": _expression("({0} > {1} ? {0} - {1} : {1} - {0}) + {2}"),
    "and": _expression("{0} & {1}"), "or": _expression("{0} | {1}"),
    "xor": _expression("{0} ^ {1}"), "not": _function("complement"),
    "cnot": _expression("{0} == 0"), "lop3": _logic, "shl": _shift, "shr": _shift, "shf": _funnel,
    "prmt": _permute, "bfe": _field, "bfi": _field, "popc": _function("population"),
    "clz": _function("leading_zeros"), "brev": _function("reversed"),
    "bfind": _function("highest_bit"),
    "setp": _compare, "selp": _select,
    "ld": _load, "ldu": _load, "st": _store, "atom": _atomic, "red": _atomic,
    "shfl": _shuffle, "vote": _vote, "match": _match, "redux": _reduce_lanes,
    "activemask": lambda i: write(i.operands[0], "__activemask()"),
    "bar": _barrier, "barrier": _barrier, "membar": _fence, "fence": _fence,
    "rcp": _function("reciprocal"), "sqrt": _function("root"), "rsqrt": _function("inverse_root"),
    "ex2": _function("power_of_2"), "lg2": _function("log_2"), "sin": _function("sine"),
    "cos": _function("cosine"), "tanh": _function("hyperbolic_tangent"),
    "cp": _copy, "createpolicy": lambda i: write(i.operands[0], "0"), "prefetch": _nothing,
    "prefetchu": _nothing, "discard": _nothing, "applypriority": _nothing, "pmevent": _nothing,
    "nanosleep": _statement("__nanosleep(0);"), "trap": _statement("__trap();"),
    "brkpt": _statement("__brkpt();"),
}  # fmt: skip
