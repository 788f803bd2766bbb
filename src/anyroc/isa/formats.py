"""Bit layouts of the instruction encodings, as data.

A line is: name, size in bits without trailing literal, the fixed bits that identify it, then
its fields. ``23+7`` is seven bits from bit 23, counted through the whole little-endian
instruction. Indented lines continue the line before. A name with a dot is a variant of the format
before the dot, chosen by a marker in its src0 field; it inherits the fields it does not restate.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from anyroc.isa.tables import FAMILY

_SCALAR = """
SOP2    32 30+2=10         op=23+7 sdst=16+7 ssrc0=0+8 ssrc1=8+8
SOP1    32 23+9=101111101  op=8+8  sdst=16+7 ssrc0=0+8
SOPC    32 23+9=101111110  op=16+7 ssrc0=0+8 ssrc1=8+8
SOPK    32 28+4=1011       op=23+5 sdst=16+7 simm16=0+16
SOPP    32 23+9=101111111  op=16+7 simm16=0+16
"""

_VECTOR = """
VOP2    32 31+1=0          op=25+6 vdst=17+8 src0=0+9 src1=9+8
VOPC    32 25+7=0111110    op=17+8 src0=0+9 src1=9+8
VOP1    32 25+7=0111111    op=9+8  vdst=17+8 src0=0+9
"""

_DPP16 = (
    "src0=32+8 dpp_ctrl=40+9 fi=50+1 bound_ctrl=51+1 src0_neg=52+1 src0_abs=53+1 "
    "src1_neg=54+1 src1_abs=55+1 bank_mask=56+4 row_mask=60+4"
)
_DPP16_VOP3 = "src0=64+8 dpp_ctrl=72+9 fi=82+1 bound_ctrl=83+1 bank_mask=88+4 row_mask=92+4"
_SDWA = (
    "src0=32+8 src0_sel=48+3 src0_sext=51+1 src0_neg=52+1 src0_abs=53+1 s0=55+1 "
    "src1_sel=56+3 src1_sext=59+1 src1_neg=60+1 src1_abs=61+1 s1=63+1"
)

_CDNA = f"""
{_SCALAR}{_VECTOR}
VOP1.dpp  64 = {_DPP16}
VOP2.dpp  64 = {_DPP16}
VOPC.dpp  64 = {_DPP16}
VOP1.sdwa 64 = {_SDWA} dst_sel=40+3 dst_unused=43+2 clamp=45+1 omod=46+2
VOP2.sdwa 64 = {_SDWA} dst_sel=40+3 dst_unused=43+2 clamp=45+1 omod=46+2
VOPC.sdwa 64 = {_SDWA} sdst=40+7 sd=47+1
VOP3    64 26+6=110100     op=16+10 vdst=0+8 src0=32+9 src1=41+9 src2=50+9 abs=8+3 op_sel=11+4
        clamp=15+1 omod=59+2 neg=61+3
VOP3SD  64 26+6=110100     op=16+10 vdst=0+8 sdst=8+7 src0=32+9 src1=41+9 src2=50+9 clamp=15+1
        omod=59+2 neg=61+3
VOP3P   64 23+9=110100111  op=16+7 vdst=0+8 src0=32+9 src1=41+9 src2=50+9 neg_hi=8+3 op_sel=11+3
        op_sel_hi2=14+1 clamp=15+1 op_sel_hi=59+2 neg=61+3
MAI     64 23+9=110100111  op=16+7 vdst=0+8 src0=32+9 src1=41+9 src2=50+9 cbsz=8+3 abid=11+4
        acc_cd=15+1 acc=59+2 blgp=61+3
SMEM    64 26+6=110000     op=18+8 sbase=0+6 sdst=6+7 sdata=6+7 soffset_en=14+1 nv=15+1 glc=16+1
        imm=17+1 offset=32+21 low_soffset=32+7 soffset=57+7
DS      64 26+6=110110     op=17+8 offset0=0+8 offset1=8+8 gds=16+1 acc=25+1 vaddr=32+8 data0=40+8
        data1=48+8 vdst=56+8
FLAT    64 26+6=110111,14+2=00 op=18+7 offset=0+13 sc0=16+1 nt=17+1 sc1=25+1 vaddr=32+8
        vdata=40+8 saddr=48+7 acc=55+1 vdst=56+8
SCRATCH 64 26+6=110111,14+2=01 op=18+7 offset=0+13 sve=13+1 sc0=16+1 nt=17+1 sc1=25+1 vaddr=32+8
        vdata=40+8 saddr=48+7 acc=55+1 vdst=56+8
GLOBAL  64 26+6=110111,14+2=10 op=18+7 offset=0+13 sc0=16+1 nt=17+1 sc1=25+1 vaddr=32+8
        vdata=40+8 saddr=48+7 acc=55+1 vdst=56+8
MUBUF   64 26+6=111000     op=18+7 offset=0+12 offen=12+1 idxen=13+1 sc0=14+1 sc1=15+1 lds=16+1
        nt=17+1 vaddr=32+8 vdata=40+8 srsrc=48+5 acc=55+1 soffset=56+8
MTBUF   64 26+6=111010     op=15+4 offset=0+12 offen=12+1 idxen=13+1 sc0=14+1 format=19+7
        vaddr=32+8 vdata=40+8 srsrc=48+5 sc1=53+1 nt=54+1 acc=55+1 soffset=56+8
"""

_RDNA_VECTOR = f"""
{_SCALAR}{_VECTOR}
VOP1.dpp  64 = {_DPP16}
VOP2.dpp  64 = {_DPP16}
VOPC.dpp  64 = {_DPP16}
VOP1.dpp8 64 = marker=0+9 src0=32+8 dpp8=40+24
VOP2.dpp8 64 = marker=0+9 src0=32+8 dpp8=40+24
VOPC.dpp8 64 = marker=0+9 src0=32+8 dpp8=40+24
VOP3    64 26+6=110101     op=16+10 vdst=0+8 src0=32+9 src1=41+9 src2=50+9 abs=8+3 op_sel=11+4
        clamp=15+1 omod=59+2 neg=61+3
VOP3SD  64 26+6=110101     op=16+10 vdst=0+8 sdst=8+7 src0=32+9 src1=41+9 src2=50+9 clamp=15+1
        omod=59+2 neg=61+3
VOP3P   64 24+8=11001100   op=16+7 vdst=0+8 src0=32+9 src1=41+9 src2=50+9 neg_hi=8+3 op_sel=11+3
        op_sel_hi2=14+1 clamp=15+1 op_sel_hi=59+2 neg=61+3
VOP3.dpp    96 = {_DPP16_VOP3}
VOP3SD.dpp  96 = {_DPP16_VOP3}
VOP3P.dpp   96 = {_DPP16_VOP3}
VOP3.dpp8   96 = marker=32+9 src0=64+8 dpp8=72+24
VOP3SD.dpp8 96 = marker=32+9 src0=64+8 dpp8=72+24
VOP3P.dpp8  96 = marker=32+9 src0=64+8 dpp8=72+24
VOPD    64 26+6=110010     opx=22+4 opy=17+5 srcx0=0+9 vsrcx1=9+8 srcy0=32+9 vsrcy1=41+8 vdsty=49+7
        vdstx=56+8
VINTERP 64 24+8=11001101   op=16+5 vdst=0+8 src0=32+9 src1=41+9 src2=50+9 wait_exp=8+3 op_sel=11+4
        clamp=15+1 neg=61+3
LDSDIR  32 24+8=11001110   op=20+2 vdst=0+8 attr_chan=8+2 attr=10+6 wait_vdst=16+4 wait_vm_vsrc=23+1
EXP     64 26+6=111110     en=0+4 tgt=4+6 done=11+1 row=13+1 src0=32+8 src1=40+8 src2=48+8
        src3=56+8
"""

_RDNA3 = f"""
{_RDNA_VECTOR}
SMEM    64 26+6=111101     op=18+8 sbase=0+6 sdst=6+7 sdata=6+7 dlc=13+1 glc=14+1 offset=32+21
        soffset=57+7
DS      64 26+6=110110     op=18+8 offset0=0+8 offset1=8+8 gds=17+1 vaddr=32+8 data0=40+8
        data1=48+8 vdst=56+8
FLAT    64 26+6=110111,16+2=00 op=18+7 offset=0+13 dlc=13+1 glc=14+1 slc=15+1 vaddr=32+8 vdata=40+8
        saddr=48+7 vdst=56+8
SCRATCH 64 26+6=110111,16+2=01 op=18+7 offset=0+13 dlc=13+1 glc=14+1 slc=15+1 vaddr=32+8 vdata=40+8
        saddr=48+7 sve=55+1 vdst=56+8
GLOBAL  64 26+6=110111,16+2=10 op=18+7 offset=0+13 dlc=13+1 glc=14+1 slc=15+1 vaddr=32+8 vdata=40+8
        saddr=48+7 vdst=56+8
MUBUF   64 26+6=111000     op=18+8 offset=0+12 slc=12+1 dlc=13+1 glc=14+1 vaddr=32+8 vdata=40+8
        srsrc=48+5 tfe=53+1 offen=54+1 idxen=55+1 soffset=56+8
MTBUF   64 26+6=111010     op=15+4 offset=0+12 slc=12+1 dlc=13+1 glc=14+1 format=19+7 vaddr=32+8
        vdata=40+8 srsrc=48+5 tfe=53+1 offen=54+1 idxen=55+1 soffset=56+8
MIMG    64 26+6=111100     op=18+8 nsa=0+1 dim=2+3 unrm=7+1 dmask=8+4 slc=12+1 dlc=13+1 glc=14+1
        r128=15+1 a16=16+1 d16=17+1 vaddr=32+8 vdata=40+8 srsrc=48+5 tfe=53+1 lwe=54+1 ssamp=58+5
"""

_RDNA4 = f"""
{_RDNA_VECTOR}
SMEM    64 26+6=111101     op=13+6 sbase=0+6 sdst=6+7 sdata=6+7 nv=20+1 scope=21+2 th=23+2
        offset=32+24 soffset=57+7
DS      64 26+6=110110     op=18+8 offset0=0+8 offset1=8+8 vaddr=32+8 data0=40+8 data1=48+8
        vdst=56+8
FLAT    96 24+8=11101100   op=14+8 saddr=0+7 nv=7+1 vdst=32+8 scope=50+2 th=52+3
        vdata=55+8 vaddr=64+8 offset=72+24
SCRATCH 96 24+8=11101101   op=14+8 saddr=0+7 nv=7+1 vdst=32+8 sve=49+1 scope=50+2 th=52+3
        vdata=55+8 vaddr=64+8 offset=72+24
GLOBAL  96 24+8=11101110   op=14+8 saddr=0+7 nv=7+1 vdst=32+8 scope=50+2 th=52+3
        vdata=55+8 vaddr=64+8 offset=72+24
MUBUF   96 26+6=110001     op=14+8 soffset=0+7 nv=7+1 tfe=22+1 vdata=32+8 srsrc=41+9 scope=50+2
        th=52+3 format=55+7 offen=62+1 idxen=63+1 vaddr=64+8 offset=72+24
MTBUF   96 26+6=110001     op=14+8 soffset=0+7 nv=7+1 tfe=22+1 vdata=32+8 srsrc=41+9 scope=50+2
        th=52+3 format=55+7 offen=62+1 idxen=63+1 vaddr=64+8 offset=72+24
VIMAGE  96 26+6=110100     op=14+8 dim=0+3 r128=4+1 d16=5+1 a16=6+1 nv=7+1 dmask=22+4 vdata=32+8
        srsrc=41+9 scope=50+2 th=52+3 tfe=55+1 vaddr4=56+8 vaddr0=64+8 vaddr1=72+8 vaddr2=80+8
        vaddr3=88+8
VSAMPLE 96 26+6=111001     op=14+8 dim=0+3 tfe=3+1 r128=4+1 d16=5+1 a16=6+1 nv=7+1 unrm=13+1
        dmask=22+4 vdata=32+8 lwe=40+1 srsrc=41+9 scope=50+2 th=52+3 ssamp=55+9 vaddr0=64+8
        vaddr1=72+8 vaddr2=80+8 vaddr3=88+8
"""

# What single ISAs add to their family, or lay out differently. CDNA2 marks loads to LDS by a bit
# and has images; CDNA4 puts scales before a matrix instruction.
_CDNA2 = """
GLOBAL  64 26+6=110111,14+2=10 op=18+7 offset=0+13 lds=13+1 sc0=16+1 nt=17+1 sc1=25+1 vaddr=32+8
        vdata=40+8 saddr=48+7 acc=55+1 vdst=56+8
SCRATCH 64 26+6=110111,14+2=01 op=18+7 offset=0+13 lds=13+1 sc0=16+1 nt=17+1 sc1=25+1 vaddr=32+8
        vdata=40+8 saddr=48+7 acc=55+1 vdst=56+8
MIMG    64 26+6=111100     op=18+7 sc1=7+1 dmask=8+4 unrm=12+1 sc0=13+1 da=14+1 a16=15+1 acc=16+1
        lwe=17+1 nt=25+1 vaddr=32+8 vdata=40+8 srsrc=48+5 ssamp=53+5 d16=63+1
"""
_CDNA4 = """
VOP3PX2 128 16+16=1101001110101100 op=80+7 op_sel=11+2 scale_src0=32+9 scale_src1=41+9
        op_sel_hi=59+2 vdst=64+8 cbsz=72+3 abid=75+4 acc_cd=79+1 src0=96+9 src1=105+9 src2=114+9
        acc=123+2 blgp=125+3
"""

# gfx1250 scales the offsets of memory instructions, and has longer pairs.
_CDNA5 = """
SMEM    64 26+6=111101     op=13+6 sbase=0+6 sdst=6+7 sdata=6+7 nv=20+1 scope=21+2 th=23+2
        offset=32+24 scale_offset=56+1 soffset=57+7
FLAT    96 24+8=11101100   op=14+8 saddr=0+7 nv=7+1 vdst=32+8 scale_offset=48+1 scope=50+2 th=52+3
        vdata=55+8 vaddr=64+8 offset=72+24
SCRATCH 96 24+8=11101101   op=14+8 saddr=0+7 nv=7+1 vdst=32+8 scale_offset=48+1 sve=49+1
        scope=50+2 th=52+3 vdata=55+8 vaddr=64+8 offset=72+24
GLOBAL  96 24+8=11101110   op=14+8 saddr=0+7 nv=7+1 vdst=32+8 scale_offset=48+1 scope=50+2 th=52+3
        vdata=55+8 vaddr=64+8 offset=72+24
VOPD3   96 24+8=11001111   opx=18+6 opy=12+6 srcx0=0+9 srcy0=32+9 negx=41+3 negy=44+3
        vsrcx1=48+8 vsrcx2=56+8 vdstx=64+8 vsrcy1=72+8 vsrcy2=80+8 vdsty=88+8
"""

_OWN = {"cdna2": _CDNA2, "cdna4": _CDNA4, "cdna5": _CDNA5}
_LAYOUTS = {"cdna": _CDNA, "rdna3": _RDNA3, "rdna4": _RDNA4}


@dataclass(frozen=True, eq=False)
class Format:
    """One encoding: ``match`` under ``mask`` in the first dword; fields are (low bit, width)."""

    name: str
    bits: int
    mask: int
    match: int
    fields: dict[str, tuple[int, int]]

    @property
    def bytes(self) -> int:
        """Size without a trailing literal."""
        return self.bits // 8

    def get(self, raw: int, name: str) -> int:
        """The value of a field, 0 where the format has no such field."""
        low, width = self.fields.get(name, (0, 0))
        return (raw >> low) & ((1 << width) - 1)

    def put(self, raw: int, name: str, value: int) -> int:
        """``raw`` with a field replaced."""
        low, width = self.fields[name]
        mask = ((1 << width) - 1) << low
        return (raw & ~mask) | ((value << low) & mask)


def _range(text: str) -> tuple[int, int]:
    low, width = text.split("+")
    return int(low), int(width)


@cache
def formats(isa: str) -> dict[str, Format]:
    """The encodings of an ISA by name."""
    result: dict[str, Format] = {}
    text = _LAYOUTS[FAMILY[isa]] + _OWN.get(isa, "")
    for line in filter(None, text.replace("\n  ", " ").splitlines()):
        name, bits, fixed, *pairs = line.split()
        mask = match = 0
        fields: dict[str, tuple[int, int]] = {}
        if fixed == "=":
            base = result[name.split(".")[0]]
            mask, match, fields = base.mask, base.match, dict(base.fields)
        else:
            for part in fixed.split(","):
                where, value = part.split("=")
                low, width = _range(where)
                mask |= ((1 << width) - 1) << low
                match |= int(value, 2) << low
        for pair in pairs:
            field, where = pair.split("=")
            fields[field] = _range(where)
        result[name] = Format(name, int(bits), mask, match, fields)
    return result
