"""Talks to /echo by Debian's python3-websockets. websocketclient.py PORT"""

import asyncio
import sys

import websockets

PORT = sys.argv[1]
URL = f"ws://127.0.0.1:{PORT}/echo"
PATIENCE_S = 30


def equal(got, wanted):
    if got != wanted:
        raise SystemExit(f"got {str(got)[:100]!r}, not {str(wanted)[:100]!r}")


async def echoes(compression):
    async with websockets.connect(URL, compression=compression, subprotocols=["other", "landspout"],
                                  max_size=None, open_timeout=PATIENCE_S) as peer:
        equal(peer.subprotocol, "landspout")
        equal([one.name for one in peer.extensions],
              [] if compression is None else ["permessage-deflate"])
        equal(await peer.recv(), "open landspout 127.0.0.1")
        for message in ["", "grün", "x" * 125, "x" * 126, "x" * 65_536, "€" * 200_000,
                        b"", bytes(range(256)) * 1_000]:
            await peer.send(message)
            equal(await peer.recv(), message)
        # In fragments.
        await peer.send(iter(["one ", "two ", "three"]))
        equal(await peer.recv(), "one two three")
        await asyncio.wait_for(await peer.ping(b"there?"), PATIENCE_S)
        await peer.send("close")
        await asyncio.wait_for(peer.wait_closed(), PATIENCE_S)
        equal((peer.close_code, peer.close_reason), (4000, "as asked"))


async def crowd():
    async def one(n):
        async with websockets.connect(URL, open_timeout=PATIENCE_S) as peer:
            await peer.recv()
            for i in range(20):
                await peer.send(f"{n} {i}")
            equal([await peer.recv() for _ in range(20)], [f"{n} {i}" for i in range(20)])

    await asyncio.gather(*(one(n) for n in range(20)))


async def is_refused():
    try:
        await websockets.connect(URL, origin="http://elsewhere.example", open_timeout=PATIENCE_S)
    except websockets.InvalidStatusCode as error:
        equal(error.status_code, 403)
    else:
        raise SystemExit("a foreign origin was let in")


async def main():
    await echoes("deflate")
    print("ok compressed")
    await echoes(None)
    print("ok plain")
    await crowd()
    print("ok crowd")
    await is_refused()
    print("ok refused")


asyncio.run(main())
