"""Which Python packages can be installed together, why not, and in how few environments.

A pure library: it opens no socket, no file, and reads no clock. The world comes in through
:class:`wheelyard_resolver.index.Index`.
"""
