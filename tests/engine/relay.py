"""Carry connections between a TCP port of the loopback interface and a socket in the file system, or back.

``relay.py LISTEN TO``, each a port or a path: two of these join two network namespaces, which share the file system.
"""

from __future__ import annotations

import asyncio
import sys


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except OSError:
        pass  # the other side is gone: so is this connection
    finally:
        writer.close()


async def _relay(listen: str, to: str) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there = asyncio.open_connection("127.0.0.1", int(to)) if to.isdigit() else asyncio.open_unix_connection(to)
        other_reader, other_writer = await there
        await asyncio.gather(_pump(reader, other_writer), _pump(other_reader, writer))

    if listen.isdigit():
        server: asyncio.Server = await asyncio.start_server(serve, "127.0.0.1", int(listen))
    else:
        server = await asyncio.start_unix_server(serve, listen)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_relay(*sys.argv[1:3]))
