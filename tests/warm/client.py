"""Stands in for `python`: has the server fork, and is to whoever called it as the process that ran."""

import json
import os
import signal
import socket
import sys

FORWARDED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def open_streams() -> list[int]:
    found = []
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            continue
        found.append(number)
    return found


def main(name: str, words: list[str]) -> None:
    streams = open_streams()  # before another file takes the number of a closed one
    folder = os.getcwd()  # noqa: PTH109  # pathlib takes longer to import than all of this
    request = {"words": words, "folder": folder, "environment": dict(os.environ), "streams": streams}
    text = json.dumps(request).encode()
    signal.pthread_sigmask(signal.SIG_BLOCK, FORWARDED)
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect("\0" + name)
        socket.send_fds(connection, [len(text).to_bytes(4, "big")], streams)
        connection.sendall(text)
        process = int.from_bytes(connection.recv(4), "big")
        for number in FORWARDED:
            signal.signal(number, lambda number, _: os.kill(process, number))
        signal.pthread_sigmask(signal.SIG_UNBLOCK, FORWARDED)
        for number in streams:  # the process has them, and its end is theirs
            os.close(number)
        status = int.from_bytes(connection.recv(4), "big", signed=True)
    if status >= 0:
        os._exit(status)
    signal.signal(-status, signal.SIG_DFL)
    os.kill(os.getpid(), -status)


main(sys.argv[1], sys.argv[2:])
