"""A job without an event that leaves a file."""
import os


def handler(context, event):
    with open(os.environ["REPORT"], "w") as report:
        report.write(f"{context.trigger.kind} {context.trigger.name}")
    return context.Response(body="written", status_code=200)
