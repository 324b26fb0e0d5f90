"""A handler that shows the protocol: one behaviour a path."""

import asyncio
import os
import sys
import time


def init_context(context):
    context.user_data.calls = 0
    context.platform.set_termination_callback(lambda: context.logger.info("termination callback"))
    context.platform.set_drain_callback(lambda: context.logger.info("drain callback"))
    context.logger.info_with("initialized", worker=context.worker_id)


def handler(context, event):
    if isinstance(event, list):
        return [context.Response(body="batched " + each.id, event_id=each.id) for each in event]
    context.user_data.calls += 1
    if event.path == "/calls":
        return str(context.user_data.calls)
    if event.path == "/log":
        context.logger.debug("plain %s", "text")
        context.logger.warn_with("with fields", number=1, nothing=None)
        return "logged"
    if event.path == "/log-much":
        for number in range(5000):
            context.logger.info_with("line %d" % number, padding="x" * 200)
        return "logged"
    if event.path == "/raise":
        raise ValueError("no way")
    if event.path == "/exit":
        sys.exit(3)
    if event.path == "/sleep":
        time.sleep(0.3)
        return "slept"
    if event.path == "/hang":
        while True:
            pass
    if event.path == "/async":
        return later()
    if event.path == "/size":
        return str(len(event.body))
    if event.path == "/large":
        return b"x" * 3000000
    if event.path == "/kinds":
        values = [event.method, event.headers, event.fields, event.content_type, event.id]
        return ", ".join(type(value).__name__ for value in values)
    if event.path == "/generator":
        return (piece for piece in ["one", b"two", 3])
    if event.path == "/stream":
        return context.Response({"x-a": "b"}, pieces(), "text/csv", 206)
    if event.path == "/broken-stream":
        return broken()
    if event.path == "/slow-stream":
        return slow_pieces()
    if event.path == "/endless":
        return endless()
    if event.path == "/process":
        return str(os.getpid())
    return event.body


async def later():
    await asyncio.sleep(0.01)
    return (202, {"later": True})


async def pieces():
    yield "a"
    await asyncio.sleep(0)
    yield "b"


def broken():
    yield "begun"
    raise ValueError("in the middle")


def slow_pieces():
    yield "first "
    time.sleep(0.3)
    yield "last"


def endless():
    while True:
        yield "x" * 1000
