"""Counts what a schedule sends, and tells it who asks over HTTP."""


def init_context(context):
    context.user_data.ticks = 0


def handler(context, event):
    if event.trigger.kind == "cron":
        context.user_data.ticks += 1
        context.logger.info_with("tick", body=event.body.decode(), origin=event.headers["X-Origin"])
        return None
    return {"function": context.trigger.name, "method": event.method}
