"""A PostgreSQL-v3 server that redshift_connector, psql and awswrangler connect to without knowing the difference.

Simple and extended protocol, md5 passwords, text and binary values, SQLSTATEs. A client that goes away leaves
nothing behind: its transaction is rolled back. https://www.postgresql.org/docs/current/protocol-message-formats.html
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import socket
import socketserver
import struct
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from localcloud.redshift import codec
from localcloud.redshift.engine import LocalWarehouse, Result, Session
from localcloud.redshift.errors import RedshiftError
from localcloud.redshift.translate import has_parameters

SSL_REQUEST, GSS_REQUEST, CANCEL_REQUEST = 80877103, 80877104, 80877102
STATUS_PARAMETERS = {
    "server_version": "8.0.2",  # what Redshift says; drivers read features from it
    "server_encoding": "UNICODE",
    "client_encoding": "UTF8",
    "DateStyle": "ISO, MDY",
    "integer_datetimes": "on",
    "TimeZone": "UTC",
}
MD5_REQUEST, AUTHENTICATED = 5, 0
MOST_KEPT = 1 << 18  # bytes of rows, before they are sent: the client decodes them while the rest is encoded


class RedshiftServer:
    """The laptop's warehouse on a port of this machine; `port=0` takes a free one, every user has the password."""

    def __init__(self, path: str | Path, port: int = 0, password: str = "", s3_client: Any = None) -> None:
        self.password = password
        self.warehouse = LocalWarehouse(path, s3_client)
        self.clients: set[socket.socket] = set()
        self._tcp = _Listener(("127.0.0.1", port), self)
        self._thread = threading.Thread(target=self._tcp.serve_forever, args=(0.05,), name="redshift", daemon=True)

    @property
    def port(self) -> int:
        """Where clients connect, on 127.0.0.1."""
        return int(self._tcp.server_address[1])

    def start(self) -> RedshiftServer:
        """Serve in a background thread."""
        self._thread.start()
        return self

    def stop(self) -> None:
        """End every session, rolling back what is open, and write the file."""
        self._tcp.shutdown()
        for client in list(self.clients):
            with contextlib.suppress(OSError):
                client.shutdown(socket.SHUT_RDWR)
        self._tcp.server_close()
        self.warehouse.close()


class _Listener(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    # Threads are joined at server_close, so that a stopped server has no session left.
    daemon_threads = False
    block_on_close = True

    def __init__(self, address: tuple[str, int], owner: RedshiftServer) -> None:
        super().__init__(address, _Client)
        self.owner = owner


@dataclass
class _Statement:
    sql: str
    parameter_types: list[int]


@dataclass
class _Portal:
    statement: _Statement
    values: list[Any]
    formats: Sequence[int] = field(default_factory=tuple)


class _Client(socketserver.BaseRequestHandler):
    server: _Listener

    def handle(self) -> None:
        """Talk to one client until it leaves."""
        owner = self.server.owner
        self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        owner.clients.add(self.request)
        self.out = bytearray()
        self.statements: dict[bytes, _Statement] = {}
        self.portals: dict[bytes, _Portal] = {}
        self.session: Session | None = None
        try:
            user = self._greet(owner.password)
            if user is not None:
                self.session = owner.warehouse.session(user)
                self._ready()
                self._converse(self.session)
        except (EOFError, OSError):
            pass
        finally:
            owner.clients.discard(self.request)
            if self.session:
                self.session.close()

    def _greet(self, password: str) -> str | None:
        """The user who has logged in; None when nobody has."""
        while True:
            length, code = struct.unpack("!ii", self._receive(8))
            body = self._receive(length - 8)
            if code == CANCEL_REQUEST:
                return None
            if code not in (SSL_REQUEST, GSS_REQUEST):
                break
            self.request.sendall(b"N")
        pairs = body.split(b"\0")
        user = dict(zip(pairs[::2], pairs[1::2], strict=False)).get(b"user", b"")
        if password and not self._knows(password, user):
            self._error(RedshiftError("password authentication failed", "28000"), severity=b"FATAL")
            self._flush()
            return None
        self._send(b"R", struct.pack("!i", AUTHENTICATED))
        for name, value in STATUS_PARAMETERS.items():
            self._send(b"S", f"{name}\0{value}\0".encode())
        self._send(b"K", struct.pack("!ii", os.getpid(), 1))
        return user.decode()

    def _knows(self, password: str, user: bytes) -> bool:
        salt = secrets.token_bytes(4)
        self._send(b"R", struct.pack("!i", MD5_REQUEST) + salt)
        self._flush()
        _, answer = self._message()
        inner = hashlib.md5(password.encode() + user).hexdigest().encode()
        return answer.rstrip(b"\0") == b"md5" + hashlib.md5(inner + salt).hexdigest().encode()

    def _converse(self, session: Session) -> None:
        handlers: dict[bytes, Callable[[Session, bytes], None]] = {
            b"P": self._parse,
            b"B": self._bind,
            b"D": self._describe,
            b"E": self._execute,
            b"C": self._close,
            b"Q": self._simple_query,
        }
        skips_to_sync = False
        while True:
            kind, body = self._message()
            if kind == b"X":
                return
            if kind == b"S":
                skips_to_sync = False
                self._ready()
            elif kind == b"H":
                self._flush()
            elif not skips_to_sync:
                try:
                    if kind not in handlers:
                        raise RedshiftError(f"message {kind!r} is not part of the protocol", "08P01")
                    handlers[kind](session, body)
                except RedshiftError as error:
                    self._error(error)
                    skips_to_sync = kind != b"Q"
                if kind == b"Q":
                    self._ready()

    def _simple_query(self, session: Session, body: bytes) -> None:
        result = session.execute(body.rstrip(b"\0").decode())
        if result.columns:
            self._row_description(result.columns)
        self._result(result)

    def _parse(self, session: Session, body: bytes) -> None:
        name, sql, rest = body.split(b"\0", 2)
        (count,) = struct.unpack_from("!h", rest)
        self.statements[name] = _Statement(sql.decode(), list(struct.unpack_from(f"!{count}i", rest, 2)))
        self._send(b"1")

    def _bind(self, session: Session, body: bytes) -> None:
        portal, name, rest = body.split(b"\0", 2)
        statement, reader = self._statement(name), _Reader(rest)
        formats = reader.shorts()
        values = []
        for index in range(reader.short()):
            its_type = statement.parameter_types[index] if index < len(statement.parameter_types) else 0
            values.append(codec.decode(reader.value(), its_type, binary=_is_binary(formats, index)))
        self.portals[portal] = _Portal(statement, values, reader.shorts())
        self._send(b"2")

    def _describe(self, session: Session, body: bytes) -> None:
        of_statement, name = body[:1] == b"S", body[1:-1]
        statement = self._statement(name) if of_statement else self.portals[name].statement
        count = max(has_parameters(statement.sql), len(statement.parameter_types))
        if of_statement:
            types = [t or codec.VARCHAR for t in statement.parameter_types]
            types += [codec.VARCHAR] * (count - len(types))
            self._send(b"t", struct.pack(f"!h{count}i", count, *types))
        columns = session.describe(statement.sql, count)
        if columns is None:
            self._send(b"n")
        else:
            self._row_description(columns)

    def _execute(self, session: Session, body: bytes) -> None:
        portal = self.portals[body.split(b"\0", 1)[0]]
        self._result(session.execute(portal.statement.sql, portal.values), portal.formats)

    def _close(self, session: Session, body: bytes) -> None:
        (self.statements if body[:1] == b"S" else self.portals).pop(body[1:-1], None)
        self._send(b"3")

    def _statement(self, name: bytes) -> _Statement:
        try:
            return self.statements[name]
        except KeyError:
            raise RedshiftError("the prepared statement does not exist", "26000") from None

    def _row_description(self, columns: list[tuple[str, str]]) -> None:
        fields = [
            name.encode() + b"\0" + struct.pack("!ihihih", 0, 0, codec.type_id(kind), -1, -1, 0)
            for name, kind in columns
        ]
        self._send(b"T", struct.pack("!h", len(fields)) + b"".join(fields))

    def _result(self, result: Result, formats: Sequence[int] = ()) -> None:
        types = [codec.type_id(kind) for _, kind in result.columns or []]
        encoders = [codec.encoder(t, binary=_is_binary(formats, index)) for index, t in enumerate(types)]
        for row in result.rows:
            self._send(b"D", codec.data_row(row, encoders))
            if len(self.out) > MOST_KEPT:
                self._flush()
        self._send(b"C", result.tag.encode() + b"\0")

    def _error(self, error: RedshiftError, severity: bytes = b"ERROR") -> None:
        message = str(error).replace("\0", "").encode()
        self._send(b"E", b"S" + severity + b"\0C" + error.sqlstate.encode() + b"\0M" + message + b"\0\0")

    def _ready(self) -> None:
        self._send(b"Z", (self.session.status if self.session else "I").encode())
        self._flush()

    def _message(self) -> tuple[bytes, bytes]:
        kind, length = struct.unpack("!ci", self._receive(5))
        return kind, self._receive(length - 4)

    def _receive(self, count: int) -> bytes:
        data = bytearray()
        while len(data) < count:
            chunk = self.request.recv(count - len(data))
            if not chunk:
                raise EOFError
            data += chunk
        return bytes(data)

    def _send(self, kind: bytes, body: bytes = b"") -> None:
        self.out += kind + codec.LENGTH(len(body) + 4) + body

    def _flush(self) -> None:
        self.request.sendall(self.out)
        self.out = bytearray()


class _Reader:
    """Reads counted values off a Bind message."""

    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0

    def short(self) -> int:
        self.at += 2
        return int(struct.unpack_from("!h", self.data, self.at - 2)[0])

    def shorts(self) -> list[int]:
        return [self.short() for _ in range(self.short())]

    def value(self) -> bytes | None:
        (length,) = struct.unpack_from("!i", self.data, self.at)
        self.at += 4 + max(length, 0)
        return None if length < 0 else self.data[self.at - length : self.at]


def _is_binary(formats: Sequence[int], index: int) -> bool:
    """One format stands for all values, none for text."""
    return bool(formats) and formats[index if len(formats) > 1 else 0] == 1
