"""Handlers behind http: a greeting, a text turned round, a sum."""


def get(context, event):
    return context.Response(
        body=f"hello {event.fields.get('name', 'world')}", headers={"x-path": event.path}, status_code=200
    )


def post_text(context, event):
    return event.body.decode()[::-1]


def post_json(context, event):
    return {"sum": sum(event.body["numbers"])}
