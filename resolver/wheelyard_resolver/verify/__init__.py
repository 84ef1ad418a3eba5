"""Check a proposal and its certificate without the solver that made them, nor the code that asked it.

What has to be trusted: packaging (versions, specifiers, markers, tags), what a target is
(:mod:`wheelyard_resolver.target`), and this package, whose modules import nothing else of the resolver. See
docs/design/resolving.md for why the checks suffice.
"""
