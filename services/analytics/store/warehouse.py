"""The DuckDB file: one process, one writing thread, readers on cursors of their own."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import duckdb

from chassis.eventlog import Partition
from services.analytics.store import publishing, warehouse_schema
from services.analytics.store.rows import one_row

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

T = TypeVar("T")

#: A checkpoint is made after this long without a commit, never in the middle of a load.
IDLE_SECONDS: Final = 5.0
READERS: Final = 3
#: So many commits at most are remembered until segments have answered for them.
UNANSWERED: Final = 10_000
#: How long a rewriting waits for readers to finish; then it is tried again later.
PATIENCE: Final = 30.0
#: The disk or memory is at fault, not what was asked; after the last one the engine refuses everything until the file is opened anew.
FAILED: Final = (duckdb.IOException, duckdb.OutOfMemoryException, duckdb.FatalException)


class WarehouseBusy(Exception):
    """Another process holds the file."""


class Warehouse:
    """Facts in columns. `write` runs on the one writing thread, `read` on a reader's thread with its own cursor."""

    def __init__(self, path: str, *, memory_mb: int = 256, threads: int = 1) -> None:
        """Promise nothing yet: `open` does. `:memory:` keeps nothing."""
        self._path = path
        self._config: dict[str, Any] = {
            "memory_limit": f"{memory_mb}MB",
            "threads": threads,
            "checkpoint_threshold": "256MB",
            "enable_external_access": False,
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "preserve_insertion_order": True,
        }
        #: Only the parent of the others: a connection refuses any call, `cursor` too, while another thread uses it.
        self._root: DuckDBPyConnection | None = None
        self._lock = threading.Lock()
        #: Guards how many read now, and whether the file is being exchanged under them.
        self._reading = threading.Condition()
        self._snapshots = 0
        self._exchanging = False
        #: When (monotonic) the file may be rewritten again: it takes at most a twentieth of the time.
        self.rewritten_until = 0.0
        self._connection: DuckDBPyConnection | None = None
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="warehouse-writer")
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="warehouse-reader")
        self.birth = ""
        #: Commits that segments have not answered for yet, and when the oldest of what each brought happened (seconds since the epoch).
        self.loaded: deque[tuple[int, float]] = deque(maxlen=UNANSWERED)
        self.last_commit = 0.0
        self.appended_at: float | None = None
        #: Up to which commit, and when (monotonic), scores were last computed by this process.
        self.scored: tuple[int, float] = (-1, 0.0)
        #: How often rules of scores were set in this process.
        self.rules_set = 0
        #: Up to which commit, when (monotonic) and for which definitions computed traits were last brought up to date; until when they rest.
        self.computed: tuple[int, float, str] = (-1, 0.0, "")
        self.computing_rests_until = 0.0
        #: One question in SQL at a time.
        self.asking = asyncio.Semaphore(1)
        #: Until when (monotonic) touched customers are not looked at again.
        self.rests_until = 0.0
        #: Until when (monotonic) nothing is looked at because no segment asks.
        self.unasked_until = 0.0
        #: Up to where the log must be loaded before a new file may be evaluated; set when that is first asked.
        self.filled_at: dict[Partition, int] | None = None
        self._dirty = False
        self._closing = False
        self._useless = False

    async def open(self) -> None:
        """Open or create the file. Raises WarehouseBusy when another process has it."""
        await asyncio.get_running_loop().run_in_executor(self._writer, self._open)

    def _open(self) -> None:
        if self._path != ":memory:":
            Path(self._path).parent.mkdir(parents=True, exist_ok=True)
        try:
            self._root = duckdb.connect(self._path, config=self._config)
        except duckdb.IOException as error:
            if "lock" in str(error).lower():
                raise WarehouseBusy(f"another process has the warehouse {self._path} open") from None
            raise
        self._connection = self._cursor()
        warehouse_schema.prepare(self._connection)
        publishing.prepare(self._connection)
        found = one_row(self._connection, "SELECT birth, appended_at FROM warehouse")
        assert found is not None
        self.birth, self.appended_at = str(found[0]), found[1]

    async def rewrite(self) -> bool:
        """Write the file anew with nothing in it but what is there now: a deleted row's bytes stay in the old one until then.

        Measured: a mark in uncompressed rows is still found in the file after DELETE, CHECKPOINT and VACUUM; in the new file it is not. Loading and
        reading wait meanwhile. False when readers did not finish in time: nothing has changed then.
        """
        if self._closing:
            raise ConnectionError("the warehouse is closed")
        if self._path == ":memory:":
            return True
        return await asyncio.get_running_loop().run_in_executor(self._writer, self._rewrite)

    def _rewrite(self) -> bool:
        started = time.monotonic()
        if not self._exchange(self._copy):
            return False
        self.rewritten_until = time.monotonic() + 20 * (time.monotonic() - started)
        self._dirty = False
        return True

    def _exchange(self, between: Callable[[], None]) -> bool:
        """Close the file, do this, open it again; nobody reads meanwhile. False when readers did not finish in time. Raises OSError."""
        with self._reading:
            self._exchanging = True
            if not self._reading.wait_for(lambda: self._snapshots == 0, PATIENCE):
                self._exchanging = False
                self._reading.notify_all()
                return False
        self._useless = True  # until it is open again
        try:
            self._close()
            try:
                between()
            finally:
                self._open()
                self._useless = False
        except duckdb.Error as error:
            raise OSError(f"the warehouse cannot be opened again: {type(error).__name__}") from error
        finally:
            with self._reading:
                self._exchanging = False
                self._reading.notify_all()
        return True

    def _mend(self) -> None:
        """A full disk makes the engine refuse all that comes later: once it is opened anew, it goes on from its last commit. Raises OSError."""
        if self._useless and not self._closing and not self._exchange(lambda: None):
            raise OSError("the warehouse waits for its readers before it is opened again")

    def _copy(self) -> None:
        path, fresh = Path(self._path), Path(self._path + ".fresh")
        if Path(f"{path}.wal").exists():
            raise OSError("the warehouse's log could not be folded into its file")  # it would be read into the new file
        for left in (fresh, Path(f"{fresh}.wal")):
            left.unlink(missing_ok=True)  # of a try that was cut off
        config = {name: value for name, value in self._config.items() if name != "enable_external_access"}
        held, made = (str(one).replace("'", "''") for one in (path, fresh))  # a file's name takes no parameter
        with duckdb.connect(":memory:", config=config) as connection:
            for statement in (
                f"ATTACH '{held}' AS held (READ_ONLY)", f"ATTACH '{made}' AS made", "COPY FROM DATABASE held TO made", "CHECKPOINT made",
                "DETACH held", "DETACH made",
            ):
                connection.execute(statement)
        fresh.replace(path)

    async def close(self) -> None:
        """Finish what was begun, write a checkpoint, close the file."""
        self._closing = True
        await asyncio.to_thread(self._readers.shutdown, wait=True, cancel_futures=True)
        await asyncio.get_running_loop().run_in_executor(self._writer, self._close)
        self._writer.shutdown(wait=True)

    def _close(self) -> None:
        if self._connection is not None:
            try:
                self._connection.execute("CHECKPOINT")
            except duckdb.Error:
                pass  # the next opening replays the write-ahead log
            self._connection.close()
        if self._root is not None:
            self._root.close()
        self._connection = self._root = None

    def _cursor(self) -> DuckDBPyConnection:
        with self._lock:
            if self._root is None:
                raise ConnectionError("the warehouse is closed")
            return self._root.cursor()

    @property
    def connection(self) -> DuckDBPyConnection:
        """The writing thread's own. Raises OSError when the warehouse is closed."""
        if self._connection is None:
            raise ConnectionError("the warehouse is closed")
        return self._connection

    async def write(self, act: Callable[[DuckDBPyConnection], T]) -> T:
        """Run `act` in one transaction on the writing thread. Raises OSError when the disk fails."""
        if self._closing:
            raise ConnectionError("the warehouse is closed")
        return await asyncio.get_running_loop().run_in_executor(self._writer, self._write, act)

    def _write(self, act: Callable[[DuckDBPyConnection], T]) -> T:
        self._mend()
        connection = self.connection
        try:
            connection.execute("BEGIN")
            result = act(connection)
            connection.execute("COMMIT")
        except BaseException as error:
            _roll_back(connection)
            self._useless = not _answers(connection)
            if self._useless or isinstance(error, FAILED) or _could_not_commit(error):
                raise OSError(f"the warehouse cannot write: {type(error).__name__}") from error
            raise
        self.last_commit = time.monotonic()
        self._dirty = True
        return result

    async def read(self, act: Callable[[DuckDBPyConnection], T]) -> T:
        """Run `act` on a cursor of its own within one snapshot. Raises OSError when memory or disk fail."""
        if self._closing:
            raise ConnectionError("the warehouse is closed")
        return await asyncio.get_running_loop().run_in_executor(self._readers, self._read, act)

    def _read(self, act: Callable[[DuckDBPyConnection], T]) -> T:
        with self._snapshot() as cursor:
            return act(cursor)

    @contextmanager
    def _snapshot(self) -> Iterator[DuckDBPyConnection]:
        with self._reading:
            self._reading.wait_for(lambda: not self._exchanging)
            self._snapshots += 1
        try:
            with self._cursor_in_snapshot() as cursor:
                yield cursor
        finally:
            with self._reading:
                self._snapshots -= 1
                self._reading.notify_all()

    @contextmanager
    def _cursor_in_snapshot(self) -> Iterator[DuckDBPyConnection]:
        cursor = self._cursor()
        try:
            cursor.execute("SET TimeZone = 'UTC'")
            cursor.execute("BEGIN")
            yield cursor
        except FAILED as error:
            if isinstance(error, duckdb.FatalException):
                self._useless = True
                if not self._closing:
                    self._writer.submit(self._mend)
            raise OSError(f"the warehouse cannot answer: {type(error).__name__}") from error
        finally:
            _roll_back(cursor)
            cursor.close()

    async def checkpoint_when_idle(self) -> bool:
        """Fold the write-ahead log into the file when nothing was written for a while. Returns whether it was done."""
        if self._closing or not self._dirty or time.monotonic() - self.last_commit < IDLE_SECONDS:
            return False
        return await asyncio.get_running_loop().run_in_executor(self._writer, self._checkpoint)

    def _checkpoint(self) -> bool:
        self._mend()
        try:
            self.connection.execute("CHECKPOINT")
        except FAILED as error:
            self._useless = self._useless or isinstance(error, duckdb.FatalException)
            raise OSError(f"the warehouse cannot write: {type(error).__name__}") from error
        except duckdb.TransactionException:
            return False  # readers hold a snapshot: the next time will do
        self._dirty = False
        return True


def _could_not_commit(error: BaseException) -> bool:
    """There is one writer, so what was refused at its commit is a broken constraint, or the disk."""
    return isinstance(error, duckdb.TransactionException) and "constraint" not in str(error)


def _answers(connection: DuckDBPyConnection) -> bool:
    try:
        connection.execute("SELECT 1")
    except duckdb.FatalException:
        return False
    return True


def _roll_back(connection: DuckDBPyConnection) -> None:
    try:
        connection.execute("ROLLBACK")
    except (duckdb.TransactionException, duckdb.FatalException):
        pass  # the failure has already ended the transaction
