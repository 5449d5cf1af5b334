"""servers.py - redis-server and linguad as processes of a test: private, on ports and in folders of their own, gone with the test."""

import asyncio
import contextlib
import ctypes
import json
import os
import re
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.request

from waiting import LIMIT, PAUSE, until

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.join(ROOT, os.environ.get("LINGUA_BUILD", "build"))
SECRET = "the-secret-of-the-peers"

# Every wait of the failover tests is counted in these.
FAST = {
    "scheduler": {
        "node_ttl": "4s",
        "reap_round": "400ms",
        "attempt_base": "4s",
        "ack_limit": "2s",
        "reservation_grace": "1s",
        "outage_grace": "1s",
        "close_limit": "3s",
        "pending_limit": "6s",
        "instance": {
            "presence_ttl": "2s",
            "presence_refresh": "500ms",
            "adopt_every": "500ms",
            "reclaim_idle": "1s",
            "lease_ttl": "3s",
        },
    },
    "drain_limit": "15s",
}


def merge(*settings):
    """Nested mappings, the later ones over the earlier ones."""
    result = {}
    for one in settings:
        for key, value in (one or {}).items():
            result[key] = merge(result.get(key), value) if isinstance(value, dict) else value
    return result


def die_with_us():
    """In a child, before it becomes another program: no test leaves one behind, however it ends (PR_SET_PDEATHSIG, SIGKILL)."""
    ctypes.CDLL(None).prctl(1, 9)


def free_port():
    """A port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Redis:
    """redis-server on a unix socket in a folder of its own."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="lingua-e2e-")
        self.socket = os.path.join(self.folder, "redis.sock")
        self.process = None

    @property
    def url(self):
        return "unix://" + self.socket

    def start(self):
        self.process = subprocess.Popen(
            ["redis-server", "--port", "0", "--unixsocket", self.socket, "--save", "", "--appendonly", "no",
             "--dir", self.folder],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, preexec_fn=die_with_us)
        end = time.monotonic() + LIMIT
        while True:
            try:
                if self.ask("PING") == b"PONG":
                    return self
            except OSError:
                pass
            if time.monotonic() > end:
                raise AssertionError("redis-server did not answer")
            time.sleep(PAUSE)

    def kill(self):
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.socket)

    def end(self):
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def ask(self, *words):
        """One command over a connection of its own."""
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(LIMIT)
            s.connect(self.socket)
            parts = [w if isinstance(w, bytes) else str(w).encode() for w in words]
            s.sendall(b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%s\r\n" % (len(p), p) for p in parts))
            with s.makefile("rb") as answer:
                return self._read(answer)

    def _read(self, answer):
        line = answer.readline()[:-2]
        kind, rest = line[:1], line[1:]
        if kind == b"*":
            return [self._read(answer) for _ in range(int(rest))]
        if kind == b"$":
            return answer.read(int(rest) + 2)[:-2] if int(rest) >= 0 else None
        if kind == b"-":
            raise AssertionError(rest.decode())
        return int(rest) if kind == b":" else rest

    def keys(self):
        return sorted(k.decode() for k in self.ask("KEYS", "*"))


# ---- linguad ----------------------------------------------------------------------------------------------------------------


def as_yaml(settings, indent=0):
    lines = []
    for key, value in settings.items():
        if isinstance(value, dict):
            lines.append(" " * indent + f"{key}:")
            lines.append(as_yaml(value, indent + 2))
        else:
            lines.append(" " * indent + f"{key}: {json.dumps(value) if isinstance(value, str) else value}")
    return "\n".join(lines)


def clean_environment(extra=None):
    environment = {k: v for k, v in os.environ.items() if not k.startswith("LINGUAD_") and k != "NOTIFY_SOCKET"}
    environment.update(extra or {})
    return environment


def linguad_words():
    """The program, or the program under what LINGUA_WRAP says (valgrind)."""
    return os.environ.get("LINGUA_WRAP", "").split() + [os.path.join(BUILD, "linguad")]


def call_linguad(*words, env=None, limit=LIMIT):
    """Runs it to its end; (status, stdout, stderr)."""
    done = subprocess.run(linguad_words() + list(words), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, env=clean_environment(env), timeout=limit, check=False)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


class Linguad:
    """One instance; its log is kept, and shown when a test fails."""

    def __init__(self, redis, settings=None, env=None, name="a", words=()):
        self.redis = redis
        self.name = name
        self.folder = tempfile.mkdtemp(prefix="lingua-e2e-")
        self.config = os.path.join(self.folder, "linguad.yaml")
        self.log_path = os.path.join(self.folder, "log")
        self.port = free_port()
        self.env = env
        self.words = list(words)
        self.process = None
        self.settings = settings or {}

    @classmethod
    def of_several(cls, redis, name, settings=None):
        """One that others can reach."""
        one = cls(redis, name=name, env={"LINGUAD_PEER_SECRET": SECRET})
        one.settings = merge(FAST, {"instance": {"name": name, "address": f"ws://127.0.0.1:{one.port}/ws/peer"}},
                             settings)
        return one

    def write_config(self, settings=None):
        if settings is not None:
            self.settings = settings
        whole = merge({"listen": {"host": "127.0.0.1", "port": self.port}, "redis": {"url": self.redis.url},
                       "scheduler": {"instance": {"inbox_block": "100ms"}}}, self.settings)
        with open(self.config, "w", encoding="utf-8") as out:
            out.write(as_yaml(whole) + "\n")

    def start(self):
        self.write_config()
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(linguad_words() + ["--config", self.config] + self.words,
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            env=clean_environment(self.env), preexec_fn=die_with_us)
        return self

    async def up(self):
        """Started, and ready."""
        self.start()
        await self.ready()
        return self

    async def ready(self):
        await until(lambda: self.answers("/ready"), f"{self.name} is ready")

    def answers(self, path):
        if self.process.poll() is not None:
            raise AssertionError(f"{self.name} has ended with {self.process.returncode}\n{self.log()}")
        return self.get(path)[0] == 200

    def get(self, path, token=None, limit=LIMIT):
        """(status, text); status 0 when nobody answers."""
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}")
        if token:
            request.add_header("Authorization", f"Bearer {token}")
        try:
            with urllib.request.urlopen(request, timeout=limit) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()
        except OSError:
            return 0, ""

    async def fetch(self, path, token=None):
        return await asyncio.to_thread(self.get, path, token)

    def metric(self, name, token=None, **labels):
        """The sum of all samples with that name and these labels."""
        status, text = self.get("/metrics", token)
        if status != 200:
            raise AssertionError(f"/metrics: {status}")
        total = 0.0
        for line in text.splitlines():
            match = re.match(r"^([a-zA-Z_:]+)(?:\{(.*)\})? (\S+)$", line)
            if not match or match[1] != name:
                continue
            found = dict(re.findall(r'(\w+)="([^"]*)"', match[2] or ""))
            if all(found.get(k) == v for k, v in labels.items()):
                total += float(match[3])
        return total

    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as text:
            return text.read()

    def signal(self, number):
        self.process.send_signal(number)

    def kill(self):
        self.process.kill()
        self.process.wait()

    async def ended(self, limit=LIMIT):
        """Its exit status, when it has ended by itself."""
        await until(lambda: self.process.poll() is not None, f"{self.name} ends", limit)
        return self.process.returncode

    def end(self):
        """True when it ended well, or was ended before."""
        fine = True
        if self.process and self.process.poll() is None:
            self.process.terminate()
            try:
                fine = self.process.wait(LIMIT) == 0
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
                fine = False
        return fine

    def remove(self):
        shutil.rmtree(self.folder, ignore_errors=True)
