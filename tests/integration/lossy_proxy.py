"""A stretch of wire before PostgreSQL that loses the answer to a COMMIT."""

import selectors
import socket
import threading
from types import TracebackType
from urllib.parse import parse_qs, urlsplit

COMMIT = b"Q\x00\x00\x00\x0bCOMMIT\x00"  # as a simple query, which is how psycopg sends it
PIECE = 65_536
PATIENCE_S = 5.0


class LossyProxy:
    """Listens on a port; behind it is the server whose address was given (a socket in a folder)."""

    def __init__(self, behind: str) -> None:
        parts = urlsplit(behind)
        self._socket_path = f"{parse_qs(parts.query)['host'][0]}/.s.PGSQL.5432"
        self._listener = socket.create_server(("127.0.0.1", 0))
        port = self._listener.getsockname()[1]
        self.url = f"postgresql://postgres@127.0.0.1:{port}{parts.path}?sslmode=disable"
        self.lost = 0
        self._left: int | None = None
        self._lock = threading.Lock()

    def __enter__(self) -> "LossyProxy":
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._listener.close()

    def lose_answer_to_commit(self, after: int) -> None:
        """Of the commits from now on let so many be answered, and lose the answer to the next."""
        with self._lock:
            self._left = after

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._carry, args=(client,), daemon=True).start()

    def _carry(self, client: socket.socket) -> None:
        with client, socket.socket(socket.AF_UNIX) as server, selectors.DefaultSelector() as both:
            server.connect(self._socket_path)
            both.register(client, selectors.EVENT_READ, server)
            both.register(server, selectors.EVENT_READ, client)
            try:
                while all(self._pass_on(key.fileobj, key.data) for key, _ in both.select()):
                    pass
            except OSError:
                return

    def _pass_on(self, source: socket.socket, target: socket.socket) -> bool:
        """False when the connection is over."""
        piece = source.recv(PIECE)
        if not piece:
            return False
        target.sendall(piece)
        if COMMIT in piece and self._is_to_be_lost():
            target.settimeout(PATIENCE_S)
            target.recv(PIECE)  # done, and nobody hears of it
            self.lost += 1
            return False
        return True

    def _is_to_be_lost(self) -> bool:
        with self._lock:
            if self._left is None:
                return False
            self._left -= 1
            if self._left >= 0:
                return False
            self._left = None
            return True
