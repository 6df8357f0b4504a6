"""The yardstick: one-row INSERTs, each committed, by the bare client library.

Full durability, as the ledger has it: every commit waits for the disk.
"""

import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import psycopg

from gateway.storage.engine import BUSY_TIMEOUT_MS, WAL_PAGES

SAID = "x" * 100  # what a row carries beside its key
_TABLE = "CREATE TABLE IF NOT EXISTS bare_insert (id VARCHAR(36) PRIMARY KEY, said TEXT NOT NULL)"

Insert = Callable[[str], None]
Opened = tuple[Insert, Callable[[], None]]


def measure_bare(opened: Callable[[], Opened], connections: int, seconds: float) -> float:
    """Return how many rows a second so many connections insert and commit, each in a thread."""
    counts, ready, over = [0] * connections, threading.Barrier(connections + 1), threading.Event()
    lines = [opened() for _ in range(connections)]

    def insert_until_over(place: int) -> None:
        insert, close = lines[place]
        ready.wait()
        while not over.is_set():
            insert(str(uuid4()))
            counts[place] += 1
        close()

    threads = [threading.Thread(target=insert_until_over, args=(n,)) for n in range(connections)]
    for thread in threads:
        thread.start()
    ready.wait()
    began = time.perf_counter()
    time.sleep(seconds)
    done, took = sum(counts), time.perf_counter() - began
    over.set()
    for thread in threads:
        thread.join()
    return done / took


def open_sqlite(file: Path) -> Opened:
    """Open a file as the ledger's writer does."""
    connection = sqlite3.connect(file, timeout=BUSY_TIMEOUT_MS / 1000, check_same_thread=False)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute(f"PRAGMA wal_autocheckpoint={WAL_PAGES}")
    connection.execute(_TABLE)

    def insert(key: str) -> None:
        connection.execute("INSERT INTO bare_insert (id, said) VALUES (?, ?)", (key, SAID))
        connection.commit()

    return insert, connection.close


def open_postgres(url: str) -> Opened:
    """Open a connection to a PostgreSQL database."""
    connection = psycopg.connect(url)
    connection.execute(_TABLE)
    connection.commit()

    def insert(key: str) -> None:
        connection.execute("INSERT INTO bare_insert (id, said) VALUES (%s, %s)", (key, SAID))
        connection.commit()

    return insert, connection.close
