"""
A wrapper that says what its events tell it to: the body of an event has the lines of the answer, as they are to come, and
among them orders: "!sleep S", "!exit CODE", "!exit-if FILE", "!kill", "!close", "!stderr TEXT". FAKE_START has the lines for
the start, FAKE_END those for the termination signal. With what it was started and every event it was sent is written to
the file FAKE_RECORD, in hexadecimal.
"""

import argparse
import os
import signal
import socket
import sys
import time

parser = argparse.ArgumentParser()
parser.add_argument("--event-socket-path")
parser.add_argument("--control-socket-path")
parser.add_argument("--worker-id")
paths = parser.parse_known_args()[0]
signal.signal(signal.SIGUSR1, lambda *_: play(os.environ.get("FAKE_END", "")))


def record(kind, data):
    if "FAKE_RECORD" in os.environ:
        with open(os.environ["FAKE_RECORD"], "a") as file:
            file.write(kind + " " + data.hex() + "\n")


def connect(path):
    endpoint = socket.socket(socket.AF_UNIX)
    endpoint.connect(path)
    return endpoint


def play(script):
    for line in script.split("\n"):
        order, _, argument = line.partition(" ")
        if order == "!sleep":
            time.sleep(float(argument))
        elif order == "!exit":
            sys.exit(int(argument))
        elif order == "!exit-if":
            if os.path.exists(argument):
                sys.exit(5)
        elif order == "!kill":
            os.kill(os.getpid(), signal.SIGKILL)
        elif order == "!close":
            events.close()
            time.sleep(10)
        elif order == "!stderr":
            sys.stderr.write(argument + "\n")
        elif line:
            events.sendall((line.replace("PID", str(os.getpid())) + "\n").encode())


def body_of(event):
    """It comes last, as bytes of at most 64 KiB."""
    at = event.rindex(b"\xa4body") + 5
    return event[at + {0xC4: 2, 0xC5: 3, 0xC6: 5}[event[at]] :].decode()


record("argv", "\0".join(sys.argv).encode())
record("path", os.environ.get("PYTHONPATH", "").encode())
control = connect(paths.control_socket_path)
events = connect(paths.event_socket_path)
play(os.environ.get("FAKE_START", "s"))
while True:
    head = events.recv(4)
    if len(head) < 4:
        break
    size = int.from_bytes(head, "big")
    event = b""
    while len(event) < size:
        event += events.recv(size - len(event))
    record("event", head + event)
    play(body_of(event))
