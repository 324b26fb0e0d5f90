"""A handler beside which a thread works that never ends."""

import threading
import time

threading.Thread(target=time.sleep, args=[60]).start()


def handler(context, event):
    return ""
