"""A hospital that answers: where the feedback of a case goes over HL7 v2."""

import socket
import threading

from .conftest import END, START, read_frame, segments

SENDER = "DIPS|St. Olavs hospital^883974832^ENH"
"""MSH-3 and MSH-4 of `messages.ST_OLAVS`, as an agreement names them (KNUTEPUNKT_ENDPOINTS)."""


class Hospital:
    """The hospital's own MLLP receiver. `code`: MSA-1 of its answers; `errors`: ERR segments of them."""

    def __init__(self, port: int) -> None:
        self.code, self.errors = "AA", ""
        self.got: list[bytes] = []
        self._listener = socket.create_server(("127.0.0.1", port))
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._receive, args=(connection,), daemon=True).start()

    def _receive(self, connection: socket.socket) -> None:
        with connection:
            while True:
                try:
                    body = read_frame(connection)
                except OSError:
                    return
                self.got.append(body)
                control = segments(body, "MSH")[0][9]
                ack = f"MSH|^~\\&|DIPS|StO|KNUTEPUNKT|KE|20261122||ACK|A{len(self.got)}|P|2.5\r"
                connection.sendall(START + f"{ack}MSA|{self.code}|{control}\r{self.errors}".encode() + END)

    def about(self, number: str) -> list[bytes]:
        """What it got about the person with a number, in order."""
        return [body for body in self.got if number in segments(body, "PID")[0][3]]

    def close(self) -> None:
        # Without this the thread that waits in accept keeps the port open.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
