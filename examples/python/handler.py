"""A handler in Python: each worker is a process of its own, and one that crashes is replaced."""


def init_context(context):
    context.user_data.greeting = "hello"


def handler(context, event):
    name = event.fields.get("name")
    if name is None:
        return context.Response(body={"error": "who are you? ask with ?name="}, status_code=400)
    context.logger.info_with("called", path=event.path)
    return {"answer": f"{context.user_data.greeting} {name}", "worker": context.worker_id}
