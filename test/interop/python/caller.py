"""A client by nats-py: caller.py URL [subject payload]... prints as JSON the services that it finds, and what each call gave."""

import asyncio
import json
import sys
from typing import Any, Callable, Dict, List

import nats
from nats.aio.client import Client
from nats.micro.service import ServiceInfo, ServicePing, ServiceVerb, control_subject


async def gather(nc: Client, verb: ServiceVerb, read: Callable[[Any], Any]) -> List[Dict[str, Any]]:
    """Asks every service, and takes what comes until nothing has come for 300 ms."""
    inbox = nc.new_inbox()
    subscription = await nc.subscribe(inbox)
    await nc.publish(control_subject(verb, name=None, id=None), reply=inbox)
    answers = []
    try:
        while True:
            message = await subscription.next_msg(timeout=0.3)
            answers.append(read(json.loads(message.data)))
    except nats.errors.TimeoutError:
        return answers


async def main() -> None:
    url, *calls = sys.argv[1:]
    nc = await nats.connect(url)
    replies = []
    for subject, payload in zip(calls[::2], calls[1::2]):
        message = await nc.request(subject, payload.encode(), timeout=5)
        headers = message.headers or {}
        replies.append(
            {
                "code": headers.get("Nats-Service-Error-Code", ""),
                "description": headers.get("Nats-Service-Error", ""),
                "body": message.data.decode(),
            }
        )
    report = {
        "pings": await gather(nc, ServiceVerb.PING, lambda answer: ServicePing.from_dict(answer).to_dict()),
        "infos": await gather(nc, ServiceVerb.INFO, lambda answer: ServiceInfo.from_dict(answer).to_dict()),
        # As they come: nats-py's own reader wants "data" from everybody, and microseconds where nats.go gives nanoseconds.
        "stats": await gather(nc, ServiceVerb.STATS, lambda answer: answer),
        "replies": replies,
    }
    print(json.dumps(report))
    await nc.close()


asyncio.run(main())
