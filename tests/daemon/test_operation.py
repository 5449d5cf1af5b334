#!/usr/bin/python3
"""test_operation.py - linguad as those meet it who run it: its options, its start without Redis, signals, the service manager, its log.

Mostly waits: for processes that start and end.
"""

import asyncio
import base64
import json
import os
import signal
import socket
import subprocess
import tempfile
import unittest

import websockets

from clients import Client, Link, Node, registration
from servers import BUILD, ROOT, Linguad, Redis, call_linguad
from support import Case, main
from waiting import LIMIT, until


class Options(unittest.TestCase):
    def check(self, text):
        with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
            file.write(text)
            file.flush()
            status, out, err = call_linguad("--config", file.name, "--check-config")
            return status, out, err.replace(file.name, "FILE")

    def test_a_right_configuration(self):
        self.assertEqual(self.check("listen: {port: 5011}\n"), (0, "the settings are right\n", ""))
        status, _, _ = call_linguad("--config", os.path.join(ROOT, "deploy/linguad.yaml"), "--check-config")
        self.assertEqual(status, 0)

    def test_a_wrong_one_is_told_with_its_place(self):
        for text, message in (
                ("listen:\n  prot: 1\n", 'FILE:2:3: unknown key "prot"; did you mean "port"?'),
                ("limits: {idle: 0s}\n", 'FILE:1:16: idle: "0s" is out of bounds: expected 1s .. 1d'),
                ("drain_limit: 1min\nlisten: {tls_key: x}\n", "FILE:2:9: listen: tls_certificate and tls_key go together"),
                ("scheduler:\n  instance:\n    presence_refresh: 40s\n", "FILE:3:23: instance.presence_refresh is not below"),
                ("a: b: c\n", "FILE:1:5: ")):
            status, out, err = self.check(text)
            self.assertEqual((status, out), (2, ""))
            self.assertTrue(err.startswith("linguad: " + message), err)

    def test_a_file_that_is_not_there(self):
        status, _, err = call_linguad("--config", "/nonexistent/linguad.yaml")
        self.assertEqual((status, err), (2, "linguad: /nonexistent/linguad.yaml: cannot be opened: No such file or directory\n"))

    def test_what_is_printed_is_what_the_shipped_file_says(self):
        status, defaults, _ = call_linguad("--print-config")
        self.assertEqual(status, 0)
        shipped = call_linguad("--config", os.path.join(ROOT, "deploy/linguad.yaml"), "--print-config")
        self.assertEqual(shipped, (0, defaults, ""))
        with open(os.path.join(ROOT, "deploy/linguad.yaml"), encoding="utf-8") as file:
            keys = [line.split(":")[0] for line in file.read().splitlines() if line.strip() and "#" not in line[:10]]
        self.assertEqual([line.split(":")[0] for line in defaults.splitlines()], keys)

    def test_secrets_that_are_wrong(self):
        status, _, err = call_linguad("--check-config", env={"LINGUAD_TOKENS": "node * short"})
        self.assertEqual((status, err), (2, "linguad: LINGUAD_TOKENS:1: the token has 5 characters: expected 16 to 255\n"))
        status, _, err = call_linguad("--check-config", env={"LINGUAD_REDIS_URL": "http://nowhere"})
        self.assertEqual(status, 2)
        self.assertIn("linguad: LINGUAD_REDIS_URL: ", err)

    def test_words_that_are_none(self):
        for words in (["--prot"], ["--port", "many"], ["word"], ["--port", "65536"]):
            status, out, err = call_linguad(*words)
            self.assertEqual((status, out), (2, ""), err)
            self.assertTrue(err.startswith("linguad: "), err)
            self.assertIn("Try: linguad --help", err)
        status, out, _ = call_linguad("--help")
        self.assertEqual(status, 0)
        for option in ("--config", "--port", "--dev", "--check-config", "--print-config", "--version", "Exit status"):
            self.assertIn(option, out)
        self.assertRegex(call_linguad("--version")[1], r"^linguad [0-9.]+\n$")


class Operation(Case):
    async def test_it_starts_without_redis(self):
        self.redis.kill()
        one = self.linguad({"scheduler": {"redis_patience": "300ms", "outage_grace": "500ms"}}).start()
        await until(lambda: one.answers("/health"), "it is up")
        self.assertEqual((await one.fetch("/ready"))[0], 503)
        link = Link()
        self.links.append(link)
        await link.connect(one, "/ws/node")
        await link.send("node_register", **registration("gpu-1"))
        self.assertEqual((await link.hear("error"))["code"], "SCHEDULER_DEPENDENCY_DOWN")
        client = await self.client(one)
        await client.say(0)
        self.assertEqual((await client.hear("error"))["code"], "SCHEDULER_DEPENDENCY_DOWN")
        self.redis.start()
        await one.ready()
        await self.node(one, "gpu-1")
        await client.say(1)
        await client.result(1)

    async def test_a_port_that_is_taken(self):
        one = await self.linguad().up()
        other = Linguad(self.redis, name="other")
        self.addCleanup(other.remove)
        other.port = one.port
        other.start()
        self.assertEqual(await other.ended(), 1)
        self.assertIn(str(one.port), other.log())
        self.assertIn("event=start_failed", other.log())

    async def test_the_last_answers_come_before_the_end(self):
        one = await self.linguad().up()
        await self.node(one, "gpu-1", work=0.5)
        client = await self.client(one)
        await client.say(0)
        await client.hear("ui_event", event="DISPATCHED")
        one.signal(signal.SIGTERM)
        await client.result(0)
        self.assertEqual(await one.ended(), 0)
        self.assertEqual(await client.is_closed(), 1001)
        self.assertIn("event=drain_begins", one.log())

    async def test_whoever_comes_while_it_drains_is_sent_away(self):
        one = await self.linguad().up()
        await self.node(one, "gpu-1", work=1.0)
        client = await self.client(one)
        await client.say(0)
        await client.hear("ui_event", event="DISPATCHED")
        one.signal(signal.SIGTERM)
        await until(lambda: "event=drain_begins" in one.log(), "it drains")
        await client.say(1)
        self.assertEqual((await client.hear("error", utterance_index=1))["code"], "INVALID_SESSION")
        for path in ("/ws/session", "/ws/node"):
            with self.assertRaises(Exception) as refused:
                await Link().connect(one, path)
            self.assertIn("503", str(refused.exception))
        self.assertEqual((await one.fetch("/ready"))[0], 503)
        self.assertEqual(one.metric("lingua_connections_refused_total", reason="leaving"), 2)
        await client.result(0)
        self.assertEqual(await one.ended(), 0)

    async def test_a_drain_has_a_limit(self):
        one = await self.linguad({"drain_limit": "1s", "scheduler": {"close_limit": "1s"}}).up()
        await self.node(one, "gpu-1", answers=False)
        client = await self.client(one)
        await client.say(0)
        await client.hear("ui_event", event="DISPATCHED")
        one.signal(signal.SIGTERM)
        self.assertEqual(await one.ended(10), 0)

    async def test_a_second_signal_ends_it_at_once(self):
        for number, status in ((signal.SIGINT, 130), (signal.SIGTERM, 1)):
            one = await self.linguad().up()
            node = await self.node(one, f"gpu-{status}", answers=False)
            client = await self.client(one)
            await client.say(0)
            await node.hear("job_assign")
            one.signal(number)
            await until(lambda: "event=drain_begins" in one.log(), "it drains")  # pylint: disable=cell-var-from-loop
            one.signal(number)
            self.assertEqual(await one.ended(), status)

    async def test_what_sighup_reads_again(self):
        first, second = "token-of-the-start", "token-that-came-later"
        with tempfile.NamedTemporaryFile("w") as tokens:  # its mode is 0600
            tokens.write(f"node * {first}\nsession * {first}\nadmin * {first}\n")
            tokens.flush()
            settings = {"tokens": {"required": "yes", "file": tokens.name}, "log": {"level": "info"}}
            one = await self.linguad(settings).up()
            await self.join(Client(), one, first)
            self.assertEqual((await one.fetch("/metrics", second))[0], 401)
            tokens.seek(0)
            tokens.write(f"node * {second}\nsession * {second}\nadmin * {second}\n")
            tokens.truncate()
            tokens.flush()
            one.write_config({**settings, "log": {"level": "debug", "format": "json"}, "limits": {"connections": 2},
                              "redis": {"window": 77}})
            one.signal(signal.SIGHUP)
            await until(lambda: '"event":"reloaded"' in one.log(), "it has read them")
            self.assertIn("event=reload_needs_restart section=redis", one.log().replace('"', "").replace(":", "=").replace(",", " "))
            self.assertEqual((await one.fetch("/metrics", first))[0], 401)
            self.assertEqual((await one.fetch("/metrics", second))[0], 200)
            await self.join(Client(), one, second)
            with self.assertRaises(Exception) as refused:
                await Link().connect(one, "/ws/session", second)
            self.assertIn("503", str(refused.exception))
            one.write_config({"nonsense": 1})
            one.signal(signal.SIGHUP)
            await until(lambda: '"event":"reload_failed"' in one.log(), "it refuses what is wrong")
            self.assertIn("unknown key", one.log())
            self.assertEqual((await one.fetch("/metrics", second))[0], 200)

    async def test_a_log_of_json_has_an_object_in_each_line(self):
        one = await self.linguad({"log": {"format": "json", "level": "debug"}}).up()
        await self.node(one, "gpu-1")
        client = await self.client(one)
        await client.send_text('{"type":"no \\"such\\" thing"}')
        await client.hear("error")
        one.signal(signal.SIGTERM)
        await one.ended()
        events = [json.loads(line) for line in one.log().splitlines()]
        self.assertTrue({"listening", "instance_begins", "node_registered", "session_message_refused", "ended"} <=
                        {event["event"] for event in events})
        for event in events:
            self.assertRegex(event["ts"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
            self.assertIn(event["level"], ("debug", "info", "warn", "error"))

    async def test_what_is_said_is_never_logged(self):
        class Gossip(Node):
            async def do(self, job):
                await self.send("asr_partial", job_id=job["job_id"], node_id=self.node_id, session_id=job["session_id"],
                                utterance_index=0, text="whispered", is_final=False, trace_id="t")
                await super().do(job)

        one = await self.linguad({"log": {"level": "debug"}}).up()
        await self.join(Gossip("gpu-1"), one)
        client = await self.client(one)
        audio = os.urandom(3000)
        await client.say(0, audio)
        await client.result(0)
        one.signal(signal.SIGTERM)
        await one.ended()
        for secret in (base64.b64encode(audio).decode()[:40], "whispered", "said 0", "en 0 by"):
            self.assertNotIn(secret, one.log())

    async def test_who_does_not_answer_pings_is_cut_and_who_does_stays(self):
        one = await self.linguad({"limits": {"idle": "1s"}}).up()
        client = await self.client(one)  # its library answers

        def half_open():
            s = socket.create_connection(("127.0.0.1", one.port), timeout=LIMIT)
            s.sendall(b"GET /ws/session HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                      b"Sec-WebSocket-Key: MTIzNDU2Nzg5MDEyMzQ1Ng==\r\nSec-WebSocket-Version: 13\r\n\r\n")
            with s:
                while s.recv(4096):
                    pass

        await asyncio.to_thread(half_open)
        await until(lambda: one.metric("lingua_connections_cut_total", reason="idle") == 1, "it is counted")
        await client.send("client_heartbeat", session_id=client.session, timestamp=1)
        await client.hear("server_heartbeat")

    async def test_a_unix_socket(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "linguad.sock")
            one = self.linguad({"listen": {"socket": path}}).start()
            await until(lambda: os.path.exists(path), "it listens")

            async def connect():
                try:
                    return await websockets.unix_connect(path, "ws://localhost/ws/session")
                except (OSError, websockets.WebSocketException):
                    return None

            ws = await until(connect, "it takes connections")
            await ws.send(json.dumps({"type": "session_init", "client_version": "1", "platform": "web",
                                      "src_lang": "de", "tgt_lang": "en"}))
            self.assertEqual(json.loads(await asyncio.wait_for(ws.recv(), LIMIT))["type"], "session_init_ack")
            await ws.close()
            self.assertTrue(one.end())

    async def test_nothing_is_left_in_redis(self):
        one = await self.linguad().up()
        node = await self.node(one, "gpu-1")
        client = await self.client(one)
        for index in range(5):
            await client.say(index)
            await client.result(index)
        await client.send("session_close", session_id=client.session, reason="done")
        await client.hear("session_close_ack")
        await node.close()
        await client.close()
        one.signal(signal.SIGTERM)
        self.assertEqual(await one.ended(), 0)
        checked = subprocess.run([os.path.join(BUILD, "lingua-ctl"), "fsck", "--redis", self.redis.url], check=False,
                                 stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=LIMIT)
        self.assertEqual(checked.returncode, 0, checked.stdout.decode())
        left = [key for key in self.redis.keys() if self.redis.ask("TTL", key) < 0]
        self.assertEqual(left, [])


class ServiceManager(Case):
    async def asyncSetUp(self):
        linked = subprocess.run(["ldd", os.path.join(BUILD, "linguad")], stdout=subprocess.PIPE, check=True)
        if b"libsystemd" not in linked.stdout:
            self.skipTest("built without libsystemd")
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.path = os.path.join(self.folder.name, "notify")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(self.socket.close)
        self.socket.bind(self.path)
        self.socket.setblocking(False)
        self.told = []

    def hears(self, what):
        while True:
            try:
                self.told += self.socket.recv(4096).decode().splitlines()
            except BlockingIOError:
                return any(line.startswith(what) for line in self.told)

    async def test_what_the_service_manager_is_told(self):
        one = self.linguad(env={"NOTIFY_SOCKET": self.path, "WATCHDOG_USEC": "200000"}).start()
        await until(lambda: self.hears("READY=1"), "READY=1")
        await until(lambda: self.hears("STATUS=ready"), "its status")
        await until(lambda: self.told.count("WATCHDOG=1") >= 3 or self.hears("never"), "the watchdog is fed")
        self.told.clear()
        one.signal(signal.SIGHUP)
        await until(lambda: self.hears("READY=1"), "READY=1 behind RELOADING=1")
        self.assertIn("RELOADING=1", self.told)
        one.signal(signal.SIGTERM)
        await until(lambda: self.hears("STOPPING=1"), "STOPPING=1")
        self.assertEqual(await one.ended(), 0)

    async def test_a_loop_that_stands_still_feeds_no_watchdog(self):
        one = self.linguad(env={"NOTIFY_SOCKET": self.path, "WATCHDOG_USEC": "200000"}).start()
        await until(lambda: self.hears("WATCHDOG=1"), "the watchdog is fed")
        one.signal(signal.SIGSTOP)
        await asyncio.sleep(0.3)  # what it had said before it stopped
        self.hears("")
        self.told.clear()
        await asyncio.sleep(0.5)
        self.assertFalse(self.hears("WATCHDOG=1"))
        one.signal(signal.SIGCONT)
        await until(lambda: self.hears("WATCHDOG=1"), "the watchdog is fed again")


class Development(unittest.IsolatedAsyncioTestCase):
    async def test_dev_needs_nothing(self):
        """As a newcomer starts it: no Redis, no settings; what it prints is enough to connect."""
        nothing = Redis()
        self.addCleanup(nothing.end)
        one = Linguad(nothing, name="dev", words=["--dev"])
        self.addCleanup(one.remove)
        self.addCleanup(one.end)
        one.start()
        await one.ready()
        node, client = Node("gpu-1"), Client()
        await node.join(one)
        await client.join(one)
        await client.say(0)
        await client.result(0)
        self.assertIn(f"ws://127.0.0.1:{one.port}/ws/session", one.log())
        self.assertIn('{"type":"session_init"', one.log())
        socket_path = [word for line in one.log().splitlines() if "event=redis_link" in line
                       for word in line.split() if word.endswith(".sock:")][0][:-1]
        self.assertTrue(os.path.exists(socket_path))
        await node.close()
        await client.close()
        one.signal(signal.SIGTERM)
        self.assertEqual(await one.ended(), 0)
        self.assertFalse(os.path.exists(os.path.dirname(socket_path)))


if __name__ == "__main__":
    main()
