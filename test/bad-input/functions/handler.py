"""Under /hang it never answers; else it answers with what `name` of a JSON body is."""

import time


def handler(context, event):
    while event.path == "/hang":
        time.sleep(1)
    return event.body["name"] if event.content_type == "application/json" else "served"
