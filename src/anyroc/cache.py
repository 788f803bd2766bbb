"""The on-disk cache of everything that is slow to make: compiled programs, translated kernels.

An entry is a file or a folder named by kind, key and suffix. Many processes may share a cache: an
entry appears by rename, so nobody sees half of one, and `Cache.make` holds a lock per key, so
nobody makes one twice. The size is bounded; the entries used longest ago go first. A damaged entry
(a truncated file after a power cut, say) is found by its checksum and made again. Where the folder
cannot be written or the disk is full, entries go to a private temporary folder instead, for the
life of the process, with one warning.
"""

from __future__ import annotations

import atexit
import contextlib
import errno
import fcntl
import hashlib
import os
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from anyroc import __version__
from anyroc.errors import AnyrocError, BadInput

DEFAULT_LIMIT = 4 << 30
"""Bytes a cache may hold unless $ANYROC_CACHE_LIMIT says otherwise."""

_SUM = ".sum"
_NEW_SUM = ".new"  # a checksum in the making
_SWEPT = "swept"  # the file whose time says when the cache was last kept to its limit
_WORK = "anyroc-"  # how the temporary folders of entries in the making begin
_INTERVAL = 600.0  # seconds between looks at the whole cache, however little is added
_GRACE = 60.0  # seconds since its last use in which an entry is never evicted
_STALE = 24 * 3600.0  # seconds after which a temporary folder has lost its process
_HASHED = 64 << 20  # larger files are checked by their size alone
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_NO_WRITE = _NO_ROOM | {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.ENOENT}
_LITTLE_SPACE = 32 << 20


def key(*parts: bytes | str | int | None) -> str:
    """Return a hexadecimal key over `parts` and anyroc's version.

    Types and lengths count: ``key("ab", "c")``, ``key("a", "bc")`` and ``key(b"ab", "c")`` differ.
    """
    digest = hashlib.sha256(__version__.encode())
    for part in parts:
        raw = part if isinstance(part, bytes) else str(part).encode()
        digest.update(f"\0{type(part).__name__}:{len(raw)}:".encode())
        digest.update(raw)
    return digest.hexdigest()


def code_version(*packages: str) -> str:
    """Return a key that changes when a source file of these packages of anyroc changes.

    Use it where anyroc's own code decides what is in an entry: ``code_version("isa", "native")``.
    Files are told apart by name, size and time of modification; none is read.
    """
    root = Path(__file__).parent
    parts: list[str] = []
    for package in packages:
        start = root / package
        if not start.exists():
            start = start.with_suffix(".py")
        for path in sorted(start.rglob("*")) if start.is_dir() else [start]:
            if path.suffix != ".pyc" and path.is_file():
                status = path.stat()
                parts.append(f"{path.relative_to(root)}:{status.st_size}:{status.st_mtime_ns}")
    return key(*parts)


@dataclass(frozen=True)
class KindStats:
    """How many entries of one kind there are and how many bytes they take."""

    entries: int
    size: int


@dataclass(frozen=True)
class Stats:
    """What a cache holds; sizes in bytes."""

    root: Path
    limit: int
    kinds: dict[str, KindStats]

    @property
    def entries(self) -> int:
        return sum(kind.entries for kind in self.kinds.values())

    @property
    def size(self) -> int:
        return sum(kind.size for kind in self.kinds.values())


class Cache:
    """A bounded cache folder that any number of processes may share."""

    def __init__(self, root: Path | None = None, limit: int | None = None) -> None:
        """Use the folder `root` (default: $ANYROC_CACHE, else the user's cache folder).

        `limit` is the size to stay under, in bytes (default: $ANYROC_CACHE_LIMIT, else 4 GiB).
        """
        self.root = default_root() if root is None else Path(root)
        self.limit = _default_limit() if limit is None else limit
        self._fallback: Path | None = None
        self._unswept = 0  # bytes written since the last sweep

    def path(self, kind: str, key: str, suffix: str) -> Path:
        """Return where the entry lies, whether or not it is there."""
        return _place(self.root, kind, key, suffix)

    def get(self, kind: str, key: str, suffix: str) -> Path | None:
        """Return the path of a sound entry and mark it as used, or None."""
        for root in self._roots():
            path = _place(root, kind, key, suffix)
            if _sound(path):
                with contextlib.suppress(OSError):
                    os.utime(path)
                return path
        return None

    def put(self, kind: str, key: str, suffix: str, data: bytes) -> Path:
        """Store `data` as an entry, replacing one that is there, and return its path."""
        return self._store(lambda root: self._put_in(root, _place(root, kind, key, suffix), data))

    def make(self, kind: str, key: str, suffix: str, build: Callable[[Path], None]) -> Path:
        """Return the entry's path, calling ``build(path)`` to make it when it is not there.

        `build` writes a file or a folder at the path it is given, which carries the entry's name.
        Other processes that want the same entry wait meanwhile. What `build` raises is passed on.
        """
        found = self.get(kind, key, suffix)
        if found is not None:
            return found
        return self._store(lambda root: self._make_in(root, kind, key, suffix, build))

    def stats(self) -> Stats:
        """Count what is in the cache folder."""
        kinds: dict[str, KindStats] = {}
        for kind in _folders(self.root):
            sizes = [_size(path) for path in _entries(kind)]
            if sizes:
                kinds[kind.name] = KindStats(len(sizes), sum(sizes))
        return Stats(self.root, self.limit, kinds)

    def clear(self) -> Stats:
        """Delete every entry, but nothing else that is in the folder; return what was there."""
        before = self.stats()
        with contextlib.suppress(OSError):
            (self.root / _SWEPT).unlink()
        for kind in _folders(self.root):
            for path in _entries(kind):
                _remove(path)
            for folder in [*_folders(kind), kind]:
                with contextlib.suppress(OSError):
                    folder.rmdir()  # refused unless it is empty
        left = self.stats()
        if left.entries:
            raise AnyrocError(
                f"cannot delete {left.entries} entries in {self.root}",
                hint="check who owns the folder and whether it can be written",
            )
        return before

    def sweep(self) -> None:
        """Delete the entries used longest ago until the cache is under its limit."""
        now = time.time()
        for stray in [*self.root.glob(f"tmp/{_WORK}*"), *self.root.glob(f"*/??/{_WORK}*")]:
            written = _mtime(stray)
            if written and now - written > _STALE:  # 0: gone, and the name may be in use again
                _delete(stray)
        found: list[tuple[float, int, Path]] = []
        for kind in _folders(self.root):
            found += [(_mtime(path), _size(path), path) for path in _entries(kind)]
        total = sum(size for _, size, _ in found)
        if total > self.limit:
            for used, size, path in sorted(found):
                if total <= self.limit - self.limit // 10 or now - used < _GRACE:
                    break
                _remove(path)
                total -= size
        self._unswept = 0
        with contextlib.suppress(OSError):
            _write(self.root / _SWEPT, b"")

    def _roots(self) -> Iterator[Path]:
        yield self.root
        if self._fallback is not None:
            yield self._fallback

    def _store(self, store: Callable[[Path], Path]) -> Path:
        """Call `store` with the cache folder or, where that cannot be written, with another one."""
        if self._fallback is None:
            try:
                return store(self.root)
            except Exception as error:
                if not _storage_failed(error, self.root):
                    raise
                self._fall_back(error)
        assert self._fallback is not None
        try:
            return store(self._fallback)
        except OSError as error:
            if error.errno not in _NO_WRITE:
                raise
            raise AnyrocError(
                f"cannot store a file in {self._fallback}: {error.strerror}",
                hint="free some disk space, or set ANYROC_CACHE to a folder that has some",
            ) from error

    def _put_in(self, root: Path, path: Path, data: bytes) -> Path:
        """Store a file as cheaply as can be: two writes and two renames, no lock.

        Writers of one key at the same time leave a sound entry, or one that does not count.
        """
        path.parent.mkdir(parents=True, exist_ok=True)
        unique = f"{_WORK}{os.getpid()}-{threading.get_ident()}-{path.name}"
        work, work_sum = path.with_name(unique), path.with_name(unique + _NEW_SUM)
        try:
            _write(work, data)
            _write(work_sum, _checksum_of(data))
            if path.is_dir():
                _remove(path)
            work_sum.replace(_sum_of(path))
            work.replace(path)
        except OSError:
            for leftover in (work, work_sum):
                with contextlib.suppress(OSError):
                    leftover.unlink()
            raise
        if root == self.root:
            self._account(len(data))
        return path

    def _make_in(
        self, root: Path, kind: str, key: str, suffix: str, build: Callable[[Path], None]
    ) -> Path:
        path = _place(root, kind, key, suffix)
        with _lock(root / "locks", f"{kind}-{key}{suffix}"):
            if _sound(path):
                return path
            (root / "tmp").mkdir(parents=True, exist_ok=True)
            work = Path(tempfile.mkdtemp(prefix=_WORK, dir=root / "tmp"))
            try:
                made = work / path.name
                build(made)
                _write(work / _SUM, _checksum(made))
                path.parent.mkdir(parents=True, exist_ok=True)
                if made.is_dir() or path.is_dir():
                    _remove(path)  # a folder cannot be replaced at a stroke, as a file can
                (work / _SUM).replace(_sum_of(path))
                made.replace(path)
            finally:
                shutil.rmtree(work, ignore_errors=True)
        if root == self.root:
            self._account(_size(path))
        return path

    def _account(self, size: int) -> None:
        self._unswept += size
        if self._unswept > self.limit // 32 or time.time() - _mtime(self.root / _SWEPT) > _INTERVAL:
            self.sweep()

    def _fall_back(self, error: Exception) -> None:
        reason = error.strerror if isinstance(error, OSError) else "no space left"
        try:
            self._fallback = Path(tempfile.mkdtemp(prefix="anyroc-"))
        except OSError as failure:
            raise AnyrocError(
                f"cannot write to the cache folder {self.root} ({reason}) "
                f"nor to a temporary one ({failure.strerror})",
                hint="free some disk space, or set ANYROC_CACHE to a folder that can be written",
            ) from error
        atexit.register(_discard, self._fallback, os.getpid())
        print(
            f"anyroc: warning: cannot write to the cache folder {self.root} ({reason}); "
            "nothing made now is kept (set ANYROC_CACHE to another folder)",
            file=sys.stderr,
        )


def default_root() -> Path:
    """Return the cache folder of this user: $ANYROC_CACHE, else anyroc in the XDG cache folder."""
    chosen = os.environ.get("ANYROC_CACHE")
    if chosen:
        return Path(chosen).expanduser().absolute()
    base = os.environ.get("XDG_CACHE_HOME")
    try:
        return (Path(base) if base else Path.home() / ".cache") / "anyroc"
    except RuntimeError:  # no home folder
        return Path(tempfile.gettempdir()) / f"anyroc-cache-{os.getuid()}"


_defaults: dict[tuple[Path, int], Cache] = {}


def default() -> Cache:
    """Return the process-wide cache at `default_root`."""
    place = (default_root(), _default_limit())
    if place not in _defaults:
        _defaults[place] = Cache(*place)
    return _defaults[place]


def parse_size(text: str) -> int:
    """Return the bytes that "500M", "2G" or "1048576" stand for (binary multiples)."""
    digits = text.strip().upper().removesuffix("B").removesuffix("I")
    scale = {"K": 10, "M": 20, "G": 30, "T": 40}.get(digits[-1:], 0)
    try:
        value = float(digits[:-1] if scale else digits)
        if not 0 <= value < float("inf"):
            raise ValueError(text)
    except ValueError:
        raise BadInput(f"{text!r} is not a size", hint="write a size as 500M or 2G") from None
    return int(value * (1 << scale))


def _default_limit() -> int:
    text = os.environ.get("ANYROC_CACHE_LIMIT")
    return parse_size(text) if text else DEFAULT_LIMIT


def _place(root: Path, kind: str, key: str, suffix: str) -> Path:
    return root / kind / key[:2] / f"{key}{suffix}"


def _sum_of(path: Path) -> Path:
    return path.with_name(path.name + _SUM)


def _write(path: Path, data: bytes) -> None:
    with path.open("wb") as file:
        file.write(data)


def _checksum(path: Path) -> bytes:
    if path.is_dir():
        return b"folder"
    size = path.stat().st_size
    return b"%d" % size if size > _HASHED else _checksum_of(path.read_bytes())


def _checksum_of(data: bytes) -> bytes:
    if len(data) > _HASHED:
        return b"%d" % len(data)
    return b"%d %s" % (len(data), hashlib.sha256(data).hexdigest().encode())


def _sound(path: Path) -> bool:
    """Tell whether an entry is there and is what was stored."""
    try:
        return _sum_of(path).read_bytes() == _checksum(path)
    except OSError:
        return False


def _remove(path: Path) -> None:
    """Delete an entry; the checksum goes last so that what is left of it can still be found."""
    _delete(path)
    if not path.exists():
        with contextlib.suppress(OSError):
            _sum_of(path).unlink()


def _delete(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with contextlib.suppress(OSError):
            path.unlink()


def _folders(root: Path) -> list[Path]:
    try:
        return sorted(path for path in root.iterdir() if path.is_dir())
    except OSError:
        return []


def _entries(kind: Path) -> Iterator[Path]:
    """Yield what has a checksum beside it: a cache folder may hold other people's files too."""
    for shelf in _folders(kind):
        with contextlib.suppress(OSError):
            for path in sorted(shelf.glob(f"*{_SUM}")):
                yield path.with_suffix("")


def _mtime(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def _size(path: Path) -> int:
    try:
        if path.is_dir():
            return sum(_size(child) for child in path.iterdir())
        return path.stat().st_size
    except OSError:
        return 0


def _storage_failed(error: Exception, root: Path) -> bool:
    """Tell whether the folder is to blame: it cannot be written, or the disk is (all but) full."""
    if isinstance(error, OSError) and error.errno in _NO_ROOM:
        return True
    while not root.exists() and root != root.parent:
        root = root.parent
    if isinstance(error, OSError) and error.errno in _NO_WRITE:
        return not (root.is_dir() and _writable(root))
    try:
        return shutil.disk_usage(root).free < _LITTLE_SPACE
    except OSError:
        return False


def _writable(root: Path) -> bool:
    try:
        with tempfile.TemporaryFile(dir=root):
            return True
    except OSError:
        return False


def _discard(folder: Path, owner: int) -> None:
    if os.getpid() == owner:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def _lock(folder: Path, name: str) -> Iterator[None]:
    """Hold the lock `name` among all processes and threads that use this cache."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        except OSError:
            break  # a file system without locks: an entry may be made twice, harmlessly
        try:
            # The holder before us deletes the file: then this lock is on a name nobody else sees.
            if os.path.samestat(os.fstat(descriptor), path.stat()):
                break
        except FileNotFoundError:
            pass
        os.close(descriptor)
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            path.unlink()
        os.close(descriptor)
