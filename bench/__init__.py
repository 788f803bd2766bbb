"""Benchmarks: the same work on anyroc, in plain C and on PoCL, in one run."""
