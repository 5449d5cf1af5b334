"""test_api.py - the HTTP side: documents, errors, tokens, and what the files of deploy/ and docs/ say of metrics and alarms.

Mostly waits: for time to pass in real processes.
"""

import asyncio
import json
import os
import re
import subprocess

from servers import BUILD, ROOT
from support import Case, main
from waiting import LIMIT, until

ADMIN = "an-admin-token-of-some-length"
OTHER = "another-token-of-some-length"


def read(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as text:
        return text.read()


def ctl(redis, *words):
    """What lingua-ctl says as JSON."""
    done = subprocess.run([os.path.join(BUILD, "lingua-ctl"), *words, "--redis", redis.url, "--json"],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=LIMIT, check=False)
    if done.returncode:
        raise AssertionError(done.stderr.decode())
    return json.loads(done.stdout)


# What moves between two looks at a system at rest.
MOVING = {"now", "seen", "ends", "expires", "forgotten", "until", "redis", "uptime_ms"}


def still(document):
    if isinstance(document, dict):
        return {k: still(v) for k, v in document.items() if k not in MOVING}
    return [still(v) for v in document] if isinstance(document, list) else document


class Api(Case):
    maxDiff = None

    async def ask(self, instance, path, status=200, token=None):
        got, text = await instance.fetch(path, token)
        self.assertEqual(got, status, f"{path}: {text}")
        return json.loads(text)

    async def refused(self, instance, path, status, *words):
        """An error in its form, whose message has these words."""
        error = (await self.ask(instance, path, status))["error"]
        self.assertEqual(sorted(error), ["code", "message"])
        for word in words:
            self.assertIn(word, error["message"])
        return error

    async def some_work(self):
        """Two nodes, a speaker, three results."""
        one = await self.linguad().up()
        await self.node(one, "gpu-1")
        await self.node(one, "gpu-2", asr=("de", "fr"), tts=("en", "fr"))
        await until(lambda: one.metric("lingua_nodes_ready_total") == 2, "both nodes are in their pools")
        speaker = await self.client(one)
        for index in range(3):
            await speaker.say(index)
            await speaker.result(index)
        await until(lambda: ctl(self.redis, "stats")["jobs"]["RELEASED"] == 3, "the jobs are over")
        return one, speaker

    async def test_documents_are_those_of_lingua_ctl(self):
        one, speaker = await self.some_work()
        job = f"{speaker.session}:1:en"
        for path, words in {
            "/api/v1/nodes": ["nodes"],
            "/api/v1/nodes?languages=1": ["nodes", "--languages"],
            "/api/v1/nodes?status=ready&limit=1": ["nodes", "--status", "ready", "--limit", "1"],
            "/api/v1/nodes/gpu-2": ["node", "gpu-2"],
            "/api/v1/pools": ["pools"],
            "/api/v1/pools?pair=de:*": ["pools", "de:*"],
            "/api/v1/pools/fr:en": ["pair", "fr:en"],
            f"/api/v1/jobs/{job}": ["job", job],
            f"/api/v1/sessions/{speaker.session}": ["session", speaker.session],
            "/api/v1/rooms": ["rooms"],
            "/api/v1/instances": ["instances"],
            "/api/v1/dead-letters": ["dlq", "list"],
        }.items():
            with self.subTest(path):
                self.assertEqual(still(await self.ask(one, path)), still(ctl(self.redis, *words)))
        cluster, stats = await self.ask(one, "/api/v1/cluster"), ctl(self.redis, "stats")
        for name, value in still(stats).items():
            self.assertEqual(cluster[name], value, name)
        self.assertEqual((cluster["total_nodes"], cluster["ready_nodes"], cluster["online_instances"]), (2, 2, 1))

    async def test_nodes_can_be_asked_for_by_pair(self):
        one, _ = await self.some_work()
        def names(document):
            return [n["node"] for n in document["nodes"]]
        self.assertEqual(names(await self.ask(one, "/api/v1/nodes?pair=de:en")), ["gpu-1", "gpu-2"])
        self.assertEqual(names(await self.ask(one, "/api/v1/nodes?pair=fr:en")), ["gpu-2"])
        self.assertEqual(names(await self.ask(one, "/api/v1/nodes?pair=ja:en")), [])
        limited = await self.ask(one, "/api/v1/nodes?pair=de:en&limit=1")
        self.assertEqual((names(limited), limited["matching"], limited["count"]), (["gpu-1"], 2, 2))

    async def test_what_is_wrong_is_said(self):
        one = await self.linguad().up()
        await self.refused(one, "/api/v1/nodes?limit=none", 400, "limit", "none", "whole number")
        await self.refused(one, "/api/v1/nodes?limit=0", 400, "limit")
        await self.refused(one, "/api/v1/nodes?status=lazy", 400, "lazy", "degraded")
        await self.refused(one, "/api/v1/nodes?pair=de", 400, "de")
        await self.refused(one, "/api/v1/pools?pair=x", 400, "SRC:TGT")
        await self.refused(one, "/api/v1/nodes/what%20is%20this", 400, "node id")
        await self.refused(one, "/api/v1/nodes/gpu-9", 404, "gpu-9")
        await self.refused(one, "/api/v1/jobs/j042-9f86d081884c7d65", 404, "j042-9f86d081884c7d65")
        await self.refused(one, "/api/v1/pools/de:en", 404, "de:en")
        await self.refused(one, "/api/v1/rooms/12", 400, "six digits")
        await self.refused(one, "/api/v1/rooms/123456", 404, "123456")
        await self.refused(one, "/api/v1/inboxes/nobody", 404, "nobody")
        await self.refused(one, "/api/v1/simulate?src=de", 400, "tgt=")
        await self.refused(one, "/api/v1/nothing", 404, "/api/v1/nothing", "/api/v1/stats")
        await self.refused(one, "/elsewhere", 404, "/elsewhere")

    async def test_a_request_whose_job_is_gone_is_told_as_such(self):
        one, speaker = await self.some_work()
        request = f"{speaker.session}:1:en"
        job = ctl(self.redis, "job", request)["job"]["job"]
        record = next(k for k in self.redis.keys() if k.endswith(job) and self.redis.ask("TYPE", k) == b"hash")
        self.redis.ask("DEL", record)
        await self.refused(one, f"/api/v1/jobs/{request}", 404, request, job, "fsck")

    async def test_a_dry_run_says_why_each_node_would_not_take_it(self):
        one = await self.linguad().up()
        await self.node(one, "idle")
        busy = await self.node(one, "full", answers=False, asr=("fr",), tts=("en",), max_concurrent_jobs=1)
        await until(lambda: one.metric("lingua_nodes_ready_total") == 2, "both nodes are in their pools")
        free = await self.ask(one, "/api/v1/simulate?src=de&tgt=en")
        self.assertEqual((free["selected_node_id"], free["pool_size"], free["excluded"]), ("idle", 1, {}))
        without = await self.ask(one, "/api/v1/simulate?src=de&tgt=en&exclude_node_id=idle")
        self.assertEqual((without["selected_node_id"], without["excluded"]), (None, {"EXCLUDED": 1}))
        slots = ctl(self.redis, "node", "full")["node"]["slots"]
        speaker = await self.client(one, "fr", "en")
        for index in range(slots):
            await speaker.say(index)
        await until(lambda: len(busy.jobs) == slots, "the node is full")
        full = await self.ask(one, "/api/v1/simulate?pair=fr:en")
        self.assertIsNone(full["selected_node_id"])
        self.assertEqual(full["excluded"], {"FULL": 1})
        self.assertIn("slots are taken", full["nodes"][0]["reason"])
        nobody = await self.ask(one, "/api/v1/simulate?pair=ja:ko")
        self.assertEqual((nobody["pool_size"], nobody["nodes"]), (0, []))

    async def test_figures_tell_what_happened(self):
        one, _ = await self.some_work()
        stats = await self.ask(one, "/api/v1/stats?history=1")
        self.assertEqual(stats["web_clients"]["active_users"], 1)
        self.assertEqual(stats["nodes"]["connected_nodes"], 2)
        self.assertEqual((stats["last_minute"]["created"], stats["last_minute"]["ok"]), (3, 3))
        self.assertGreater(stats["last_minute"]["end_to_end_p99_ms"], stats["last_minute"]["dispatch_p50_ms"])
        self.assertTrue(stats["instance"]["ready"])
        async def languages():
            return (await self.ask(one, "/api/v1/stats"))["web_clients"]["language_usage"]
        usage = await until(languages, "the snapshot tells of languages")
        self.assertEqual(usage, {"de": {"as_source": 1, "as_target": 0, "total": 1},
                                 "en": {"as_source": 0, "as_target": 1, "total": 1}})
        async def points():
            history = (await self.ask(one, "/api/v1/stats?history=1"))["history"]
            return history if len(history["at"]) > 0 else None
        history = await until(points, "a point of the history")
        lengths = {name: len(column) for name, column in history.items() if isinstance(column, list)}
        self.assertEqual(set(lengths.values()), {len(history["at"])}, lengths)
        for name in ("lingua_dispatch_seconds_count", "lingua_node_seconds_count", "lingua_end_to_end_seconds_count"):
            self.assertEqual(one.metric(name), 3, name)

    async def test_that_no_node_is_there_is_an_alarm(self):
        one = await self.linguad().up()
        async def alarm():
            alarms = (await self.ask(one, "/api/v1/stats"))["alarms"]
            return [a for a in alarms if a["alarm"] == "no_ready_node"]
        found = await until(alarm, "the alarm")
        self.assertEqual((found[0]["severity"], found[0]["text"]), ("critical", "no node is registered at any instance"))

    async def test_without_redis_it_lives_and_says_so(self):
        one = self.linguad()
        self.redis.kill()
        one.start()
        await until(lambda: one.answers("/health"), "it is up")
        self.assertEqual((await one.fetch("/ready"))[0], 503)
        await self.refused(one, "/api/v1/nodes", 503)
        await self.refused(one, "/api/v1/cluster", 503)
        async def alarm():
            return [a for a in (await self.ask(one, "/api/v1/stats"))["alarms"] if a["severity"] == "critical"]
        await until(alarm, "an alarm")
        self.redis.start()
        await one.ready()
        self.assertEqual((await self.ask(one, "/api/v1/nodes"))["count"], 0)

    async def test_a_redis_that_was_started_anew_is_read_over_new_connections(self):
        one = await self.linguad().up()
        await self.ask(one, "/api/v1/nodes")
        self.redis.kill()
        self.redis.start()
        async def reads():
            return (await one.fetch("/api/v1/nodes"))[0] == 200
        await until(reads, "it reads again")

    async def test_many_who_ask_at_once_are_all_answered(self):
        one, _ = await self.some_work()
        paths = ["/api/v1/nodes", "/api/v1/cluster", "/api/v1/pools", "/api/v1/instances", "/api/v1/rooms"] * 12
        answers = await asyncio.gather(*(one.fetch(path) for path in paths))
        self.assertEqual({status for status, _ in answers}, {200})

    async def test_tokens_are_asked_for_where_there_is_data(self):
        one = self.linguad({"tokens": {"required": "true"}}, env={
            "LINGUAD_TOKENS": f"admin * {ADMIN}; node * {OTHER}; session * {OTHER}"})
        await one.up()
        for path in ("/metrics", "/api/v1/stats", "/api/v1/cluster", "/api/v1/nodes", "/api/v1/simulate?src=de&tgt=en"):
            error = (await self.ask(one, path, 401))["error"]
            self.assertEqual(error["code"], "UNAUTHORIZED", path)
            self.assertEqual((await one.fetch(path, OTHER))[0], 401, path)
            self.assertEqual((await one.fetch(path, ADMIN))[0], 200, path)
        for path in ("/health", "/ready", "/", "/dashboard"):
            self.assertEqual((await one.fetch(path))[0], 200, path)

    async def test_docs_alerts_and_dashboards_name_metrics_that_there_are(self):
        one = await self.linguad().up()
        text = (await one.fetch("/metrics"))[1]
        types = dict(re.findall(r"^# TYPE (\S+) (\S+)$", text, re.M))
        helps = dict(re.findall(r"^# HELP (\S+) (.*)$", text, re.M))
        labels = {name: set() for name in types}
        series = set(types)
        for name, inside in re.findall(r"^(\w+)\{(.*)\} \S+$", text, re.M):
            family = name if name in types else re.sub(r"_bucket$", "", name)
            labels[family] |= set(re.findall(r'(\w+)="', inside)) - {"le"}
        for name, kind in types.items():
            if kind == "histogram":
                series |= {name + "_bucket", name + "_sum", name + "_count"}

        told = re.findall(r"^\| `(lingua_\w+)` \| (\w+) \| ([\w ]*) \| (.*) \|$", read("docs/OPERATIONS.md"), re.M)
        self.assertEqual([(n, k, set(w.split()), h) for n, k, w, h in told],
                         [(n, k, labels[n], helps[n]) for n, k in types.items()], "the table of OPERATIONS.md")

        def names(expression):
            return set(re.findall(r"lingua_\w+", expression))
        def check_values(expression, where):
            for name, inside in re.findall(r"(lingua_\w+)\{([^}]*)\}", expression):
                for label, value in re.findall(r'(\w+)=~?"([^"]*)"', inside):
                    for one_of in value.split("|") if label != "instance" else []:
                        self.assertRegex(text, rf'(?m)^{name}\{{.*\b{label}="{re.escape(one_of)}"', where)
        rules = read("deploy/prometheus/alerts.yml")
        alerts = re.findall(r"- alert: (\w+)\n +expr: (.*)\n", rules)
        self.assertGreater(len(alerts), 20)
        self.assertEqual(len(alerts), rules.count("alert:"))
        tried = read("deploy/prometheus/alerts_test.yml")
        for alert, expression in alerts:
            self.assertIn(f'alertname="{alert}"', tried, "alerts_test.yml makes each alert fire")
            self.assertLessEqual(names(expression), series, alert)
            check_values(expression, alert)
        panels = [p for p in json.loads(read("deploy/grafana/lingua.json"))["panels"] if p["type"] != "row"]
        self.assertGreater(len(panels), 20)
        for panel in panels:
            for target in panel["targets"]:
                self.assertTrue(names(target["expr"]), panel["title"])
                self.assertLessEqual(names(target["expr"]), series, panel["title"])
                check_values(target["expr"], panel["title"])

    async def test_of_each_alarm_and_alert_it_is_said_what_to_do(self):
        operations = read("docs/OPERATIONS.md").split("### Alarms, and what to do")[1]
        for alert in re.findall(r"- alert: (\w+)", read("deploy/prometheus/alerts.yml")):
            self.assertIn(f"`{alert}`", operations)
        alarms = re.findall(r"^    X\((\w+), ", read("core/daemon/api_alarms.c"), re.M)
        self.assertGreater(len(alarms), 10)
        for alarm in alarms:
            self.assertIn(f"`{alarm}`", operations)

    async def test_stopping_while_somebody_reads_is_in_good_order(self):
        one, _ = await self.some_work()
        asked = [asyncio.create_task(one.fetch("/api/v1/cluster")) for _ in range(20)]
        one.signal(15)
        self.assertEqual(await one.ended(), 0)
        await asyncio.gather(*asked)


if __name__ == "__main__":
    main()
