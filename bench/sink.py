"""A mail server that takes everything and keeps nothing but the count, in a process of its own: python -m bench.sink.

Prints its port; ends when its standard input does, and says how many letters and bytes it took.
"""

import asyncio
import sys

LONGEST = 2**20
_taken = [0, 0]


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"220 sink.example\r\n")
    while line := await reader.readline():
        verb = line[:4].upper()
        if verb == b"EHLO":
            writer.write(b"250-sink.example\r\n250 8BITMIME\r\n")
        elif verb == b"DATA":
            writer.write(b"354 go on\r\n")
            await writer.drain()
            letter = await reader.readuntil(b"\r\n.\r\n")
            assert b"\r\n\r\n" in letter
            _taken[0] += 1
            _taken[1] += len(letter)
            writer.write(b"250 taken\r\n")
        elif verb == b"QUIT":
            break
        else:
            writer.write(b"250 yes\r\n")
        await writer.drain()
    writer.close()


async def main() -> None:
    server = await asyncio.start_server(serve, "127.0.0.1", 0, limit=LONGEST)
    async with server:
        print(server.sockets[0].getsockname()[1], flush=True)
        await asyncio.to_thread(sys.stdin.read)
    print(*_taken, flush=True)


if __name__ == "__main__":
    asyncio.run(main())
