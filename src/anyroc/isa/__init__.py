"""Instruction sets: encodings, tables and disassembly; no behaviour."""
