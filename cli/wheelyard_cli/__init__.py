"""The ``wheelyard`` command: parse, call, render."""

__version__ = "0.1.0"
