"""A handler that has something to clean up at the end, which takes a moment."""

import asyncio


async def clean_up():
    await asyncio.sleep(0.1)
    print("cleaned up")


def init_context(context):
    context.platform.set_termination_callback(clean_up)


def handler(context, event):
    return ""
