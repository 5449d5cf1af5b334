"""clients.py - nodes and clients that share nothing with linguad but the protocol: python3-websockets, json, and docs/PROTOCOL.md."""

import asyncio
import base64
import contextlib
import json
import time

import websockets

from waiting import LIMIT, until


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
