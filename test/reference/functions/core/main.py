"""What a user of Core writes."""
import os


def train(context, epochs):
    if epochs < 1:
        raise ValueError("nothing to train")
    with open(os.path.join(os.environ["HOME"], "model"), "w") as model:
        model.write(f"{context.project} {context.run_id} {epochs}")


def serve(context, event):
    return context.Response(body=f"{context.project} {event.body.decode()}", headers={"x-served": "yes"}, status_code=200)
