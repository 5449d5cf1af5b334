"""support.py - real parts for the end-to-end tests: a private redis-server, linguad processes, nodes and clients over WebSocket.

The clients share nothing with linguad but the protocol: python3-websockets, json, and the texts of docs/PROTOCOL.md. Nothing here sleeps to
wait for something: what is waited for is asked for again, or comes as a message; each wait has one generous limit (LIMIT), because
test machines are busy.
"""

import asyncio
import base64
import contextlib
import ctypes
import json
import logging
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.request

import websockets

logging.getLogger("asyncio").setLevel(logging.ERROR)  # not how long a busy machine takes for a step

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.join(ROOT, os.environ.get("LINGUA_BUILD", "build"))
LIMIT = float(os.environ.get("LINGUA_TEST_LIMIT", "60"))  # seconds that anything may take
PAUSE = 0.02  # between two looks
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


async def until(condition, what, limit=LIMIT):
    """Looks until `condition` holds, and returns what it returned."""
    end = time.monotonic() + limit
    while True:
        result = condition()
        if asyncio.iscoroutine(result):
            result = await result
        if result:
            return result
        if time.monotonic() > end:
            raise AssertionError(f"{what}: not within {limit:.0f} s")
        await asyncio.sleep(PAUSE)


# ---- Redis ------------------------------------------------------------------------------------------------------------------


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


# ---- WebSocket --------------------------------------------------------------------------------------------------------------


class Link:
    """A connection, and all that came over it and was not asked for yet."""

    def __init__(self):
        self.socket = None
        self.heard = []
        self.news = asyncio.Event()
        self.reader = None
        self.closed = False

    async def connect(self, instance, path, token=None, **options):
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self.socket = await websockets.connect(f"ws://127.0.0.1:{instance.port}{path}", extra_headers=headers,
                                               max_size=None, max_queue=None, ping_interval=None, open_timeout=LIMIT,
                                               close_timeout=1, compression=None, **options)
        self.reader = asyncio.create_task(self._read())
        return self

    async def _read(self):
        with contextlib.suppress(websockets.ConnectionClosed):
            async for text in self.socket:
                message = json.loads(text)
                await self.on_message(message)
                self.news.set()
        self.closed = True
        self.news.set()
        await self.on_closed()

    async def on_message(self, message):
        self.heard.append(message)

    async def on_closed(self):
        pass

    async def send(self, kind, **members):
        await self.socket.send(json.dumps({"type": kind, **members}))

    async def send_text(self, text):
        await self.socket.send(text)

    async def hear(self, kind, limit=LIMIT, **members):
        """The first message of that type with these members that nobody took yet."""
        def wanted(m):
            return m["type"] == kind and all(m.get(k) == v for k, v in members.items())
        end = time.monotonic() + limit
        while True:
            for i, message in enumerate(self.heard):
                if wanted(message):
                    return self.heard.pop(i)
            if self.closed:
                raise AssertionError(f"{kind} {members}: the connection was closed ({self.why_closed()}); "
                                     f"heard {self.kinds()}")
            self.news.clear()
            try:
                await asyncio.wait_for(self.news.wait(), max(0, end - time.monotonic()))
            except asyncio.TimeoutError:
                raise AssertionError(f"{kind} {members}: not within {limit:.0f} s; heard {self.kinds()}") from None

    def kinds(self):
        return [m["type"] + (":" + str(m.get("code") or m.get("event") or "")) for m in self.heard][-20:]

    def why_closed(self):
        return f"{self.socket.close_code} {self.socket.close_reason}"

    async def is_closed(self, limit=LIMIT):
        """The code with which the other end has closed."""
        await until(lambda: self.closed, "the connection closes", limit)
        return self.socket.close_code

    async def close(self):
        if self.socket:
            await self.socket.close()
        if self.reader:
            await asyncio.gather(self.reader, return_exceptions=True)

    def drop(self):
        """Without a word, as a machine that loses its network."""
        self.socket.transport.abort()


def registration(node_id=None, asr=("de", "en"), tts=("de", "en"), **members):
    message = {
        "version": "2.0.0",
        "platform": "linux",
        "hardware": {"cpu_cores": 8, "memory_gb": 32, "gpus": [{"name": "test", "memory_gb": 24}]},
        "installed_models": [],
        "installed_services": [{"service_id": "node-inference", "type": "asr", "device": "gpu", "status": "running"}],
        "capability_by_type": [{"type": "asr", "ready": True}],
        "features_supported": {},
        "accept_public_jobs": True,
        "language_capabilities": {"asr_languages": list(asr), "semantic_languages": list(asr),
                                  "tts_languages": list(tts)},
    }
    if node_id:
        message["node_id"] = node_id
    message.update(members)
    return message


def heartbeat(node_id):
    return {
        "node_id": node_id,
        "timestamp": int(time.time() * 1000),
        "resource_usage": {"cpu_percent": 10.0, "mem_percent": 10.0, "running_jobs": 0},
        "installed_services": [{"service_id": "node-inference", "type": "asr", "device": "gpu", "status": "running"}],
        "capability_by_type": [{"type": "asr", "ready": True}],
    }


def result_of(job, node_id, **members):
    """What a node answers that understood it: the text tells who said what."""
    return {
        "job_id": job["job_id"],
        "attempt_id": job["attempt_id"],
        "node_id": node_id,
        "session_id": job["session_id"],
        "utterance_index": job["utterance_index"],
        "success": True,
        "text_asr": f"said {job['utterance_index']}",
        "text_translated": f"{job['tgt_lang']} {job['utterance_index']} by {node_id}",
        "tts_audio": base64.b64encode(b"sound").decode(),
        "tts_format": "opus",
        "trace_id": job["trace_id"],
        **members,
    }


class Node(Link):
    """A node that answers every job after `work` seconds; `acks`: whether it says that it has it, and that it begins."""

    def __init__(self, node_id=None, work=0.0, acks=True, answers=True, asr=("de", "en"), tts=("de", "en"), **members):
        super().__init__()
        self.node_id = node_id
        self.work = work
        self.acks = acks
        self.answers = answers
        self.offer = registration(node_id, asr, tts, **members)
        self.jobs = []  # all that it was ever given
        self.cancelled = []
        self.at_work = 0
        self.at_work_most = 0
        self.tasks = set()
        self.beats = None

    async def join(self, instance, token=None):
        """Registered, in its pools, and beating until it ends."""
        await self.connect(instance, "/ws/node", token)
        await self.send("node_register", **self.offer)
        ack = await self.hear("node_register_ack")
        self.node_id = ack["node_id"]
        self.beats = asyncio.create_task(self._beat())
        return self

    async def _beat(self):
        with contextlib.suppress(websockets.ConnectionClosed):
            while True:
                await self.send("node_heartbeat", **heartbeat(self.node_id))
                await asyncio.sleep(0.5)

    async def on_message(self, message):
        if message["type"] == "job_assign":
            self.jobs.append(message)
            task = asyncio.create_task(self._do(message), name=message["job_id"])
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)
        elif message["type"] == "job_cancel":
            self.cancelled.append(message)
            for task in self.tasks:
                if task.get_name() == message["job_id"]:
                    task.cancel()
        self.heard.append(message)

    async def _do(self, job):
        self.at_work += 1
        self.at_work_most = max(self.at_work_most, self.at_work)
        with contextlib.suppress(websockets.ConnectionClosed):
            try:
                await self.do(job)
            finally:
                self.at_work -= 1

    async def do(self, job):
        names = {k: job[k] for k in ("job_id", "attempt_id", "session_id", "trace_id")}
        if self.acks:
            await self.send("job_ack", node_id=self.node_id, **names)
            await self.send("job_started", node_id=self.node_id, **names)
        if self.work:
            await asyncio.sleep(self.work)
        if self.answers:
            await self.send("job_result", **result_of(job, self.node_id))

    async def on_closed(self):
        if self.beats:
            self.beats.cancel()

    async def close(self):
        if self.beats:
            self.beats.cancel()
        for task in list(self.tasks):
            task.cancel()
        await super().close()


class Client(Link):
    """A speaker."""

    def __init__(self, src="de", tgt="en", **init):
        super().__init__()
        self.src, self.tgt = src, tgt
        self.init = init
        self.session = None
        self.trace = None

    async def join(self, instance, token=None):
        await self.connect(instance, "/ws/session", token)
        await self.send("session_init", client_version="1", platform="web", src_lang=self.src, tgt_lang=self.tgt,
                        **self.init)
        ack = await self.hear("session_init_ack")
        self.session = ack["session_id"]
        self.trace = ack["trace_id"]
        return self

    async def say(self, index, audio=b"\0" * 3200, **members):
        """A whole utterance."""
        await self.send("utterance", **{
            "session_id": self.session, "utterance_index": index, "manual_cut": True, "src_lang": self.src,
            "tgt_lang": self.tgt, "audio": base64.b64encode(audio).decode(), "audio_format": "pcm16",
            "sample_rate": 16000, **members})

    async def chunk(self, audio=None, is_final=False, seq=0):
        members = {"payload": base64.b64encode(audio).decode()} if audio is not None else {}
        await self.send("audio_chunk", session_id=self.session, seq=seq, is_final=is_final, **members)

    async def result(self, index=None, limit=LIMIT):
        members = {} if index is None else {"utterance_index": index}
        return await self.hear("translation_result", limit, **members)


# ---- tests ------------------------------------------------------------------------------------------------------------------


class Case(unittest.IsolatedAsyncioTestCase):
    """A Redis, whatever instances a test starts, and connections; all of it ends with the test. An instance that does not end well
    fails the test."""

    def setUp(self):
        self.redis = Redis().start()
        self.instances = []
        self.links = []
        self.addCleanup(self._end)
        self.addAsyncCleanup(self._close_links)

    def linguad(self, *args, **options):
        one = Linguad(self.redis, *args, **options)
        self.instances.append(one)
        return one

    def one_of_several(self, name, settings=None):
        one = Linguad.of_several(self.redis, name, settings)
        self.instances.append(one)
        return one

    async def join(self, link, instance, token=None):
        self.links.append(link)
        return await link.join(instance, token)

    async def node(self, instance, *args, **options):
        return await self.join(Node(*args, **options), instance)

    async def client(self, instance, *args, **options):
        return await self.join(Client(*args, **options), instance)

    async def _close_links(self):
        await asyncio.gather(*(link.close() for link in self.links), return_exceptions=True)

    def _end(self):
        failed = [one for one in self.instances if not one.end()]
        self.redis.end()
        outcome = self._outcome.result
        if failed or any(test is self for test, _ in outcome.failures + outcome.errors):
            for one in self.instances:
                sys.stderr.write(f"---- log of {one.name}\n{one.log()[-6000:]}\n")
        for one in self.instances:
            one.remove()
        self.assertEqual([one.name for one in failed], [], "instances that did not end well")


def main():
    unittest.main(verbosity=2)
