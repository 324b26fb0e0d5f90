"""A module that takes longer to load than anybody waits."""

import time

time.sleep(60)


def handler(context, event):
    return ""
