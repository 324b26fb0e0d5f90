"""A guard behind Envoy. Every call takes 200 ms."""
import time


def init_context(context):
    context.user_data.greeting = "checked"


def handler_serve(context, event):
    time.sleep(0.2)
    if event.path == "/secret":
        return context.Response(body="no", headers={"X-Processing-Status": "403"}, status_code=200)
    return f"{context.user_data.greeting} {event.headers['processing-phase']} {event.body.decode()}"
