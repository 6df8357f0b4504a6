"""Servers that misbehave on a real socket, and the transport that faces them."""

import asyncio
from contextlib import asynccontextmanager

from adapters.addresses import THIS_MACHINE
from adapters.http import PartnerClient
from adapters.transport import (
    build_http,
)

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


def port_of(server) -> int:
    return server.sockets[0].getsockname()[1]


async def read_request(reader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    length = next(
        (
            int(line[15:])
            for line in head.lower().split(b"\r\n")
            if line.startswith(b"content-length")
        ),
        0,
    )
    return head + await reader.readexactly(length)


@asynccontextmanager
async def serving(answers):
    """Serve each request of a connection with the next answer; None hangs up without one.

    Gives the address and the requests seen so far.
    """
    seen: list[bytes] = []

    async def converse(reader, writer):
        try:
            while answers:
                seen.append(await read_request(reader))
                answer = answers.pop(0)
                if answer is None:
                    break
                writer.write(answer)
                await writer.drain()
                if b"Connection: close" in answer:
                    break
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(converse, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{port_of(server)}", seen


@asynccontextmanager
async def client_of(address):
    client = PartnerClient("p", build_http(reach=THIS_MACHINE), address=address)
    try:
        yield client
    finally:
        await client.aclose()


def answer_of(body: bytes, *headers: str) -> bytes:
    lines = ["HTTP/1.1 200 OK", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body
