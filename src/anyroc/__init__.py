"""A software AMD GPU and the ROCm stack on top of it."""

__version__ = "0.1.0"
