"""The cache under the conditions it will meet: crowds, full disks, locked folders, damage."""

from __future__ import annotations

import errno
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from anyroc import cache as cache_module
from anyroc.cache import Cache, code_version, default, key, parse_size
from anyroc.errors import AnyrocError, BadInput


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "cache", limit=1 << 20)


def never(path: Path) -> None:
    raise AssertionError(f"{path} must not be made again")


def writer(data: bytes) -> Callable[[Path], None]:
    return lambda path: path.write_bytes(data) and None


def test_what_is_put_is_got(cache: Cache) -> None:
    assert cache.get("kernel", key("a"), ".o") is None
    path = cache.put("kernel", key("a"), ".o", b"code")
    assert path == cache.path("kernel", key("a"), ".o")
    assert cache.get("kernel", key("a"), ".o") == path
    assert path.read_bytes() == b"code"


def test_put_replaces(cache: Cache) -> None:
    cache.put("kernel", key("a"), ".o", b"old")
    assert cache.put("kernel", key("a"), ".o", b"new").read_bytes() == b"new"


def test_make_builds_once_and_under_the_final_name(cache: Cache) -> None:
    names: list[str] = []

    def build(path: Path) -> None:
        names.append(path.name)
        path.write_bytes(b"library")

    path = cache.make("native", key(1), ".so", build)
    assert names == [path.name]
    assert cache.make("native", key(1), ".so", never) == path


def test_an_entry_may_be_a_folder(cache: Cache) -> None:
    def build(path: Path) -> None:
        (path / "lib").mkdir(parents=True)
        (path / "lib" / "libc++.a").write_bytes(b"x" * 100)

    path = cache.make("libcxx", key(1), "", build)
    assert (path / "lib" / "libc++.a").exists()
    assert cache.make("libcxx", key(1), "", never) == path
    assert cache.stats().size == 100


def test_a_failed_build_leaves_nothing(cache: Cache) -> None:
    def build(path: Path) -> None:
        path.write_bytes(b"half")
        raise ValueError("compiler crashed")

    with pytest.raises(ValueError, match="compiler crashed"):
        cache.make("native", key(1), ".so", build)
    assert cache.get("native", key(1), ".so") is None
    assert [path for path in cache.root.rglob("*") if path.is_file()] == []


def test_a_build_may_make_other_entries(cache: Cache) -> None:
    def build(path: Path) -> None:
        part = cache.make("part", key(1), "", writer(b"part"))
        path.write_bytes(part.read_bytes() * 2)

    assert cache.make("whole", key(1), "", build).read_bytes() == b"partpart"


@pytest.mark.parametrize("damage", [b"", b"truncat", b"bit-flips"], ids=["empty", "short", "flip"])
def test_a_damaged_entry_is_made_again(cache: Cache, damage: bytes) -> None:
    path = cache.put("kernel", key("a"), ".o", b"truncated")
    path.write_bytes(damage)
    assert cache.get("kernel", key("a"), ".o") is None
    assert cache.make("kernel", key("a"), ".o", writer(b"whole")).read_bytes() == b"whole"
    assert cache.get("kernel", key("a"), ".o") == path


def test_an_entry_without_its_checksum_does_not_count(cache: Cache) -> None:
    path = cache.put("kernel", key("a"), ".o", b"code")
    path.with_name(path.name + ".sum").unlink()
    assert cache.get("kernel", key("a"), ".o") is None


CROWD = """
import os, sys, time
from pathlib import Path
from anyroc.cache import Cache, key

cache = Cache(Path(sys.argv[1]))
print("ready", flush=True)
sys.stdin.readline()
for number in range(20):
    def build(path):
        with open(sys.argv[2], "a") as log:
            log.write(f"{number}\\n")
        path.write_bytes(str(number).encode() * 5000)
    path = cache.make("crowd", key(number), ".bin", build)
    assert path.read_bytes() == str(number).encode() * 5000
    own = cache.put("own", key("shared"), ".bin", bytes([65 + number]) * 3000)
    got = cache.get("own", key("shared"), ".bin")
    assert got is None or len(got.read_bytes()) in (0, 3000)
"""


def test_many_processes_build_an_entry_once(tmp_path: Path) -> None:
    log = tmp_path / "log"
    command = [sys.executable, "-c", CROWD, str(tmp_path / "cache"), str(log)]
    crowd = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(8)
    ]
    for process in crowd:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in crowd:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    for process in crowd:
        process.communicate(timeout=60)
    assert [0] * 8 == [process.returncode for process in crowd]
    assert sorted(map(int, log.read_text().split())) == list(range(20))
    assert list((tmp_path / "cache" / "tmp").iterdir()) == []
    assert list((tmp_path / "cache" / "locks").iterdir()) == []


def test_threads_wait_for_each_other(cache: Cache) -> None:
    builds: list[int] = []

    def build(path: Path) -> None:
        builds.append(1)
        time.sleep(0.05)
        path.write_bytes(b"x")

    threads = [
        threading.Thread(target=lambda: cache.make("kernel", key(1), ".o", build)) for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert builds == [1]


def age(path: Path, seconds: float) -> None:
    stamp = time.time() - seconds
    os.utime(path, (stamp, stamp))


def test_the_size_is_bounded_and_the_oldest_goes_first(tmp_path: Path) -> None:
    cache = Cache(tmp_path, limit=100_000)
    for number in range(50):
        age(cache.put("kernel", key(number), ".o", bytes(10_000)), seconds=1000 - number)
    cache.sweep()
    assert cache.stats().size <= cache.limit
    left = [number for number in range(50) if cache.get("kernel", key(number), ".o")]
    assert left == list(range(50 - len(left), 50))


def test_a_put_over_the_limit_sweeps_by_itself(tmp_path: Path) -> None:
    cache = Cache(tmp_path, limit=100_000)
    for number in range(50):
        age(cache.put("kernel", key(number), ".o", bytes(10_000)), seconds=1000)
    assert cache.stats().size <= cache.limit + 20_000


def test_use_keeps_an_entry(tmp_path: Path) -> None:
    cache = Cache(tmp_path, limit=50_000)
    for number in range(5):
        age(cache.put("kernel", key(number), ".o", bytes(10_000)), seconds=5000 - number)
    cache.get("kernel", key(0), ".o")
    age(cache.put("kernel", key(5), ".o", bytes(10_000)), seconds=100)
    cache.sweep()
    assert cache.get("kernel", key(0), ".o") is not None
    assert cache.get("kernel", key(1), ".o") is None


def test_what_was_just_used_is_never_evicted(tmp_path: Path) -> None:
    cache = Cache(tmp_path, limit=1000)
    paths = [cache.put("kernel", key(number), ".o", bytes(1000)) for number in range(5)]
    cache.sweep()
    assert all(path.exists() for path in paths)


def test_a_dead_process_s_leftovers_are_swept(cache: Cache) -> None:
    entry = cache.put("kernel", key(1), ".o", b"x")
    folder = cache.root / "tmp" / "anyroc-stray"
    folder.mkdir(parents=True)
    (folder / "half.o").write_bytes(b"half")
    file = entry.with_name("anyroc-1-1-half.o")
    file.write_bytes(b"half")
    cache.sweep()
    assert folder.exists() and file.exists()
    for stray in (folder, file):
        age(stray, seconds=3 * 86400)
    cache.sweep()
    assert not folder.exists() and not file.exists()
    assert entry.exists()


def test_short_processes_look_at_the_whole_cache_now_and_then(tmp_path: Path) -> None:
    for number in range(20):
        old = Cache(tmp_path, limit=100_000).put("kernel", key(number), ".o", bytes(3000))
        age(old, seconds=1000)
    age(tmp_path / "swept", seconds=1000)
    small = Cache(tmp_path, limit=20_000)
    small.put("kernel", key("new"), ".o", b"x")
    assert small.stats().size <= small.limit


@pytest.mark.parametrize("root", ["/proc/anyroc", "file/cache"], ids=["read-only", "not-a-folder"])
def test_an_unwritable_folder_falls_back_with_one_warning(
    root: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_bytes(b"")
    cache = Cache(tmp_path / root)
    path = cache.make("kernel", key(1), ".o", writer(b"one"))
    assert path.read_bytes() == b"one"
    assert cache.make("kernel", key(1), ".o", never) == path
    assert cache.put("kernel", key(2), ".o", b"two").read_bytes() == b"two"
    warning = capsys.readouterr().err
    assert warning.count("warning: cannot write to the cache folder") == 1
    assert str(cache.root) in warning
    assert "ANYROC_CACHE" in warning


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that another user can reach, which pytest's own are not."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


def test_a_read_only_folder_still_serves_its_entries(open_folder: Path) -> None:
    cache = Cache(open_folder / "cache")
    path = cache.put("kernel", key(1), ".o", b"one")
    for folder in [cache.root, *cache.root.rglob("*")]:
        folder.chmod(0o555 if folder.is_dir() else 0o444)
    child = os.fork()
    if child == 0:
        try:
            if os.getuid() == 0:
                os.setuid(65534)
            served = cache.get("kernel", key(1), ".o") == path
            made = cache.put("kernel", key(2), ".o", b"two")
            os._exit(0 if served and cache.root not in made.parents else 1)
        finally:
            os._exit(2)
    assert os.waitpid(child, 0)[1] == 0
    for folder in [cache.root, *cache.root.rglob("*")]:
        folder.chmod(0o755)


def test_a_full_disk_falls_back(cache: Cache, capsys: pytest.CaptureFixture[str]) -> None:
    def build(path: Path) -> None:
        if cache.root in path.parents:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        path.write_bytes(b"made")

    assert cache.make("kernel", key(1), ".o", build).read_bytes() == b"made"
    assert "No space left on device" in capsys.readouterr().err


def test_no_space_anywhere_is_one_clear_error(tmp_path: Path) -> None:
    """A file size limit is how a process without privileges meets a disk that takes no more."""
    script = (
        "import sys, pathlib, anyroc.cache as c\n"
        "try:\n"
        "    c.Cache(pathlib.Path(sys.argv[1])).put('kernel', c.key(1), '.o', bytes(100_000))\n"
        "except c.AnyrocError as error:\n"
        "    print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "cache")],
        capture_output=True,
        text=True,
        check=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096)),
    )
    assert "cannot store a file in" in done.stdout
    assert "ANYROC_CACHE" in done.stdout


def test_a_build_s_own_error_is_not_taken_for_the_disk_s(cache: Cache) -> None:
    def build(path: Path) -> None:
        raise FileNotFoundError(errno.ENOENT, "No such file or directory", "clang")

    with pytest.raises(FileNotFoundError):
        cache.make("native", key(1), ".so", build)


def test_stats_and_clear(cache: Cache) -> None:
    cache.put("kernel", key(1), ".o", bytes(10))
    cache.put("kernel", key(2), ".o", bytes(20))
    cache.put("program", key(3), ".so", bytes(30))
    stats = cache.stats()
    assert {"kernel": (2, 30), "program": (1, 30)} == {
        name: (kind.entries, kind.size) for name, kind in stats.kinds.items()
    }
    assert (3, 60) == (stats.entries, stats.size)
    assert cache.clear().entries == 3
    assert cache.stats().entries == 0
    assert cache.get("kernel", key(1), ".o") is None
    cache.put("kernel", key(1), ".o", b"again")
    assert cache.stats().entries == 1


def test_only_entries_are_ever_deleted(tmp_path: Path) -> None:
    """Somebody may name a folder of their own, or even their home, as the cache."""
    own = [tmp_path / "papers" / "ab" / "thesis.tex", tmp_path / "tmp" / "x" / "y", tmp_path / "z"]
    for path in own:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(bytes(1000))
        age(path, seconds=1e7)
        age(path.parent, seconds=1e7)
    cache = Cache(tmp_path, limit=10)
    age(cache.put("papers", key(1), ".o", bytes(100)), seconds=1000)
    cache.sweep()
    assert cache.stats().entries == 0
    cache.put("papers", key(1), ".o", bytes(100))
    assert cache.clear().entries == 1
    assert [path.exists() for path in own] == [True] * 3


def test_keys_tell_everything_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    parts: list[tuple[bytes | str | int | None, ...]] = [
        (), ("",), (b"",), (None,), ("None",), ("ab", "c"), ("a", "bc"), ("abc",), (b"abc",),
        (1,), ("1",), (1, 2), (12,),
    ]  # fmt: skip
    keys = {key(*part) for part in parts}
    assert len(keys) == len(parts)
    assert key("ab", "c") in keys
    monkeypatch.setattr(cache_module, "__version__", "another")
    assert key("ab", "c") not in keys


def test_code_version_follows_the_sources() -> None:
    assert code_version("errors") == code_version("errors")
    assert code_version("errors") != code_version("cache")


def test_default_follows_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ANYROC_CACHE", str(tmp_path / "one"))
    monkeypatch.setenv("ANYROC_CACHE_LIMIT", "1M")
    first = default()
    assert (tmp_path / "one", 1 << 20) == (first.root, first.limit)
    assert default() is first
    monkeypatch.delenv("ANYROC_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert default().root == tmp_path / "xdg" / "anyroc"


@pytest.mark.parametrize(
    ("text", "size"), [("1048576", 1 << 20), ("500M", 500 << 20), ("2GiB", 2 << 30), ("1.5k", 1536)]
)
def test_sizes(text: str, size: int) -> None:
    assert size == parse_size(text)


@pytest.mark.parametrize("text", ["", "many", "-1", "1Q", "inf", "nan"])
def test_what_is_not_a_size(text: str) -> None:
    with pytest.raises(BadInput, match="is not a size"):
        parse_size(text)


def test_errors_show_the_hint() -> None:
    assert str(AnyrocError("wrong", hint="do right")) == "wrong\nhint: do right"
    assert str(AnyrocError("wrong")) == "wrong"
