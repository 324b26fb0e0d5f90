"""A handler under the Digital Hub types, one behaviour a path."""

import json
import os
import time


def handler(context, event):
    if event.path == "/raises":
        raise ValueError("secret reason")
    if event.path == "/nothing":
        return None
    if event.path == "/slow":
        time.sleep(0.2)
        return None
    if event.path == "/never":
        while True:
            pass
    if event.path == "/response":
        return context.Response({"x-handler": "yes"}, b"<" + event.body + b">", "text/x-test", 200)
    if event.path == "/plain":
        return "<" + event.body.decode() + ">"
    if event.path == "/answer-200":
        return context.Response({"x-processing-status": "200", "x-handler": "yes"}, "here")
    if event.path == "/answer-403":
        return context.Response({"X-Processing-Status": 403}, "no")
    if event.path == "/status-202":
        return (202, "accepted")
    if event.path == "/process":
        return context.Response({"X-Processing-Status": 200}, str(os.getpid()))
    if event.path == "/event":
        return json.dumps(
            {
                "body": event.body.decode(),
                "custom": event.headers.get("x-custom"),
                "fields": event.fields,
                "method": event.method,
                "path": event.path,
                "phase": event.headers.get("processing-phase"),
                "trigger": [event.trigger.kind, event.trigger.name],
            }
        )
    return event.body
