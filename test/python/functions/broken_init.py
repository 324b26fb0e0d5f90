"""Cannot prepare itself."""


def connect():
    raise RuntimeError("no database")


def init_context(context):
    connect()


def handler(context, event):
    return ""
