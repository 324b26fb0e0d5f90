def handler(context, event):
    return {"hello": event.body["name"]}
