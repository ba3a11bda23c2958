"""A service by nats-py's micro, which adds. It runs until its standard input ends."""

import asyncio
import json
import sys

import nats
from nats.micro import add_service
from nats.micro.request import Request


async def add(request: Request) -> None:
    try:
        operands = json.loads(request.data)
        total = operands["a"] + operands["b"]
    except (ValueError, KeyError, TypeError):
        await request.respond_error("400", "two numbers are needed", b'{"needed":["a","b"]}')
        return
    await request.respond(json.dumps(total).encode())


async def main() -> None:
    nc = await nats.connect(sys.argv[1])
    service = await add_service(nc, name="python-adder", version="1.2.3", description="Adds, in Python")
    await service.add_group(name="python").add_endpoint(name="add", handler=add)
    await nc.flush()
    print("ready", flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    await nc.close()


asyncio.run(main())
