"""In the place of the handler Core writes: calls the user's function with what its run says."""
import json
import os

import main


def init_context(context):
    context.project = os.environ["PROJECT_NAME"]
    context.run_id = os.environ["RUN_ID"]


def handler(context, event):
    if context.trigger.kind == "job":
        run = json.loads(event.body)
        if run["id"] != context.run_id:
            raise ValueError("the run of another")
        main.train(context, **run["spec"]["parameters"])
        return context.Response(body="OK", content_type="text/plain", status_code=200)
    return main.serve(context, event)
