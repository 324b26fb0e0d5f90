"""One header set each way, as a Digital Hub handler does it."""

PHASES = {"1": "x-request-seen", "4": "x-response-seen"}


def handler(context, event):
    name = PHASES[event.headers["processing-phase"]]
    return context.Response(body="", headers={name: "yes"}, status_code=200)
