"""
What handlers know as `nuclio_sdk`, where that package is not installed: the classes of their events, contexts and
responses, with the attributes the package documents.
"""

import base64
import datetime
import http.client
import json
import logging
import sys
import time

_EPOCH = datetime.datetime(1970, 1, 1)
_SUBMODULES = ["context", "event", "exceptions", "json_encoder", "logger", "platform", "qualified_offset", "response"]


def install():
    """Makes `import nuclio_sdk` give this module."""
    module = sys.modules[__name__]
    sys.modules["nuclio_sdk"] = module
    for name in _SUBMODULES:
        sys.modules["nuclio_sdk." + name] = module
        setattr(module, name, module)


class TriggerInfo:
    def __init__(self, kind="", name=""):
        self.kind = kind
        self.name = name


class Event:
    def __init__(
        self,
        body=None,
        content_type=None,
        trigger=None,
        fields=None,
        headers=None,
        _id=None,
        method=None,
        path=None,
        size=None,
        timestamp=None,
        url=None,
        shard_id=None,
        num_shards=None,
        _type=None,
        type_version=None,
        version=None,
        last_in_batch=None,
        offset=None,
        topic=None,
    ):
        self.body = body
        self.content_type = content_type
        self.trigger = trigger or TriggerInfo()
        self.fields = fields or {}
        self.headers = headers or {}
        self.id = _id
        self.method = method
        self.path = path or "/"
        self.size = size
        self.timestamp = timestamp or 0
        self.url = url
        self.shard_id = shard_id
        self.num_shards = num_shards
        self.type = _type
        self.type_version = type_version
        self.version = version
        self.last_in_batch = last_in_batch or False
        self.offset = offset or 0
        self.topic = topic

    @classmethod
    def from_message(cls, message, raw):
        """`message` is the decoded map of one event; `raw`: its keys and texts are bytes."""
        if raw:
            keys = {key.decode("utf-8"): value for key, value in message.items()}
            json_type = b"application/json"
            trigger = {key.decode("utf-8"): value for key, value in keys["trigger"].items()}
        else:
            keys, json_type, trigger = message, "application/json", message["trigger"]
        body = keys["body"]
        content_type = keys["content_type"]
        if content_type == json_type and isinstance(body, (bytes, str)):
            try:
                body = json.loads(body)
            except ValueError as error:
                sys.stderr.write("The body is not the JSON its content type says: %s\n" % error)
        return cls(
            body=body,
            content_type=content_type,
            trigger=TriggerInfo(trigger["kind"], trigger["name"]),
            fields=keys["fields"],
            headers=keys["headers"],
            _id=keys["id"],
            method=keys["method"],
            path=keys["path"],
            size=keys["size"],
            timestamp=_EPOCH + datetime.timedelta(seconds=keys["timestamp"]),
            url=keys["url"],
            shard_id=keys["shard_id"],
            num_shards=keys["num_shards"],
            _type=keys["type"],
            type_version=keys["type_version"],
            version=keys["version"],
            offset=keys.get("offset", 0),
            topic=keys.get("topic"),
        )

    def get_header(self, header_key):
        wanted = header_key.lower()
        for key, value in self.headers.items():
            if key.lower() == wanted:
                return value
        return None

    def to_json(self):
        values = {name: value for name, value in vars(self).items() if not name.startswith("_")}
        values["trigger"] = {"kind": self.trigger.kind, "name": self.trigger.name}
        if isinstance(self.body, bytes):
            values["body"] = base64.b64encode(self.body).decode("ascii")
        return json.dumps(values, default=str)

    def compile_explicit_ack_message(self):
        return QualifiedOffset.from_event(self).compile_explicit_ack_message()

    def __repr__(self):
        return self.to_json()


class QualifiedOffset:
    def __init__(self, topic, partition, offset):
        self.topic = topic
        self.partition = partition
        self.offset = offset

    @staticmethod
    def from_event(event):
        return QualifiedOffset(event.topic or event.path, event.shard_id, event.offset)

    def compile_explicit_ack_message(self):
        place = {"topic": self.topic, "partition": self.partition, "offset": self.offset}
        return {"kind": "streamMessageAck", "attributes": place}


class Response:
    def __init__(self, headers=None, body=None, content_type=None, status_code=200, event_id=None):
        self.headers = headers or {}
        self.body = body
        self.content_type = content_type or "text/plain"
        self.status_code = status_code
        self.event_id = event_id

    def ensure_no_ack(self):
        self.headers["x-nuclio-stream-no-ack"] = True

    def __repr__(self):
        return "Response(%s)" % ", ".join("%s=%r" % item for item in vars(self).items())


class ExceptionWithResponse(IOError):
    def __init__(self, status_code, body=None, content_type=None):
        super().__init__(status_code, body)
        self.status_code = status_code
        self.body = body
        self.content_type = content_type


class Logger:
    """Writes a record for each call; `emit` is told how by the wrapper."""

    def __init__(self, level=logging.DEBUG, name="nuclio_sdk"):
        self.level = level
        self.name = name
        self.emit = None
        self._bound = {}

    def bind(self, **fields):
        self._bound.update(fields)

    def debug(self, message, *args):
        self._log("debug", message, args, {})

    def info(self, message, *args):
        self._log("info", message, args, {})

    def warn(self, message, *args):
        self._log("warning", message, args, {})

    def error(self, message, *args):
        self._log("error", message, args, {})

    def debug_with(self, message, *args, **fields):
        self._log("debug", message, args, fields)

    def info_with(self, message, *args, **fields):
        self._log("info", message, args, fields)

    def warn_with(self, message, *args, **fields):
        self._log("warning", message, args, fields)

    def error_with(self, message, *args, **fields):
        self._log("error", message, args, fields)

    def _log(self, level, message, args, fields):
        now = time.time()
        moment = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(now))
        record = {
            "datetime": "%s,%03d" % (moment, now % 1 * 1000),
            "level": level,
            "message": str(message) % _arguments(args) if args else str(message),
            "with": {**fields, **self._bound},
        }
        if self.emit is None:
            sys.stderr.write("%s: %s\n" % (level, record["message"]))
        else:
            self.emit(record)


def _arguments(args):
    """As the standard `logging`: a single dictionary fills named places."""
    return args[0] if len(args) == 1 and isinstance(args[0], dict) and args[0] else args


class Context:
    def __init__(self, logger=None, platform=None, worker_id=None, trigger=None):
        self.logger = logger
        self.platform = platform
        # A function takes any attribute.
        self.user_data = lambda: None
        self.Response = Response
        self.worker_id = worker_id
        self.trigger = trigger
        if trigger is not None:
            self.trigger_name = trigger.name


class Platform:
    def __init__(self, kind, namespace="default", connection_provider=None, on_control_callback=None):
        self.kind = kind
        self.namespace = namespace
        self._connection_provider = connection_provider or http.client.HTTPConnection
        self._control_callback = on_control_callback
        self._callbacks = {}

    def set_termination_callback(self, callback):
        self._callbacks["termination"] = callback

    def set_drain_callback(self, callback):
        self._callbacks["drain"] = callback

    def _on_signal(self, callback_type="termination"):
        callback = self._callbacks.get(callback_type)
        return None if callback is None else callback()

    async def explicit_ack(self, qualified_offset):
        if self._control_callback is None:
            raise RuntimeError("there is no processor to acknowledge to")
        await self._control_callback(qualified_offset.compile_explicit_ack_message())

    def call_function(self, function_name, event, node=None, timeout=None, service_name_override=None):
        body, content_type = event.body, event.content_type or "text/plain"
        if isinstance(body, dict):
            body, content_type = json.dumps(body), "application/json"
        given = event.headers or {}
        headers = {name: value for name, value in given.items() if name.lower() != "content-length"}
        headers["Content-Type"] = content_type
        headers.setdefault("X-Nuclio-Target", function_name)
        place = self._get_function_url(function_name, service_name_override)
        connection = self._connection_provider(place, timeout=timeout)
        try:
            connection.request(event.method, event.path, body=body, headers=headers)
            answer = connection.getresponse()
            content = answer.read()
        finally:
            connection.close()
        answered = {name.lower(): value for name, value in answer.getheaders()}
        answered_type = answered.get("content-type", "text/plain")
        if answered_type == "application/json":
            content = json.loads(content)
        return Response(answered, content, answered_type, answer.status)

    def _get_function_url(self, function_name, service_name_override=None):
        local = "nuclio-%s-%s" % (self.namespace, function_name)
        service = service_name_override or (local if self.kind == "local" else "nuclio-" + function_name)
        return service + ":8080"
