"""The server process: made, started, found again after a crash, stopped. Everything here blocks."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import pwd
import shutil
import signal
import stat
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

from launcher.embedded_postgres.binaries import find_binaries
from launcher.embedded_postgres.errors import ClusterError, ClusterInUse

SOCKET_PATH_LIMIT = 90  # bytes; the kernel's limit is 107 for the folder and the name of the socket
STOP_SECONDS = 8.0
START_SECONDS = 60.0  # recovery after a crash is bounded by max_wal_size
SYSTEM_HOME = Path("/var/lib/ecrm")
SUPERUSER = "postgres"


class Server:
    """One cluster's folder and its postmaster."""

    def __init__(self, data_dir: Path, max_connections: int, notice: Callable[[str], None]) -> None:
        """Promise nothing yet: `start` does."""
        self.data_dir = data_dir.absolute()
        self._max_connections = max_connections
        self._notice = notice
        self._user = _unprivileged() if os.geteuid() == 0 else None
        self._home = self.data_dir
        self.sockets = self._socket_folder()  # also right for one who only asks for URLs of a running cluster
        self._binaries = Path()
        self._lock: IO[str] | None = None
        self._server: subprocess.Popen[bytes] | None = None

    @property
    def pgdata(self) -> Path:
        """The server's own folder."""
        return self._home / "postgres"

    @property
    def log_file(self) -> Path:
        """What the server says."""
        return self._home / "postgres.log"

    @property
    def pid(self) -> int | None:
        """The postmaster, while it runs."""
        return self._server.pid if self._server is not None and self._server.poll() is None else None

    def start(self) -> None:
        """Return when the server accepts connections. Raises ClusterInUse, ClusterError."""
        if self.pid is not None:
            return
        self.data_dir.mkdir(parents=True, exist_ok=True)
        self._take_lock()
        try:
            self._home = self._choose_home()
            self.sockets = self._socket_folder()
            self._own_folder(self.sockets)
            self._stop_orphan()
            self._binaries = find_binaries(self._existing_version())
            self._make_cluster()
            self._write_settings()
            self._launch()
        except BaseException:
            self.stop()
            raise

    def hold(self) -> None:
        """Keep everybody from starting a server here, until `stop`. Raises ClusterInUse."""
        self.data_dir.mkdir(parents=True, exist_ok=True)
        self._take_lock()
        try:
            self._home = self._choose_home()
            self._stop_orphan()
        except BaseException:
            self.stop()
            raise

    def own(self) -> None:
        """After files were put into the folder: all of it is the server's, and nobody else enters it."""
        self.pgdata.chmod(0o700)
        if self._user is not None:
            for path in (self.pgdata, *self.pgdata.rglob("*")):
                os.chown(path, self._user.pw_uid, self._user.pw_gid, follow_symlinks=False)

    def _take_lock(self) -> None:
        lock = (self.data_dir / "launcher.pid").open("a+")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            pid = lock.read().strip()
            lock.close()
            raise ClusterInUse(self.data_dir, pid) from None
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        self._lock = lock  # the kernel gives it back when this process ends, however it ends

    def _choose_home(self) -> Path:
        if self._user is None or self._may_enter(self.data_dir):
            return self.data_dir
        mark = hashlib.sha256(os.fsencode(self.data_dir)).hexdigest()[:8]
        home = SYSTEM_HOME / f"{self.data_dir.name}-{mark}"
        home.mkdir(mode=0o755, parents=True, exist_ok=True)
        if not self._may_enter(home):
            raise ClusterError(f"The user {self._user.pw_name} can enter neither {self.data_dir} nor {home}.")
        self._notice(f"The user {self._user.pw_name} cannot enter {self.data_dir}: the database is kept in {home}.")
        return home

    def _may_enter(self, folder: Path) -> bool:
        return self._run(["test", "-x", str(folder)]).returncode == 0

    def _socket_folder(self) -> Path:
        folder = self._home / "sockets"
        if len(os.fsencode(folder)) > SOCKET_PATH_LIMIT:
            folder = Path("/tmp") / f"ecrm-{hashlib.sha256(os.fsencode(self._home)).hexdigest()[:16]}"  # noqa: S108
        return folder

    def _own_folder(self, folder: Path) -> None:
        """The folder exists, is the server's and nobody else can enter it, also where anybody can create folders."""
        owner = self._user.pw_uid if self._user else os.geteuid()
        with contextlib.suppress(FileExistsError):
            folder.mkdir(mode=0o700)
            if self._user is not None:
                os.chown(folder, self._user.pw_uid, self._user.pw_gid)
        found = folder.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid not in {owner, os.geteuid()}:
            raise ClusterError(f"{folder} belongs to somebody else. Remove it.")
        if found.st_uid != owner:  # an earlier start ended between making the folder and giving it away
            os.chown(folder, owner, -1)
        if stat.S_IMODE(found.st_mode) != 0o700:
            folder.chmod(0o700)

    def _existing_version(self) -> int | None:
        with contextlib.suppress(FileNotFoundError):
            return int((self.pgdata / "PG_VERSION").read_text())
        return None

    def _make_cluster(self) -> None:
        if self._existing_version() is not None:
            return
        unfinished = self._home / "postgres.new"
        shutil.rmtree(unfinished, ignore_errors=True)
        self._own_folder(unfinished)
        text = ["--encoding=UTF8", "--locale=C", "--lc-ctype=C.UTF-8"]
        command = [str(self._binaries / "initdb"), "-D", str(unfinished), "-U", SUPERUSER, "--auth=trust", *text]
        done = self._run(command)
        if done.returncode != 0:
            raise ClusterError(f"initdb failed: {done.stderr.strip()}")
        unfinished.rename(self.pgdata)  # only a complete cluster bears the name

    def _write_settings(self) -> None:
        lz4 = self._run([*self._postgres(), "-C", "wal_compression", "-c", "wal_compression=lz4"]).returncode == 0
        compression = "lz4" if lz4 else "pglz"
        lines = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.sockets),
            "unix_socket_permissions": "0700",
            "max_connections": self._max_connections,
            "fsync": "on",
            "full_page_writes": "on",
            "synchronous_commit": "on",
            "shared_buffers": "128MB",
            "max_wal_size": "2GB",
            "min_wal_size": "256MB",
            "checkpoint_timeout": "15min",
            "wal_compression": compression,
            "default_toast_compression": compression,
            "jit": "off",
            "logging_collector": "off",
            "log_min_error_statement": "panic",  # statements can hold personal data
            "log_parameter_max_length_on_error": 0,
            "log_timezone": "UTC",
            "timezone": "UTC",
        }
        text = "".join(f"{name} = '{str(value).replace(chr(39), chr(39) * 2)}'\n" for name, value in lines.items())
        target = self.pgdata / "peyvand.conf"
        target.write_text(f"# Written by the launcher at every start; put your own settings into postgresql.conf.\n{text}")
        target.chmod(0o644)
        main = self.pgdata / "postgresql.conf"
        include = "include_if_exists = 'peyvand.conf'\n"
        if include not in (before := main.read_text()):
            main.write_text(before + include)  # after initdb's own values; what an operator adds below it wins

    def _launch(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while True:
            with self.log_file.open("ab") as log:
                self._server = subprocess.Popen(
                    self._postgres(),
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,  # the terminal's Ctrl-C reaches the launcher alone, which stops it in order
                    **self._as_user(),
                )
            while self._server.poll() is None:
                if self._is_ready():
                    return
                if time.monotonic() > deadline:
                    raise ClusterError(f"PostgreSQL is not ready after {START_SECONDS:.0f} s; see {self.log_file}")
                time.sleep(0.02)
            # Sessions of a killed postmaster hold its shared memory until they notice; give them a moment.
            if time.monotonic() > deadline - START_SECONDS + 10 or "pre-existing shared memory" not in self.last_words():
                raise ClusterError(f"PostgreSQL did not start: {self.last_words()}\nSee {self.log_file}")
            time.sleep(0.2)

    def _is_ready(self) -> bool:
        with contextlib.suppress(OSError, IndexError):
            said = (self.pgdata / "postmaster.pid").read_text().splitlines()
            return int(said[0]) == self.pid and said[7].strip() == "ready"
        return False

    def last_words(self) -> str:
        """The end of what the server has said."""
        return "\n".join(self.log_file.read_text(errors="replace").splitlines()[-5:])

    def _stop_orphan(self) -> None:
        """A launcher that was killed leaves its server running: end it, its clients are gone.

        What `postmaster.pid` says is not believed: after a crash its number may be another program's, or a dead
        process that nobody has waited for. Who works in the folder is asked instead; the launcher's lock keeps others out.
        """
        if not Path("/proc/self/cwd").exists():
            return  # not Linux: the server's own check has to do
        for sent in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
            left = self._inside()
            if not left:
                break
            postmaster = self._noted_pid()
            if sent == signal.SIGINT:
                self._notice(f"Stopping the PostgreSQL server {postmaster} that an earlier run left behind.")
                if postmaster not in left:
                    continue  # only its sessions are left, and they would take this for "cancel the query"
                left = {postmaster}
            for pid in left:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, sent)
            deadline = time.monotonic() + STOP_SECONDS
            while time.monotonic() < deadline and self._inside():
                time.sleep(0.02)
        if self._inside():
            raise ClusterError(f"The PostgreSQL server that an earlier run left in {self.pgdata} does not end.")
        for stale in (self.pgdata / "postmaster.pid", self.sockets / ".s.PGSQL.5432.lock"):
            stale.unlink(missing_ok=True)

    def _inside(self) -> set[int]:
        """The processes whose current folder is the server's: the postmaster and all it has started."""
        found: set[int] = set()
        folder = str(self.pgdata.resolve())
        for process in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if str((process / "cwd").readlink()) == folder:
                    found.add(int(process.name))
        return found

    def _noted_pid(self) -> int:
        with contextlib.suppress(OSError, ValueError):
            return int((self.pgdata / "postmaster.pid").read_text().split("\n", 1)[0])
        return 0

    def stop(self) -> None:
        """Fast shutdown, within 15 s even when the server is frozen; gives the data directory back."""
        if self._server is not None:
            for sent, seconds in ((signal.SIGINT, STOP_SECONDS), (signal.SIGQUIT, 1.5), (signal.SIGKILL, 5.0)):
                self._server.send_signal(sent)  # does nothing when it has ended already
                with contextlib.suppress(subprocess.TimeoutExpired):
                    self._server.wait(seconds)
                    break
            self._server = None
        if self.sockets.parent != self._home:
            with contextlib.suppress(OSError):
                self.sockets.rmdir()  # empty after an orderly end; else the next start uses it again
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def _postgres(self) -> list[str]:
        return [str(self._binaries / "postgres"), "-D", str(self.pgdata)]

    def _run(self, command: list[str]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120, **self._as_user())

    def _as_user(self) -> dict[str, Any]:
        """What every child gets: nothing of this process's environment, and never root's rights."""
        shared: dict[str, Any] = {"env": {"PATH": os.defpath, "LC_ALL": "C"}, "cwd": "/"}
        if self._user is not None:
            shared |= {"user": self._user.pw_uid, "group": self._user.pw_gid, "extra_groups": []}
        return shared



def _unprivileged() -> pwd.struct_passwd:
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise ClusterError("PostgreSQL refuses to run as root, and there is neither a user postgres nor nobody. Run as another user.")
