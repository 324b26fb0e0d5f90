"""A context that takes longer to prepare than anybody waits, without ever sleeping."""


def init_context(context):
    while True:
        pass


def handler(context, event):
    return ""
