"""Everything a handler may return, one path a value."""

import asyncio
import json

log = []


class Described:
    def __log__(self):
        return "described"


class Plain:
    def __repr__(self):
        return "<plain>"


async def init_context(context):
    await asyncio.sleep(0)
    context.user_data.greeting = "prepared"


def handler(context, event):
    name = event.path[1:]
    if name == "raises":
        raise ValueError("no way")
    if name == "raises-without-words":
        raise KeyError()
    if name == "fails-later":
        return fail_later()
    if name == "event":
        return json.dumps(seen(context, event), sort_keys=True)
    if name == "user-data":
        return context.user_data.greeting
    if name == "echo":
        return event.body if isinstance(event.body, bytes) else event.body.encode()
    if name == "sdk":
        import nuclio_sdk

        return str(isinstance(event, nuclio_sdk.Event) and context.Response is nuclio_sdk.Response)
    return values(context)[name]


async def later(context, event):
    await asyncio.sleep(0)
    result = handler(context, event)
    return await result if asyncio.iscoroutine(result) else result


async def fail_later():
    await asyncio.sleep(0)
    raise RuntimeError("later")


def values(context):
    Response = context.Response
    return {
        "text": "hello",
        "umlauts": "größer \u20ac \U0001f600",
        "bytes": b"\x00\xff\xfe",
        "dict": {"a": 1, "b": [True, None, "ü"]},
        "list": ["one", "two"],
        "list-of-responses": [Response(body="first", status_code=203), "second"],
        "empty-list": [],
        "tuple-text": (201, "created"),
        "tuple-dict": (202, {"a": 1}),
        "tuple-list": (202, [1, 2]),
        "tuple-bytes": (200, b"ab"),
        "triple": (1, 2, 3),
        "none": None,
        "number": 42,
        "true": True,
        "special-numbers": {"a": float("nan"), "b": float("inf"), "c": [float("-inf")]},
        "described": {"a": Described(), "b": Plain()},
        "response": Response({"X-A": "b"}, "teapot", "text/x-tea", 418),
        "response-dict": Response(body={"a": 1}, status_code=404),
        "response-list": Response(body=[1, 2]),
        "response-none": Response(),
        "response-bytes": Response(body=b"\xff", content_type="application/octet-stream"),
        "response-headers": Response({"x-number": 5, "x-switch": True, "Set-Cookie": ["a=1", "b=2"]}, "x"),
        "response-type-in-headers": Response({"Content-Type": "text/html"}, "<p>"),
        "status-without-body": Response(status_code=204, body=""),
        "no-status": (7, "x"),
        "no-header": Response({"x-a": {"b": 1}}, "x"),
    }


def seen(context, event):
    event_names = ["id", "method", "path", "fields", "content_type", "size", "url", "shard_id", "num_shards"]
    event_names += ["type", "type_version", "version", "last_in_batch", "offset", "topic"]
    return {
        "event": {name: getattr(event, name) for name in event_names},
        "body": event.body if isinstance(event.body, (dict, list, str)) else repr(event.body),
        "trigger": [event.trigger.kind, event.trigger.name],
        "header": [event.headers.get("X-Custom-Name"), event.get_header("x-custom-NAME"), event.get_header("missing")],
        "timestamp": [type(event.timestamp).__name__, event.timestamp.tzinfo is None, event.timestamp.year > 2020],
        "json": json.loads(event.to_json())["path"],
        "worker": [type(context.worker_id).__name__, context.trigger.kind, context.trigger.name, context.trigger_name],
        "platform": [context.platform.kind, context.platform.namespace],
    }
