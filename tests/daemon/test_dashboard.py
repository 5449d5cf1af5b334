"""test_dashboard.py - the page, in a browser, on a real linguad with a thousand nodes: what it says, how it bears their number, and that
data stays text.

The browser is chromium by its own driver over HTTP (the WebDriver protocol). Where there is none the tests are left out, unless
LINGUA_BROWSER=required (make check-browser). Pictures are kept as BUILD/dashboard-*.png.

Mostly waits: for a browser, and for what nodes say now and then.
"""

import asyncio
import base64
import contextlib
import json
import os
import shutil
import subprocess
import unittest
import urllib.request

import websockets

from clients import Link, heartbeat, registration
from servers import BUILD, die_with_us, free_port
from support import Case, main
from waiting import LIMIT, until

NODES = int(os.environ.get("LINGUA_NODES", "1000"))
SLOW = 4 * LIMIT  # a browser on a busy machine
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
HOSTILE = "<img/src=x/onerror=window.pwned=1>"
LANGUAGES = ["de", "en", "es", "fr", "it", "ja", "ko", "zh"]


class Browser:
    """One session of a headless browser."""

    def __init__(self):
        self.port = free_port()
        self.driver = subprocess.Popen(["chromedriver", f"--port={self.port}"], stdin=subprocess.DEVNULL,
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                       preexec_fn=die_with_us)
        self.session = None

    async def start(self):
        await until(self._answers, "the driver answers", SLOW)
        words = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--window-size=1440,1900"]
        made = await self.call("POST", "/session", {"capabilities": {"alwaysMatch": {
            "browserName": "chrome", "goog:chromeOptions": {"args": words},
            "goog:loggingPrefs": {"browser": "ALL"}}}})
        self.session = made["sessionId"]
        return self

    def _answers(self):
        try:
            return self._call("GET", "/status", None)["ready"]
        except OSError:
            return False

    def _call(self, method, path, body):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", data, method=method,
                                         headers={"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=SLOW) as answer:
                return json.loads(answer.read())["value"]
        except urllib.error.HTTPError as error:
            with error:
                raise AssertionError(f"{path}: {json.loads(error.read())['value']['message'][:400]}") from None

    async def call(self, method, path, body=None):
        path = f"/session/{self.session}{path}" if self.session else path
        return await asyncio.to_thread(self._call, method, path, body)

    async def open(self, url):
        await self.call("POST", "/url", {"url": url})

    async def run(self, script, *arguments):
        return await self.call("POST", "/execute/sync", {"script": script, "args": list(arguments)})

    async def text(self, selector):
        return await self.run("const e = document.querySelector(arguments[0]); return e && e.textContent", selector)

    async def element(self, selector):
        found = await self.call("POST", "/element", {"using": "css selector", "value": selector})
        return found[ELEMENT]

    async def click(self, selector):
        """The page draws its table anew now and then: what was found may be gone by now, and is looked for again."""
        async def clicked():
            try:
                await self.call("POST", f"/element/{await self.element(selector)}/click", {})
            except AssertionError as error:
                if "stale element" not in str(error):
                    raise
                return False
            return True
        await until(clicked, f"{selector} is clicked", SLOW)

    async def type(self, selector, words):
        element = await self.element(selector)
        await self.call("POST", f"/element/{element}/clear", {})
        await self.call("POST", f"/element/{element}/value", {"text": words})

    async def picture(self, name):
        data = await self.call("GET", "/screenshot")
        os.makedirs(BUILD, exist_ok=True)
        with open(os.path.join(BUILD, f"dashboard-{name}.png"), "wb") as out:
            out.write(base64.b64decode(data))

    async def complaints(self):
        log = await self.call("POST", "/se/log", {"type": "browser"})
        return [entry["message"] for entry in log if entry["level"] == "SEVERE"]

    def end(self):
        if self.session:
            with contextlib.suppress(Exception):
                self._call("DELETE", f"/session/{self.session}", None)
        self.driver.terminate()
        self.driver.wait()


class Beating(Link):
    """A node that is there, and gets no work; seldom heard, because they are many."""

    def __init__(self, number, services=None):
        super().__init__()
        self.node_id = f"gpu-{number:04d}"
        sources = [LANGUAGES[(number + i) % 8] for i in range(3)]
        self.offer = registration(self.node_id, sources, [LANGUAGES[(number + 5) % 8]])
        if services:
            self.offer["installed_services"] = [{"service_id": services, "type": "asr", "device": "gpu",
                                                 "status": "running"}]

    async def join(self, instance, token=None):
        await self.connect(instance, "/ws/node", token)
        await self.send("node_register", **self.offer)
        await self.hear("node_register_ack")
        self.beats = asyncio.create_task(self._beat())
        return self

    async def _beat(self):
        with contextlib.suppress(websockets.ConnectionClosed):
            while True:
                await self.send("node_heartbeat", **heartbeat(self.node_id))
                await asyncio.sleep(12)

    async def close(self):
        self.beats.cancel()
        await super().close()


# The page is the same in every kind of build: one of them is enough.
@unittest.skipUnless((os.path.basename(BUILD) == "build" and shutil.which("chromedriver") and shutil.which("chromium")) or
                     os.environ.get("LINGUA_BROWSER") == "required", "no chromium and chromium-driver here, or not the build to show")
class Dashboard(Case):
    async def asyncSetUp(self):
        self.browser = Browser()
        self.addCleanup(self.browser.end)
        await self.browser.start()

    async def opened(self, instance, query=""):
        await self.browser.open(f"http://127.0.0.1:{instance.port}/dashboard{query}")
        await self.says(lambda state: state != "none")

    async def says(self, wanted):
        async def state():
            found = await self.browser.run("return document.getElementById('verdict').dataset.state")
            return found if wanted(found) else None
        return await until(state, "the verdict", SLOW)

    async def shows(self, selector, words):
        async def there():
            text = await self.browser.text(selector)
            return text and words in text
        await until(there, f"{selector} says {words!r}", SLOW)

    async def rows(self):
        return await self.browser.run(
            "return [...document.querySelectorAll('#nodes tbody tr:not(.gap)')].map(r => r.children[0].textContent)")

    async def fleet(self, instance, count):
        for first in range(0, count, 50):
            await asyncio.gather(*(self.join(Beating(n, HOSTILE if n == 7 else None), instance)
                                   for n in range(first, min(first + 50, count))))
        await until(lambda: instance.metric("lingua_nodes_ready_total") >= count, "all are in their pools", SLOW)

    async def test_a_thousand_nodes_are_shown_found_and_sorted(self):
        one = await self.linguad().up()
        await self.fleet(one, NODES)
        browser = self.browser
        await self.opened(one, "?theme=light")
        await self.shows("#nodes-note", f"{NODES:,} nodes")
        await self.shows("#tiles", f"{NODES:,} of {NODES:,}")
        rows = await self.rows()
        self.assertEqual(rows[0], "gpu-0000")
        self.assertLess(len(rows), 60, "only those in sight are in the page")
        await browser.picture("light")

        await browser.run("document.getElementById('nodes').scrollTop = 1e9")
        async def at_the_end():
            return (await self.rows())[-1] == f"gpu-{NODES - 1:04d}"
        await until(at_the_end, "the last node comes into sight", SLOW)

        await browser.type("#nodes-filter", "gpu-0007")
        await self.shows("#nodes-note", "1 shown")
        self.assertEqual(await self.rows(), ["gpu-0007"])

        # What a node says of itself is text, whatever it is.
        await browser.click("#nodes tbody .link")
        await self.shows("#detail-body", HOSTILE)
        self.assertIsNone(await browser.run("return window.pwned === undefined ? null : window.pwned"))
        self.assertEqual(await browser.run("return document.querySelectorAll('img, iframe, object').length"), 0)
        await browser.click("#detail-close")

        await browser.run("const f = document.getElementById('nodes-filter'); f.value = ''; f.dispatchEvent(new Event('input'))")
        await browser.click("#nodes th:first-child button")
        await browser.click("#nodes th:first-child button")
        async def turned():
            return (await self.rows())[0] == f"gpu-{NODES - 1:04d}"
        await until(turned, "the order is turned round", SLOW)
        self.assertEqual(await browser.run("return document.querySelector('#nodes th').getAttribute('aria-sort')"), "descending")

        await browser.type("#dry-src", "de")
        await browser.type("#dry-tgt", "it")
        await browser.click("#dry-form button")
        await self.shows("#dry-say", "would take it")

        outside = await browser.run("return performance.getEntriesByType('resource').map(e => e.name)"
                                    ".filter(n => !n.startsWith(location.origin))")
        self.assertEqual(outside, [])
        self.assertEqual(await browser.complaints(), [])

    async def test_the_first_line_says_how_it_is(self):
        one = await self.linguad().up()
        await self.opened(one, "?theme=dark")
        await self.says(lambda state: state == "bad")
        await self.shows("#alarms", "no node is registered")
        await self.join(Beating(1), one)
        # A busy machine makes the loop late, which is a warning of its own.
        found = await self.says(lambda state: state in ("good", "warn"))
        await self.shows("#say", "All is well" if found == "good" else "warning")
        await self.browser.picture("dark")
        self.redis.kill()
        await self.says(lambda state: state == "bad")
        await self.shows("#alarms", "Redis does not answer")
        self.redis.start()
        await one.ready()

    async def test_a_page_without_a_token_asks_for_it(self):
        token, other = "an-admin-token-of-some-length", "another-token-of-some-length"
        one = self.linguad({"tokens": {"required": "true"}}, env={
            "LINGUAD_TOKENS": f"admin * {token}; node * {other}; session * {other}"})
        await one.up()
        await self.browser.open(f"http://127.0.0.1:{one.port}/")
        async def asked():
            return await self.browser.run("return !document.getElementById('login').hidden")
        await until(asked, "the page asks for a token", SLOW)
        await self.browser.type("#token", token)
        await self.browser.click("#login button")
        await self.says(lambda state: state != "none")
        await self.shows("#say", "critical alarm")
        self.assertTrue(await self.browser.run("return document.getElementById('login').hidden"))


if __name__ == "__main__":
    main()
