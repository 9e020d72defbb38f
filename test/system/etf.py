# SPDX-License-Identifier: Apache-2.0
"""Erlang's external term format, as much of it as the tests need: terms of a subject node to Python and, for the fake nodes, back."""

import struct


class Atom(str):
    """An atom. Equal to a string of the same text, so that tests read well."""

    def __repr__(self):
        return "'%s'" % str(self)


class Opaque(bytes):
    """A pid, port, reference or fun: its own bytes, fit to be sent back."""


TRUTH = {"true": True, "false": False}


class Decoder:
    def __init__(self, data):
        self.data = data
        self.at = 0

    def take(self, n):
        if self.at + n > len(self.data):
            raise ValueError("truncated term")
        part = self.data[self.at:self.at + n]
        self.at += n
        return part

    def uint(self, n):
        return int.from_bytes(self.take(n), "big")

    def atom(self, n):
        text = self.take(n).decode("utf-8", "replace")
        return TRUTH.get(text, Atom(text))

    def term(self):
        start = self.at
        tag = self.uint(1)
        if tag == 97:
            return self.uint(1)
        if tag == 98:
            return struct.unpack(">i", self.take(4))[0]
        if tag == 70:
            return struct.unpack(">d", self.take(8))[0]
        if tag in (110, 111):
            n = self.uint(1 if tag == 110 else 4)
            sign = self.uint(1)
            value = int.from_bytes(self.take(n), "little")
            return -value if sign else value
        if tag in (100, 118):
            return self.atom(self.uint(2))
        if tag in (115, 119):
            return self.atom(self.uint(1))
        if tag in (104, 105):
            return tuple(self.term() for _ in range(self.uint(1 if tag == 104 else 4)))
        if tag == 106:
            return []
        if tag == 107:
            return list(self.take(self.uint(2)))
        if tag == 108:
            items = [self.term() for _ in range(self.uint(4))]
            tail = self.term()
            return items if tail == [] else (items, tail)
        if tag == 109:
            return self.take(self.uint(4))
        if tag == 116:
            return dict(self.pair() for _ in range(self.uint(4)))
        return self.opaque(tag, start)

    def pair(self):
        key = self.term()
        return (key if not isinstance(key, list) else tuple(key)), self.term()

    def opaque(self, tag, start):
        if tag == 90:  # NEWER_REFERENCE
            n = self.uint(2)
            self.term()
            self.take(4 + 4 * n)
        elif tag == 88:  # NEW_PID
            self.term()
            self.take(12)
        elif tag == 89:  # NEW_PORT
            self.term()
            self.take(8)
        elif tag == 120:  # V4_PORT
            self.term()
            self.take(12)
        elif tag == 113:  # EXPORT
            for _ in range(3):
                self.term()
        elif tag == 112:  # NEW_FUN
            self.take(self.uint(4) - 4)
        else:
            raise ValueError("term tag %d" % tag)
        return Opaque(self.data[start:self.at])


def decode(data):
    """The term of bytes that begin with the version byte 131."""
    d = Decoder(data)
    if d.uint(1) != 131:
        raise ValueError("no external term")
    return d.term()


def encode(term):
    """A term without the version byte."""
    if isinstance(term, Opaque):
        return bytes(term)
    if isinstance(term, bool):
        return encode(Atom("true" if term else "false"))
    if isinstance(term, Atom):
        text = term.encode()
        return b"w" + bytes([len(text)]) + text
    if isinstance(term, int):
        if 0 <= term < 256:
            return b"a" + bytes([term])
        if -2**31 <= term < 2**31:
            return b"b" + struct.pack(">i", term)
        n = (abs(term).bit_length() + 7) // 8
        return b"n" + bytes([n, term < 0]) + abs(term).to_bytes(n, "little")
    if isinstance(term, float):
        return b"F" + struct.pack(">d", term)
    if isinstance(term, tuple):
        head = b"h" + bytes([len(term)]) if len(term) < 256 else b"i" + struct.pack(">I", len(term))
        return head + b"".join(map(encode, term))
    if isinstance(term, list):
        return b"l" + struct.pack(">I", len(term)) + b"".join(map(encode, term)) + b"j" if term else b"j"
    if isinstance(term, (bytes, bytearray)):
        return b"m" + struct.pack(">I", len(term)) + bytes(term)
    if isinstance(term, str):
        return encode(term.encode())
    if isinstance(term, dict):
        return b"t" + struct.pack(">I", len(term)) + b"".join(encode(k) + encode(v) for k, v in term.items())
    raise TypeError(type(term))


def pid(node, number, creation):
    return Opaque(b"X" + encode(Atom(node)) + struct.pack(">III", number, 0, creation))
