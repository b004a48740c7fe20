"""moto's server on this machine: keeps connections open between requests, and leaves no thread when it stops."""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Callable, Iterable
from typing import Any

from moto.moto_server.werkzeug_app import (
    DomainDispatcherApplication,
    MotoRequestHandler,
    create_backend_app,
)
from werkzeug.serving import ThreadedWSGIServer

HOST = "127.0.0.1"
JOIN_S = 5.0
POLL_S = 0.05  # how soon a stop is noticed

Application = Callable[[dict[str, Any], Any], Iterable[bytes]]


class _Handler(MotoRequestHandler):  # type: ignore[misc]
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # one packet for an answer's head and body
    disable_nagle_algorithm = True

    def handle_expect_100(self) -> bool:
        """Let the client send its body at once; the buffered answer would reach it after its patience."""
        self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        self.wfile.flush()
        del self.headers["Expect"]
        return True

    def log(self, type: str, message: str, *args: object) -> None:
        """No line per request."""


class _Server(ThreadedWSGIServer):
    request_queue_size = 128

    def __init__(self, port: int, application: Application) -> None:
        self.connections: set[socket.socket] = set()
        self.threads: set[threading.Thread] = set()
        super().__init__(HOST, port, application, handler=_Handler)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        self.connections.add(request)
        self.threads.add(threading.current_thread())
        try:
            super().process_request_thread(request, client_address)
        finally:
            self.connections.discard(request)
            self.threads.discard(threading.current_thread())


class AwsServer:
    """Serves moto, and `control` for paths below `/localcloud/`."""

    def __init__(self, port: int, control: Application) -> None:
        moto = DomainDispatcherApplication(create_backend_app)

        def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
            is_control = environ.get("PATH_INFO", "").startswith("/localcloud/")
            answer: Iterable[bytes] = (control if is_control else moto)(environ, start_response)
            return answer

        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        self._server = _Server(port, application)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(POLL_S,), name="aws-server")
        self._thread.daemon = True

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self._server.server_address[1])

    def start(self) -> None:
        """Answer requests from now on."""
        self._thread.start()

    def stop(self) -> None:
        """Close the port and every connection, and wait for the threads behind them."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        for connection in list(self._server.connections):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue  # it closed meanwhile
        for thread in list(self._server.threads):
            if thread is not threading.current_thread():
                thread.join(JOIN_S)
