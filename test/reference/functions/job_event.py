"""A job that reads its event."""
import json


def handler(context, event):
    text = json.loads(event.body)["text"]
    context.logger.info(f"the job says: {text}")
    return context.Response(body=text.upper(), content_type="text/plain", status_code=200)
