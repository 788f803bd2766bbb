"""Where generated code finds the parts of a wave: byte offsets of ``struct anyroc_wave``
(native/wave.h)."""

from __future__ import annotations

SGPR = 0
SCC = 512
MODE = 516
RESUME = 520
PC = 524
BUDGET = 528
VGPR = 536
LDS = 544
LDS_SIZE = 552
SCRATCH = 560
CODE_BASE = 576
COUNTERS = 584
FAULT_ADDRESS = 600
TRAP_ID = 620
GANG_WANTED = 624
GANG_AT = 628

VCC = 106
M0 = 124
NULL = 125
EXEC = 126

END = 0
BARRIER = 1
YIELD = 2
GANG = 3
TRAP = -2
BAD_PC = -3

SHARED_BASE = 0x0001_0000_0000_0000
PRIVATE_BASE = 0x0002_0000_0000_0000
LANE_SCRATCH_BASE = 0x0004_0000_0000_0000
