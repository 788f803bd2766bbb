"""Frameworks that run on the software GPU: each a package, imported by the framework itself."""
