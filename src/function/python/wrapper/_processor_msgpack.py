"""Decodes MessagePack (https://github.com/msgpack/msgpack/blob/master/spec.md) where no package for it is installed."""

import collections
import struct

ExtType = collections.namedtuple("ExtType", ["code", "data"])


def unpack(data, raw=False):
    """The one value that `data` (bytes) holds. `raw` leaves texts as bytes."""
    value, end = _decode(data, 0, raw)
    if end != len(data):
        raise ValueError("%d bytes behind the message" % (len(data) - end))
    return value


def _decode(data, at, raw):
    first = data[at]
    at += 1
    if first < 0x80:
        return first, at
    if first < 0x90:
        return _decode_map(data, at, first & 0x0F, raw)
    if first < 0xA0:
        return _decode_array(data, at, first & 0x0F, raw)
    if first < 0xC0:
        return _decode_text(data, at, first & 0x1F, raw)
    if first >= 0xE0:
        return first - 0x100, at
    if first in _CONSTANTS:
        return _CONSTANTS[first], at
    if first in _NUMBERS:
        number = _NUMBERS[first]
        return number.unpack_from(data, at)[0], at + number.size
    if first not in _SIZED:
        raise ValueError("0x%02x begins no MessagePack value" % first)
    length, decode = _SIZED[first]
    return decode(data, at + length.size, length.unpack_from(data, at)[0], raw)


def _decode_map(data, at, count, raw):
    value = {}
    for _ in range(count):
        # Short texts are nearly all there is in an event: a call each would double the time.
        first = data[at]
        if 0xA0 <= first < 0xC0 and not raw:
            start, at = at + 1, at + 1 + (first & 0x1F)
            key = data[start:at].decode()
        else:
            key, at = _decode(data, at, raw)
        first = data[at]
        if 0xA0 <= first < 0xC0 and not raw:
            start, at = at + 1, at + 1 + (first & 0x1F)
            value[key] = data[start:at].decode()
        else:
            value[key], at = _decode(data, at, raw)
    return value, at


def _decode_array(data, at, count, raw):
    value = []
    for _ in range(count):
        item, at = _decode(data, at, raw)
        value.append(item)
    return value, at


def _decode_text(data, at, size, raw):
    value, at = _decode_bytes(data, at, size, raw)
    return (value if raw else value.decode("utf-8")), at


def _decode_bytes(data, at, size, _raw):
    end = at + size
    if end > len(data):
        raise ValueError("the message ends within a value")
    return data[at:end], end


def _decode_ext(data, at, size, _raw):
    code = struct.unpack_from(">b", data, at)[0]
    value, end = _decode_bytes(data, at + 1, size, True)
    return ExtType(code, value), end


class _Fixed:
    """A length that stands in the type byte already."""

    size = 0

    def __init__(self, length):
        self._length = (length,)

    def unpack_from(self, _data, _at):
        return self._length


_CONSTANTS = {0xC0: None, 0xC2: False, 0xC3: True}
_NUMBERS = {
    first: struct.Struct(form)
    for first, form in zip(range(0xCA, 0xD4), [">f", ">d", ">B", ">H", ">I", ">Q", ">b", ">h", ">i", ">q"])
}
_U8, _U16, _U32 = struct.Struct(">B"), struct.Struct(">H"), struct.Struct(">I")
_SIZED = {
    0xC4: (_U8, _decode_bytes),
    0xC5: (_U16, _decode_bytes),
    0xC6: (_U32, _decode_bytes),
    0xC7: (_U8, _decode_ext),
    0xC8: (_U16, _decode_ext),
    0xC9: (_U32, _decode_ext),
    0xD4: (_Fixed(1), _decode_ext),
    0xD5: (_Fixed(2), _decode_ext),
    0xD6: (_Fixed(4), _decode_ext),
    0xD7: (_Fixed(8), _decode_ext),
    0xD8: (_Fixed(16), _decode_ext),
    0xD9: (_U8, _decode_text),
    0xDA: (_U16, _decode_text),
    0xDB: (_U32, _decode_text),
    0xDC: (_U16, _decode_array),
    0xDD: (_U32, _decode_array),
    0xDE: (_U16, _decode_map),
    0xDF: (_U32, _decode_map),
}
