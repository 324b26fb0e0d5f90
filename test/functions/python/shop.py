import asyncio
import json


def handler(context, event):
    return ACTIONS[event.path](context, event)


def greet(context, event):
    return "Hello, " + event.body.decode() + "!"


def fail(context, event):
    raise LookupError("no stock")


def created(context, event):
    return context.Response({"X-Order": 7, "Set-Cookie": ["a=1", "b=2"]}, "created", "text/html", 201)


def refuse(context, event):
    return 404, {"error": "no such order"}


def total(context, event):
    return {"total": sum(item["price"] for item in event.body["items"]), "type": event.content_type}


def rows(context, event):
    for number in range(1, 4):
        yield "%s %d\n" % (event.method, number)


async def wait(context, event):
    await asyncio.sleep(0.01)
    return "late"


async def hang(context, event):
    await asyncio.sleep(60)


def echo(context, event):
    seen = {"method": event.method, "fields": event.fields, "name": event.get_header("x-name"), "size": event.size}
    return json.dumps({**seen, "body": event.body.decode(), "trigger": context.trigger.name})


ACTIONS = {
    "/greet": greet,
    "/fail": fail,
    "/created": created,
    "/refuse": refuse,
    "/total": total,
    "/rows": rows,
    "/wait": wait,
    "/hang": hang,
    "/echo": echo,
    "/reverse": lambda context, event: event.body[::-1],
    "/nothing": lambda context, event: None,
}
