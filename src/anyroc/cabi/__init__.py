"""The C ABI: one table of functions, one shared library made from it, and its binding to Python."""
