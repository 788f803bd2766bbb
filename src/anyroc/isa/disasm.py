"""Instructions as LLVM prints them."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from anyroc.isa import images, immediates, syntax
from anyroc.isa.formats import formats
from anyroc.isa.instruction import EXEC, M0, NULL, VCC, Instruction, Operand
from anyroc.isa.modifiers import IDLE_OFFSET, IMAGES
from anyroc.isa.tables import FAMILY, OperandSpec, Row, table
from anyroc.isa.targets import Target, target

_TWO_OFFSETS = ("read2", "write2", "xchg2", "2addr")
# Position in op_sel of each operand field.
_HALVES = {"src0": 0, "src1": 1, "src2": 2, "vdst": 3}
_TRUE16_FORMATS = frozenset(("VOP1", "VOP2", "VOPC", "VOP3", "VOP3SD", "VINTERP"))
_PAIRS = {102: "flat_scratch", 104: "xnack_mask", VCC: "vcc", EXEC: "exec"}
_SINGLES = {M0: "m0", NULL: "null"}


def format_instruction(
    instruction: Instruction, where: Target | str, *, true16: bool | None = None
) -> str:
    """The instruction in LLVM's syntax for a target; operands separated by single spaces.

    ``true16`` writes 16-bit halves of registers as ``v0.l`` and ``v0.h`` instead of through
    ``op_sel``; by default as the target's assembler does.
    """
    record = where if isinstance(where, Target) else target(where)
    if true16 is None:
        true16 = "true16" in record.features
    return _Printer(record.isa, instruction, true16).text()


@cache
def _has_long_form(isa: str) -> frozenset[str]:
    """Mnemonics that exist both as VOP1/VOP2/VOPC and as VOP3."""
    short, long = set(), set()
    for row in table(isa):
        if row.format in ("VOP1", "VOP2", "VOPC"):
            short.add(row.mnemonic)
        elif row.format in ("VOP3", "VOP3SD"):
            long.add(row.mnemonic)
    return frozenset(short & long)


class _Printer:
    def __init__(self, isa: str, instruction: Instruction, true16: bool) -> None:
        self.isa = isa
        self.true16 = true16
        self.family = FAMILY[isa]
        self.it = instruction
        self.mods = instruction.mods
        self.row: Row = instruction.row

    def text(self) -> str:
        if self.it.parts:
            return " :: ".join(
                _Printer(self.isa, part, self.true16).text() for part in self.it.parts
            )
        method = _FORMATS.get(self.it.format, _Printer._vector)
        operands, modifiers = method(self)
        name = self._name()
        text = f"{name} {', '.join(operands)}" if operands else name
        return " ".join([text, *modifiers])

    def _name(self) -> str:
        name = self.it.mnemonic
        format_ = self.it.format
        mods = self.mods
        if mods.sdwa:
            return name + "_sdwa"
        if format_ in ("VOP1", "VOP2", "VOPC", "VOP3", "VOP3SD", "VOP3P"):
            crossing = mods.dpp is not None or mods.dpp8 is not None
            long = format_.startswith("VOP3")
            if crossing and format_ == "VOPC":
                return name  # LLVM writes no suffix here
            if crossing:
                return name + ("_e64_dpp" if long else "_dpp")
            if name in _NO_SUFFIX:
                return name
            if name in _has_long_form(self.isa) or (
                self.family == "cdna" and name == "v_pk_fmac_f16"
            ):
                return name + ("_e64" if long else "_e32")
        return name

    # -- operands -------------------------------------------------------------------------------

    def _register(self, operand: Operand) -> str:
        index, count = operand.index, operand.count
        if operand.kind != "s":
            return syntax.registers(operand.kind, index, count)
        if index in _SINGLES:
            return _SINGLES[index]
        if index in (VCC, EXEC) or (self.family == "cdna" and index in _PAIRS):
            return _PAIRS[index] + ("" if count == 2 else "_lo")
        if index - 1 in (VCC, EXEC) or (self.family == "cdna" and index - 1 in _PAIRS):
            return _PAIRS[index - 1] + "_hi"
        if 108 <= index < M0:
            return syntax.registers("ttmp", index - 108, count)
        return syntax.registers("s", index, count)

    def _constant(self, operand: Operand, spec: OperandSpec) -> str:
        value = int(operand.value)
        if spec.kind == "k" and spec.bits != 64 and self.row.format != "SOPK":
            return f"{value:#x}"
        if operand.literal and self.it.size == formats(self.isa)[self.it.format].bytes + 8:
            short = spec.type == "f64" and not value & 0xFFFFFFFF
            return f"{value >> 32 if short else value:#x}"
        floats = not (self.row.format == "SOPC" and spec.type == "f16")
        whole = self.row.op == "v_ldexp_f16" or "_class_f16" in self.row.op
        type_ = "f16" if whole and self.mods.sdwa is not None else spec.type  # LLVM's way
        return syntax.constant(value, type_, spec.bits, operand.literal, floats=floats)

    def operand(self, operand: Operand, spec: OperandSpec) -> str:
        """An operand with its sign modifiers."""
        if operand.kind == "none":
            return "off"
        if operand.kind == "const":
            text = self._constant(operand, spec)
        elif operand.kind == "special":
            text = f"src_{operand.value}"
        else:
            text = self._register(operand) + self._half(operand, spec)
        if operand.abs:
            text = f"|{text}|"
        if operand.neg:
            ambiguous = operand.kind == "const" and not operand.abs
            text = f"neg({text})" if ambiguous else f"-{text}"
        return text

    def _half(self, operand: Operand, spec: OperandSpec) -> str:
        """``.l`` or ``.h`` for a vector register that holds 16 bits, where that is the syntax."""
        position = _HALVES.get(spec.field)
        if not self.true16 or operand.kind != "v" or spec.bits != 16 or position is None:
            return ""
        if self.it.format not in _TRUE16_FORMATS:
            return ""
        return ".h" if self.mods.op_sel[position] else ".l"

    def _explicit(self) -> tuple[list[str], list[str]]:
        """Written destinations and sources."""
        dst = [
            self.operand(operand, spec)
            for operand, spec in zip(self.it.dst, self.row.dst, strict=False)
            if not spec.hidden and spec.kind != "exec"
        ]
        src = [
            self.operand(operand, spec)
            for operand, spec in zip(self.it.src, self.row.src, strict=False)
            if not spec.hidden
        ]
        return dst, src

    def _specs(self) -> tuple[OperandSpec, ...]:
        return (*self.row.dst, *self.row.src)

    def _by_role(self, role: str) -> str | None:
        for operand, spec in zip(self.it.src, self.row.src, strict=False):
            if operand.role == role:
                return self.operand(operand, spec)
        return None

    # -- scalar ---------------------------------------------------------------------------------

    def _scalar(self) -> tuple[list[str], list[str]]:
        dst, src = self._explicit()
        if self.it.mnemonic == "s_set_gpr_idx_on":
            return [src[0], immediates.gpr_index_mode(self.mods.imm)], []
        if any(spec.kind == "imm" for spec in self.row.src):
            src = [immediates.sendmsg(self.family, self.mods.imm)]
        return dst + src, []

    def _sopk(self) -> tuple[list[str], list[str]]:
        name, value = self.it.mnemonic, self.mods.simm16
        dst, src = self._explicit()
        if name == "s_version":
            return [immediates.version(value)], []
        if name.startswith("s_subvector_loop"):
            return [*dst, str(value & 0xFFFF)], []
        if name.startswith("s_getreg"):
            return [*dst, immediates.hwreg(self.family, self.isa, value)], []
        if name.startswith("s_setreg"):
            return [immediates.hwreg(self.family, self.isa, value), *src], []
        if name.startswith(("s_call", "s_cbranch")):
            return [*dst, *src, str(value & 0xFFFF)], []
        constants = [spec.kind == "k16" for spec in self.row.src if not spec.hidden]
        kept = [text for text, constant in zip(src, constants, strict=False) if not constant]
        return [*dst, *kept, f"{value & 0xFFFF:#x}"], []

    def _sopp(self) -> tuple[list[str], list[str]]:
        kind = next((flag[7:] for flag in self.row.flags if flag.startswith("simm16=")), "")
        value = self.mods.simm16 & 0xFFFF
        name = self.it.mnemonic
        if name == "s_endpgm":
            return ([str(value)], []) if value else ([], [])
        if name == "s_set_gpr_idx_mode":
            return [immediates.gpr_index_mode(value)], []
        if not kind:
            return [], []
        if kind == "label":
            return [str(value)], []
        if kind == "waitcnt":
            return [immediates.waitcnt(self.family, value)], []
        if kind == "sendmsg":
            return [immediates.sendmsg(self.family, value)], []
        if kind == "delay":
            return [immediates.delay_alu(value)], []
        if kind in ("waitcnt_depctr", "wait_alu"):
            return [immediates.depctr(value)], []
        if name.startswith(_HEX_SOPP):
            return [f"{value:#x}"], []
        return [syntax.short_hex(value)], []

    def _smem(self) -> tuple[list[str], list[str]]:
        mods = self.mods
        dst, _ = self._explicit()
        sdata = self._by_role("sdata")
        sbase = self._by_role("sbase")
        operands = [text for text in (*dst, sdata, sbase) if text is not None]
        modifiers = []
        soffset = self.it.operand("soffset")
        if soffset is not None:
            if soffset.kind == "none" and not mods.offset and self.family == "rdna3":
                operands.append("null")
            elif soffset.kind == "none":
                operands.append(f"{'-' if mods.offset < 0 else ''}{abs(mods.offset):#x}")
            else:
                operands.append(self._register(soffset))
                if mods.offset or self.family == "rdna4":
                    modifiers.append(f"offset:{syntax.signed_hex(mods.offset)}")
        if "prefetch" in self.it.mnemonic:
            register = self._register(soffset) if soffset and soffset.kind != "none" else "null"
            base = [sbase] if sbase else []
            return [*base, syntax.signed_hex(mods.offset), register, str(mods.imm)], []
        if any(spec.kind == "imm" for spec in self.row.src):
            operands[0] = syntax.short_hex(mods.imm)
        return operands, modifiers + self._cache_policy()

    # -- vector ---------------------------------------------------------------------------------

    def _vector(self) -> tuple[list[str], list[str]]:
        if self.true16 and self.it.format == "VOP3" and self._selects_nothing():
            self.true16 = False  # LLVM's form with halves has no such bits, the other ignores them
            dst, src = self._explicit()
            return dst + src, self._output() + self._crossing()
        dst, src = self._explicit()
        mods = self.mods
        modifiers: list[str] = []
        if mods.sdwa:
            src = self._sext(src)
            modifiers += self._output() + self._sdwa_selectors()
            return dst + src, modifiers
        if table := dict(mods.extra).get("bitop3"):
            modifiers.append(f"bitop3:{table if table <= 10 else hex(table)}")
        if self.it.format in ("VOP3", "VINTERP"):
            modifiers += self._op_sel(len(src))
        modifiers += self._output()
        if self.it.format == "VINTERP":
            modifiers.append(f"wait_exp:{dict(mods.extra)['wait_exp']}")
        return dst + src, modifiers + self._crossing()

    def _crossing(self) -> list[str]:
        mods = self.mods
        if mods.dpp:
            return self._dpp()
        if mods.dpp8:
            return [f"dpp8:[{','.join(map(str, mods.dpp8))}]"] + (["fi:1"] if mods.fi else [])
        return []

    def _output(self) -> list[str]:
        omod = ("", "mul:2", "mul:4", "div:2")[self.mods.omod]
        return (["clamp"] if self.mods.clamp else []) + ([omod] if omod else [])

    def _op_sel(self, sources: int) -> list[str]:
        chosen = list(self.mods.op_sel)
        if not any(chosen):
            return []
        if self.it.mnemonic.startswith("v_cvt_scale_pk"):
            return [f"scale_sel:{sum(bit << index for index, bit in enumerate(chosen))}"]
        if self.family == "rdna4" and self.it.mnemonic in _BYTE_SOURCES:
            byte = chosen[0] << 1 | chosen[1]
            high = ["op_sel:[0,1]"] * chosen[3]
            return high + [f"byte_sel:{byte}"] * (byte > 0)
        if self.it.mnemonic.startswith(("v_cvt_sr_fp8_f", "v_cvt_sr_bf8_f")):
            if self.family == "rdna4":
                halves = [f"op_sel:[{int(chosen[0])},{int(chosen[1])},0]"] * any(chosen[:2])
                byte = chosen[2] | chosen[3] << 1
                return halves + [f"byte_sel:{byte}"] * (byte > 0)
            sources = 3
        if self.it.mnemonic.startswith("v_cvt_scalef32_pk_fp4_"):
            sources = 3
        if self.true16 and self.it.mnemonic == "v_fmac_f16":
            sources = 3
        if self.it.mnemonic.endswith("_swap_b32"):
            names = ("bound_ctrl:1", chosen[1]), ("fi:1", chosen[0])
            return [name for name, present in names if present]
        bits = (*chosen[:sources], chosen[3])
        if self.it.mnemonic.startswith(("v_permlane16_", "v_permlanex16_")):
            bits = (chosen[0], chosen[1])
        if not any(bits):
            return []
        return [f"op_sel:[{','.join(str(int(bit)) for bit in bits)}]"]

    def _selects_nothing(self) -> bool:
        """Whether a selector of halves is set for an operand that is no vector register."""
        specs = {spec.field: spec for spec in self._specs()}
        if not any(spec.bits == 16 and spec.kind in ("v", "src") for spec in specs.values()):
            return False
        absent = [at for field, at in _HALVES.items() if field not in specs]
        if "vdst" in specs and specs["vdst"].kind != "v":
            absent.append(_HALVES["vdst"])
        return any(self.mods.op_sel[at] for at in absent)

    def _packed(self) -> tuple[list[str], list[str]]:
        dst, src = self._explicit()
        mods = self.mods
        count = len(src)
        modifiers = []
        for name, bits, default in (
            ("op_sel", mods.op_sel, False),
            ("op_sel_hi", mods.op_sel_hi, True),
            ("neg_lo", mods.neg_lo, False),
            ("neg_hi", mods.neg_hi, False),
        ):
            if "_mix" in self.it.mnemonic and name.startswith("neg"):
                continue
            shown = bits[:count]
            if "_mix" in self.it.mnemonic:
                default = False
            if name == "op_sel" and self.it.mnemonic.startswith("v_swmmac"):
                key = bits[0] | bits[1] << 1
                modifiers += [f"index_key:{key}"] if key else []
                continue
            if any(bit != default for bit in shown):
                modifiers.append(f"{name}:[{','.join(str(int(bit)) for bit in shown)}]")
        return dst + src, modifiers + self._output() + self._crossing()

    def _matrix(self) -> tuple[list[str], list[str]]:
        dst, src = self._explicit()
        mods = self.mods
        modifiers = []
        if self.it.format == "VOP3PX2":
            if any(mods.op_sel):
                modifiers.append(f"op_sel:[{int(mods.op_sel[0])},{int(mods.op_sel[1])},0]")
            halves = ",".join(str(int(bit)) for bit in mods.op_sel_hi[:2])
            modifiers.append(f"op_sel_hi:[{halves},0]")
        if mods.cbsz:
            modifiers.append(f"cbsz:{mods.cbsz}")
        if mods.abid and self.it.format != "VOP3PX2":
            modifiers.append(f"abid:{mods.abid}")
        if mods.blgp:
            if self.it.mnemonic.endswith("_f64"):
                bits = ",".join(str(mods.blgp >> bit & 1) for bit in range(3))
                modifiers.append(f"neg:[{bits}]")
            else:
                modifiers.append(f"blgp:{mods.blgp}")
        return dst + src, modifiers

    def _sext(self, src: list[str]) -> list[str]:
        assert self.mods.sdwa
        flags = (self.mods.sdwa.src0_sext, self.mods.sdwa.src1_sext)
        return [
            f"sext({text})" if index < 2 and flags[index] else text
            for index, text in enumerate(src)
        ]

    def _sdwa_selectors(self) -> list[str]:
        sdwa = self.mods.sdwa
        assert sdwa
        modifiers = []
        fixed = self.it.mnemonic.endswith(("_fp8", "_bf8"))
        if self.it.format != "VOPC" and not fixed:
            modifiers.append(f"dst_sel:{syntax.pick(syntax.SDWA, sdwa.dst_sel)}")
            modifiers.append(f"dst_unused:{syntax.pick(syntax.UNUSED, sdwa.dst_unused)}")
        modifiers.append(f"src0_sel:{syntax.pick(syntax.SDWA, sdwa.src0_sel)}")
        if self.it.format != "VOP1":
            modifiers.append(f"src1_sel:{syntax.pick(syntax.SDWA, sdwa.src1_sel)}")
        return modifiers

    def _dpp(self) -> list[str]:
        dpp = self.mods.dpp
        assert dpp
        modifiers = [syntax.dpp_control(dpp.ctrl, self.family)]
        modifiers += [f"row_mask:{dpp.row_mask:#x}", f"bank_mask:{dpp.bank_mask:#x}"]
        if dpp.bound_ctrl:
            modifiers.append("bound_ctrl:1")
        if dpp.fi:
            modifiers.append("fi:1")
        return modifiers

    # -- memory ---------------------------------------------------------------------------------

    def _image(self) -> tuple[list[str], list[str]]:
        mods, fields = self.mods, dict(self.mods.extra)
        data = [self._register(it) for it in (*self.it.dst, *self.it.src) if it.role == "vdata"]
        address = [self._register(it) for it in self.it.src if it.role == "vaddr"]
        descriptors = [self._register(it) for it in self.it.src if it.role in ("srsrc", "ssamp")]
        if len(address) > 1:
            address = [f"[{', '.join(address)}]"]
        if "_bvh" in self.it.mnemonic:
            return [*data, *address, *descriptors], ["a16"] * bool(fields["a16"])
        modifiers = [f"dmask:{fields['dmask']:#x}"] if fields["dmask"] else []
        if "dim" in fields:
            modifiers.append(f"dim:SQ_RSRC_IMG_{images.DIMENSIONS[fields['dim']].name}")
        modifiers += ["unorm"] * bool(fields.get("unrm")) + self._cache_policy()
        modifiers += [name for name in ("r128", "a16") if fields.get(name)]
        modifiers += ["tfe"] * mods.tfe
        modifiers += [name for name in ("lwe", "da", "d16") if fields.get(name)]
        return [*data, *address, *descriptors], modifiers

    def _cache_policy(self) -> list[str]:
        mods = self.mods
        if self.it.mnemonic == "buffer_wbl2" and self.isa == "cdna2":
            return []
        if self.family == "rdna4":
            unscaled = self.it.mnemonic.startswith(("s_atc_probe", "s_dcache_inv"))
            scale = not unscaled and dict(mods.extra).get("scale_offset")
            scaled = ["scale_offset"] if scale else []
            hints = syntax.temporal_hint(self.it.mnemonic, mods.th, mods.scope)
            if self.isa == "cdna5":
                hints = [hint.replace("TH_STORE_RT_WB", "TH_STORE_WB") for hint in hints]
            shows = self.isa == "cdna5" or self.it.format in IMAGES
            volatile = ["nv"] if mods.nv and shows else []
            return scaled + hints + volatile
        if self.isa == "cdna2":
            names = [("glc", mods.sc0 or mods.glc), ("slc", mods.nt), ("scc", mods.sc1)]
        elif self.family == "cdna":
            names = [("sc0", mods.sc0), ("nt", mods.nt), ("sc1", mods.sc1), ("glc", mods.glc)]
        else:
            names = [("glc", mods.glc), ("slc", mods.slc), ("dlc", mods.dlc)]
        return [name for name, present in names if present]

    def _ds(self) -> tuple[list[str], list[str]]:
        dst, src = self._explicit()
        mods, name = self.mods, self.it.mnemonic
        modifiers = []
        if any(part in name for part in _TWO_OFFSETS):
            if mods.offset0:
                modifiers.append(f"offset0:{mods.offset0}")
            if mods.offset1:
                modifiers.append(f"offset1:{mods.offset1}")
        elif offset := mods.offset0 | mods.offset1 << 8:
            text = immediates.swizzle(offset) if "swizzle" in name else str(offset)
            modifiers.append(f"offset:{text}")
        if mods.gds:
            modifiers.append("gds")
        return dst + src, modifiers

    def _flat(self) -> tuple[list[str], list[str]]:
        dst, _ = self._explicit()
        mods = self.mods
        operands = dst + [
            text
            for role in ("vdst", "vaddr", "vdata", "saddr")
            if (text := self._by_role(role)) is not None
        ]
        if self.it.format == "FLAT" and operands[-1] == "off":
            operands.pop()
        if self.it.mnemonic == "tensor_save" and operands == ["off"]:
            operands = ["null"]
        offset = mods.offset + dict(mods.extra).get(IDLE_OFFSET, 0)
        modifiers = [f"offset:{offset}"] if offset else []
        return operands, modifiers + self._cache_policy() + (["lds"] if mods.lds else [])

    def _buffer(self) -> tuple[list[str], list[str]]:
        mods = self.mods
        vdata = self._by_role("vdata")
        data = [vdata] if vdata else [self._register(operand) for operand in self.it.dst]
        operands = data + [
            text for role in ("vaddr", "srsrc") if (text := self._by_role(role)) is not None
        ]
        soffset = self.it.operand("soffset")
        if soffset is not None:
            text = self._by_role("soffset")
            operands.append("null" if soffset.kind == "none" else text or "")
        modifiers = []
        if self.it.format == "MTBUF" and (
            name := immediates.buffer_format(self.family, mods.format)
        ):
            modifiers.append(f"format:{name}")
        if mods.idxen:
            modifiers.append("idxen")
        if mods.offen:
            modifiers.append("offen")
        if mods.offset:
            modifiers.append(f"offset:{mods.offset}")
        to_lds = ["lds"] if mods.lds else []
        policy = self._cache_policy()
        modifiers += to_lds + policy if self.row.op == "buffer_store_lds_dword" else policy + to_lds
        if mods.tfe:
            modifiers.append("tfe")
        return operands, modifiers

    # -- graphics -------------------------------------------------------------------------------

    def _export(self) -> tuple[list[str], list[str]]:
        extra = dict(self.mods.extra)
        sources = [
            self.operand(operand, spec) if extra["en"] >> index & 1 else "off"
            for index, (operand, spec) in enumerate(zip(self.it.src, self.row.src, strict=True))
        ]
        sources[0] = f"{immediates.export_target(extra['tgt'])} {sources[0]}"
        return sources, [name for name, key in (("done", "done"), ("row_en", "row")) if extra[key]]

    def _parameter(self) -> tuple[list[str], list[str]]:
        extra = dict(self.mods.extra)
        dst, _ = self._explicit()
        if "attr" in self.row.flags:
            dst.append(f"attr{extra['attr']}.{'xyzw'[extra['attr_chan']]}")
        if self.family == "rdna3":
            return dst, [f"wait_vdst:{extra['wait_vdst']}"]
        waits = (("wait_va_vdst", "wait_vdst"), ("wait_vm_vsrc", "wait_vm_vsrc"))
        return dst, [f"{name}:{extra[key]}" for name, key in waits]


_FORMATS: dict[str, Callable[[_Printer], tuple[list[str], list[str]]]] = {
    "SOP1": _Printer._scalar,
    "SOP2": _Printer._scalar,
    "SOPC": _Printer._scalar,
    "SOPK": _Printer._sopk,
    "SOPP": _Printer._sopp,
    "SMEM": _Printer._smem,
    "VOP3P": _Printer._packed,
    "MAI": _Printer._matrix,
    "VOP3PX2": _Printer._matrix,
    "DS": _Printer._ds,
    "FLAT": _Printer._flat,
    "GLOBAL": _Printer._flat,
    "SCRATCH": _Printer._flat,
    "EXP": _Printer._export,
    "LDSDIR": _Printer._parameter,
    "MIMG": _Printer._image,
    "VIMAGE": _Printer._image,
    "VSAMPLE": _Printer._image,
    "MUBUF": _Printer._buffer,
    "MTBUF": _Printer._buffer,
}
_BYTE_SOURCES = frozenset(("v_cvt_f32_fp8", "v_cvt_f32_bf8", "v_cvt_f16_fp8", "v_cvt_f16_bf8"))
_NO_SUFFIX = frozenset(
    ("v_nop", "v_clrexcp", "v_pipeflush", "v_cvt_pk_f16_fp8", "v_cvt_pk_f16_bf8")
)
_HEX_SOPP = (
    "s_wait_",
    "s_clause",
    "s_set_inst_prefetch",
    "s_round_mode",
    "s_ttracedata_imm",
    "s_singleuse",
)
