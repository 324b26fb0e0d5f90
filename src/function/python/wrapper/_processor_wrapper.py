"""
Runs one Python handler for a processor: takes events from a unix socket, one at a time, and answers on it. The protocol
is that of Nuclio's Python runtime, so either side works with Nuclio's other one. Needs Python 3.9 and nothing else.
"""

import argparse
import asyncio
import base64
import fcntl
import importlib
import inspect
import json
import math
import os
import re
import signal
import socket
import sys
import threading
import time
import traceback

try:
    import nuclio_sdk
    import nuclio_sdk.logger
except ImportError:
    import _processor_sdk

    _processor_sdk.install()
    import nuclio_sdk
try:
    import msgpack
except ImportError:
    import _processor_msgpack as msgpack_stand_in

    msgpack = None

OWN_FILE = __file__
# The directory of this file may be gone by now: nobody else is to put modules into it, and child processes of the
# handler (multiprocessing) must not look for this one.
if sys.path and os.path.abspath(sys.path[0]) == os.path.dirname(os.path.abspath(__file__)):
    del sys.path[0]
del __file__

CONNECT_ATTEMPTS = 60
READ_BYTES = 256 * 1024
MAX_EVENT_BYTES = 1024 * 1024 * 1024
NEVER_ZERO = sys.float_info.min
# Types of results that are neither awaited nor streamed.
AT_ONCE = frozenset([str, bytes, dict, list, tuple, int, float, type(None)])
# Callbacks of a signal that came just before the end get their turn.
LAST_TURNS_SECONDS = 0.01
# For what is left to do at the end when the processor has gone without a word.
END_SECONDS = 2


def main():
    try:
        sys.exit(run())
    except Exception:
        end_soon()
        raise


def run():
    arguments = parse_arguments()
    control = connect(arguments.control_socket_path) if arguments.control_socket_path else None
    lifeline = Lifeline(control)
    handler, module = load_handler(arguments.handler)
    connection = Connection(connect(arguments.event_socket_path))
    wrapper = Wrapper(arguments, handler, connection, control, lifeline)
    return asyncio.run(wrapper.serve(module))


def end_soon():
    """Threads of the handler that go on do not keep the process, where nobody else would end it."""
    deadline = threading.Timer(END_SECONDS, os._exit, [1])
    deadline.daemon = True
    deadline.start()


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--handler", required=True, help="module:function")
    parser.add_argument("--event-socket-path", required=True)
    parser.add_argument("--control-socket-path")
    parser.add_argument("--platform-kind", choices=["local", "kube"], default="local")
    parser.add_argument("--namespace")
    parser.add_argument("--worker-id")
    parser.add_argument("--trigger-kind")
    parser.add_argument("--trigger-name")
    parser.add_argument("--log-level")
    parser.add_argument("--decode-event-strings", action="store_true")
    return parser.parse_args()


def load_handler(name):
    """The function that `module:function` names, and its module."""
    match = re.match(r"^([\w-]+(?:\.[\w-]+)*):(\w+)$", name)
    if match is None:
        raise SystemExit("the handler %r is not of the form module:function" % name)
    module = importlib.import_module(match.group(1))
    handler = getattr(module, match.group(2), None)
    if not callable(handler):
        what = "no function" if handler is None else "%s, which is no function:" % type(handler).__name__
        raise SystemExit("%s has %s %s" % (module.__file__ or match.group(1), what, match.group(2)))
    return handler, module


def connect(path):
    for attempt in range(CONNECT_ATTEMPTS):
        endpoint = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            endpoint.connect(path)
            return endpoint
        except OSError as error:
            endpoint.close()
            sys.stderr.write("cannot connect to %s: %s\n" % (path, error))
            if attempt + 1 < CONNECT_ATTEMPTS:
                time.sleep(1)
    raise SystemExit("cannot connect to " + path)


class Lifeline:
    """
    Ends the process with its processor even while user code runs that never returns: the event loop would not see the
    end of a socket then, but the signal of that end interrupts the code.
    """

    def __init__(self, control):
        # While true nobody else looks after the sockets.
        self.needed = True
        self._control = control
        if control is not None and hasattr(os, "O_ASYNC"):
            signal.signal(signal.SIGIO, self._check)
            fcntl.fcntl(control, fcntl.F_SETOWN, os.getpid())
            fcntl.fcntl(control, fcntl.F_SETFL, fcntl.fcntl(control, fcntl.F_GETFL) | os.O_ASYNC)
            self._check(None, None)

    def _check(self, _number, _frame):
        if not self.needed:
            return
        try:
            gone = self._control.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b""
        except BlockingIOError:
            gone = False
        except OSError:
            gone = True
        if gone:
            os._exit(1)


class Disconnected(Exception):
    """The processor is gone."""


class Connection:
    """The event socket: events as they were framed in, lines out."""

    def __init__(self, endpoint):
        self.endpoint = endpoint
        self._rest = b""
        # Threads of the handler may log while it answers.
        self._writing = threading.Lock()

    def read_events(self):
        """The events that are there now; blocks while one is only partly there."""
        data = self.endpoint.recv(READ_BYTES)
        if not data:
            raise Disconnected
        if self._rest:
            data = self._rest + data
        events = []
        at = 0
        while len(data) - at >= 4:
            size = int.from_bytes(data[at : at + 4], "big", signed=True)
            if not 0 < size <= MAX_EVENT_BYTES:
                raise ValueError("an event of %d bytes" % size)
            start, at = at + 4, at + 4 + size
            if at > len(data):
                events.append(self._read_to_end(data[start:], size))
                at = len(data)
            else:
                events.append(data[start:at])
        self._rest = data[at:]
        return events

    def _read_to_end(self, begun, size):
        whole = bytearray(size)
        whole[: len(begun)] = begun
        view, got = memoryview(whole), len(begun)
        while got < size:
            count = self.endpoint.recv_into(view[got:])
            if count == 0:
                raise Disconnected
            got += count
        return bytes(whole)

    def write(self, lines):
        with self._writing:
            self.endpoint.sendall(lines.encode("utf-8"))


class LogStream:
    """What the logger of nuclio-sdk writes its formatted records to."""

    def __init__(self, connection):
        self._connection = connection

    def write(self, text):
        try:
            self._connection.write("l" + text)
        except OSError:
            # The logging package would report it at length; whoever would read that is gone.
            pass

    def flush(self):
        pass


def create_logger(connection):
    logger = nuclio_sdk.Logger(10)
    if hasattr(logger, "set_handler"):
        logger.set_handler("default", LogStream(connection), nuclio_sdk.logger.JSONFormatter())
    else:
        logger.emit = lambda record: connection.write("l" + encode_json(record) + "\n")
    return logger


def create_decoder(decode_strings):
    """From the bytes of an event to what handlers get: an event, or a list of them."""
    raw = not decode_strings

    def unpack(data):
        if msgpack is None:
            return msgpack_stand_in.unpack(data, raw)
        return msgpack.unpackb(data, raw=raw, strict_map_key=False)

    if hasattr(nuclio_sdk, "EventDeserializerKinds"):
        kinds = nuclio_sdk.EventDeserializerKinds
        kind = kinds.msgpack if decode_strings else kinds.msgpack_raw
        return lambda data: nuclio_sdk.Event.deserialize(unpack(data), kind=kind)

    def create(data):
        message = unpack(data)
        if isinstance(message, list):
            return [nuclio_sdk.Event.from_message(each, raw) for each in message]
        return nuclio_sdk.Event.from_message(message, raw)

    return create


class Wrapper:
    def __init__(self, arguments, handler, connection, control, lifeline):
        self._handler = handler
        self._lifeline = lifeline
        self._connection = connection
        self._control = control
        # There nothing returned means: unchanged.
        self._none_is_empty = arguments.trigger_kind == "extproc"
        self._decode = create_decoder(arguments.decode_event_strings)
        self._logger = create_logger(connection)
        self._logger.bind(worker_id=arguments.worker_id)
        self._platform = nuclio_sdk.Platform(
            arguments.platform_kind, namespace=arguments.namespace, on_control_callback=self._send_control
        )
        trigger = nuclio_sdk.TriggerInfo(arguments.trigger_kind, arguments.trigger_name)
        self._context = nuclio_sdk.Context(self._logger, self._platform, arguments.worker_id, trigger)
        self._waiting = []
        self._busy = False
        # The loop itself does not keep tasks alive.
        self._task = None
        self._discarding = False
        self._terminating = False
        self._due_callbacks = []
        self._callback_tasks = set()

    async def serve(self, module):
        """Returns the exit code when the processor is gone."""
        self._loop = asyncio.get_running_loop()
        self._ended = self._loop.create_future()
        await self._initialize(module)
        self._listen_to_signals()
        self._lifeline.needed = False
        self._connection.write("s\n")
        try:
            await self._send_control({"kind": "wrapperInitialized", "attributes": {"ready": "true"}})
        except OSError:
            # A processor that is gone already shows on the other socket, after whatever it has still asked for.
            pass
        self._loop.add_reader(self._connection.endpoint, self._on_readable)
        return await self._ended

    async def _initialize(self, module):
        init_context = getattr(module, "init_context", None)
        if init_context is None:
            return
        try:
            result = init_context(self._context)
            if inspect.isawaitable(result):
                await result
        except BaseException:
            self._logger.error("Exception raised while running init_context")
            raise

    async def _send_control(self, message):
        if self._control is not None:
            self._control.sendall((encode_json(message) + "\n").encode("utf-8"))

    # Signals

    def _listen_to_signals(self):
        self._loop.add_signal_handler(signal.SIGUSR1, self._on_terminate)
        self._loop.add_signal_handler(signal.SIGUSR2, self._on_drain)
        self._loop.add_signal_handler(signal.SIGCONT, self._on_continue)

    def _on_terminate(self):
        self._discarding = self._terminating = True
        self._call_back("termination")

    def _on_drain(self):
        if not self._discarding:
            self._discarding = True
            self._call_back("drain")

    def _on_continue(self):
        self._discarding = False

    def _call_back(self, kind):
        """At once, or after the event that is being handled."""
        if kind not in self._due_callbacks:
            self._due_callbacks.append(kind)
        if not self._busy:
            self._run_due_callbacks()

    def _run_due_callbacks(self):
        while self._due_callbacks:
            kind = self._due_callbacks.pop(0)
            try:
                result = self._platform._on_signal(callback_type=kind)
            except Exception as error:
                self._logger.error_with("Exception caught in %s callback" % kind, exc=str(error))
                continue
            if inspect.isawaitable(result):
                task = asyncio.ensure_future(result)
                self._callback_tasks.add(task)
                task.add_done_callback(self._callback_tasks.discard)

    # Events

    def _on_readable(self):
        try:
            self._waiting += self._connection.read_events()
        except (Disconnected, ConnectionError):
            self._end("the processor has disconnected")
        except ValueError as error:
            self._end("the processor sent " + str(error))
        else:
            self._handle_waiting()

    def _handle_waiting(self):
        while self._waiting and not self._busy:
            data = self._waiting.pop(0)
            if not self._discarding:
                self._handle(data)

    def _handle(self, data):
        self._busy = self._lifeline.needed = True
        started = time.perf_counter()
        try:
            result = self._handler(self._context, self._decode_event(data))
            if type(result) in AT_ONCE or not (inspect.isawaitable(result) or is_generator(result)):
                duration = time.perf_counter() - started
                self._connection.write(encode_duration(duration) + self._encode_result(result))
                self._after_event()
                return
        except ServingFailed as failure:
            self._fail("Exception caught while serving", failure.__cause__)
        except BaseException as error:
            self._fail("Exception caught in handler", error)
        else:
            self._task = self._loop.create_task(self._finish(result, started))
            self._task.add_done_callback(self._resume)
            return
        self._after_event()

    def _decode_event(self, data):
        try:
            return self._decode(data)
        except Exception as error:
            raise ServingFailed from error

    async def _finish(self, result, started):
        begun = False
        try:
            if inspect.isawaitable(result):
                result = await result
            if not is_generator(result):
                encoded = self._encode_result(result)
                self._write_duration(started)
                self._connection.write(encoded)
                return
            head, chunks = split_stream(result)
            async for chunk in chunks:
                if begun:
                    self._connection.write("b" + base64.b64encode(to_bytes(chunk)).decode("ascii") + "\n")
                else:
                    first = encode_response(head if head is not None else chunk, chunk, self._none_is_empty)
                    self._connection.write("c" + first + "\n")
                    begun = True
            self._write_duration(started)
            self._connection.write("e\n" if begun else self._encode_result(""))
        except BaseException as error:
            # Behind the beginning of a stream it says that the stream is broken off.
            self._fail("Exception caught in handler", error)

    def _write_duration(self, started):
        self._connection.write(encode_duration(time.perf_counter() - started))

    def _resume(self, _task):
        self._after_event()
        self._handle_waiting()

    def _after_event(self):
        self._busy = self._lifeline.needed = False
        if self._due_callbacks:
            self._run_due_callbacks()

    def _encode_result(self, result):
        if isinstance(result, list):
            responses = [encode_response(each, None, self._none_is_empty) for each in result]
            return "r[" + ", ".join(responses) + "]\n"
        return "r" + encode_response(result, None, self._none_is_empty) + "\n"

    def _fail(self, what, error):
        trace = "".join(traceback.format_exception(type(error), error, without_own_frames(error.__traceback__)))
        try:
            self._logger.error_with(what, exc=str(error), traceback=trace)
            body = '%s - "%s": %s' % (what, error, trace)
            answer = {"body": body, "body_encoding": "text", "content_type": "text/plain", "status_code": 500}
            self._connection.write("r" + encode_json(answer) + "\n")
        except OSError as lost:
            sys.stderr.write("the processor is gone, nobody is told of a failed event: %s\n" % lost)

    def _end(self, why):
        """What has begun may come to its end; then the process does."""
        self._loop.remove_reader(self._connection.endpoint)
        try:
            self._logger.error(why)
        except OSError:
            # Nobody is there to be told any more.
            pass
        self._loop.call_later(LAST_TURNS_SECONDS, self._finish_callbacks)

    def _finish_callbacks(self):
        if self._callback_tasks:
            asyncio.ensure_future(asyncio.wait(self._callback_tasks)).add_done_callback(lambda _: self._leave())
        else:
            self._leave()

    def _leave(self):
        if self._ended.done():
            return
        # A processor that has said goodbye looks after the rest, and grants more time.
        if not self._terminating:
            end_soon()
        self._ended.set_result(1)


class ServingFailed(Exception):
    """What came is no event; the cause says why."""


def is_generator(value):
    if inspect.isgenerator(value) or inspect.isasyncgen(value):
        return True
    return isinstance(value, nuclio_sdk.Response) and is_generator(value.body)


def split_stream(value):
    """The response that a stream belongs to (None: its first item says), and its items."""
    if isinstance(value, nuclio_sdk.Response):
        return value, iterate(value.body)
    return None, iterate(value)


async def iterate(generator):
    if inspect.isasyncgen(generator):
        async for item in generator:
            yield item
    else:
        for item in generator:
            yield item


def to_bytes(item):
    if isinstance(item, nuclio_sdk.Response):
        item = item.body
    return bytes(item) if isinstance(item, (bytes, bytearray)) else str(item).encode("utf-8")


def encode_duration(seconds):
    return 'm{"duration": %r}\n' % (seconds or NEVER_ZERO)


def encode_response(value, first_chunk, none_is_empty):
    """What the processor is told of a handler's result. `first_chunk` stands for the body of a `Response` that streams."""
    status, headers, content_type, event_id = 200, {}, "text/plain", None
    body = value
    if isinstance(value, str):
        pass
    elif isinstance(value, tuple) and len(value) == 2:
        status, body = value
        if not isinstance(body, str):
            body, content_type = encode_json(body), "application/json"
    elif isinstance(value, (dict, list)):
        body, content_type = encode_json(value), "application/json"
    elif isinstance(value, nuclio_sdk.Response):
        status, headers, event_id = value.status_code, value.headers, value.event_id
        body = value.body if first_chunk is None else first_chunk
        if isinstance(body, nuclio_sdk.Response):
            body = body.body
        if isinstance(body, dict):
            body, content_type = json.dumps(body), "application/json"
        else:
            content_type = value.content_type
    elif value is None and none_is_empty:
        body = ""
    encoding = "text"
    if isinstance(body, (bytes, bytearray)):
        body, encoding = base64.b64encode(body).decode("ascii"), "base64"
    elif not isinstance(body, str):
        body = str(body)
    # Put together by hand: half of what the wrapper itself spends on an event would go into a general encoder.
    return '{"body": %s, "content_type": %s, "headers": %s, "status_code": %s, "body_encoding": "%s"%s}' % (
        encode_text(body),
        encode_text(content_type) if isinstance(content_type, str) else encode_json(content_type),
        encode_json(headers) if headers else "{}",
        status if type(status) is int else encode_json(status),
        encoding,
        ', "event_id": ' + encode_json(event_id) if event_id else "",
    )


def describe_unknown(value):
    for describe in (lambda: value.__log__(), lambda: repr(value), lambda: str(value)):
        try:
            return describe()
        except Exception:
            continue
    return "Unable to serialize object of type " + type(value).__name__


encode_text = json.encoder.encode_basestring_ascii
STRICT_JSON = json.JSONEncoder(allow_nan=False, default=describe_unknown)


def encode_json(value):
    """JSON in which numbers that JSON has not are texts, and what it cannot hold at all is its description."""
    try:
        return STRICT_JSON.encode(value)
    except ValueError:
        return STRICT_JSON.encode(replace_special_numbers(value, ()))


def replace_special_numbers(value, parents):
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, (dict, list, tuple)):
        if any(value is parent for parent in parents):
            raise ValueError("Circular reference detected")
        inside = (*parents, value)
        if isinstance(value, dict):
            return {key: replace_special_numbers(each, inside) for key, each in value.items()}
        return [replace_special_numbers(each, inside) for each in value]
    return value


def without_own_frames(trace):
    while trace is not None and trace.tb_frame.f_code.co_filename == OWN_FILE and trace.tb_next is not None:
        trace = trace.tb_next
    return trace


if __name__ == "__main__":
    main()
