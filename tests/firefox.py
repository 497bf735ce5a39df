"""Headless Firefox, driven in its own protocol: WebDriver BiDi, with no program between."""

import itertools
import json
import re
import shutil
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import pytest

QUIET = {  # nothing of its own asks the network
    "app.normandy.enabled": False,
    "app.update.disabledForTesting": True,
    "browser.safebrowsing.malware.enabled": False,
    "browser.safebrowsing.phishing.enabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "services.settings.server": "data:,#remote-settings-dummy/v1",
    "toolkit.telemetry.server": "data:,",
}
KEYS = {"Enter": "\ue007", "ArrowRight": "\ue014"}
CENTRE = """(() => {{
    const shown = document.querySelector({0});
    shown.scrollIntoView({{block: "center"}});
    const {{x, y, width, height}} = shown.getBoundingClientRect();
    return [x + width / 2, y + height / 2].map(Math.round);
}})()"""


class Firefox:
    """One tab. `trouble` holds what the page has said of errors, and requests to elsewhere."""

    def __init__(self, address):
        from websocket import create_connection

        self.socket = create_connection(address, timeout=180, suppress_origin=True)
        self.numbers, self.trouble, self.origin = itertools.count(), [], ""
        self.ask("session.new", capabilities={})
        self.ask("session.subscribe", events=["log.entryAdded", "network.beforeRequestSent"])
        self.tab = self.ask("browsingContext.create", type="tab")["context"]

    def ask(self, method, **params):
        number = next(self.numbers)
        self.socket.send(json.dumps({"id": number, "method": method, "params": params}))
        while True:
            answer = json.loads(self.socket.recv())
            if answer.get("id") != number:
                self.note(answer["params"])
            elif answer["type"] == "error":
                raise RuntimeError(f"{method}: {answer['message']}")
            else:
                return answer["result"]

    def note(self, event):
        address = event["request"]["url"] if "request" in event else ""
        if event.get("level") in ("error", "warn"):
            self.trouble.append(event["text"])
        if address and not address.startswith((self.origin, "data:", "blob:")):
            self.trouble.append(f"request: {address}")

    def open(self, address):
        self.origin, self.trouble = address.rpartition("/")[0], []
        self.ask("browsingContext.navigate", context=self.tab, url=address, wait="complete")
        self.evaluate("document.querySelector('.rl-explorer').scrollIntoView()")  # it wakes up
        self.until("Boolean(window.resnet_lab)")

    def evaluate(self, expression, *arguments):
        """What a JavaScript expression, or a function of these arguments, gives."""
        if arguments:
            expression = f"({expression})(...{json.dumps(arguments)})"
        found = self.ask(
            "script.evaluate",
            expression=f"(async () => JSON.stringify(await ({expression})))()",
            target={"context": self.tab},
            awaitPromise=True,
        )
        if found["type"] == "exception":
            raise RuntimeError(found["exceptionDetails"]["text"])
        return json.loads(found["result"].get("value", "null"))

    def until(self, expression, *arguments, seconds=120):
        end = time.monotonic() + seconds
        while not self.evaluate(expression, *arguments):
            if time.monotonic() > end:
                raise TimeoutError(expression)
            time.sleep(0.05)

    def click(self, selector):
        x, y = self.evaluate(CENTRE.format(json.dumps(selector)))
        steps = [
            {"type": "pointerMove", "x": x, "y": y},
            {"type": "pointerDown", "button": 0},
            {"type": "pointerUp", "button": 0},
        ]
        self.act({"type": "pointer", "id": "mouse", "actions": steps})

    def press(self, selector, key):
        self.evaluate("selector => document.querySelector(selector).focus()", selector)
        steps = [{"type": type, "value": KEYS[key]} for type in ("keyDown", "keyUp")]
        self.act({"type": "key", "id": "keys", "actions": steps})

    def act(self, *actions):
        self.ask("input.performActions", context=self.tab, actions=list(actions))


@contextmanager
def started(profile):
    """Firefox with an empty profile in this folder."""
    program = shutil.which("firefox") or shutil.which("firefox-esr")
    if program is None:
        pytest.skip("this test needs Firefox, for instance from `apt-get install firefox-esr`")
    pytest.importorskip("websocket", reason="driving Firefox needs websocket-client")
    prefs = [f'user_pref("{name}", {json.dumps(value)});\n' for name, value in QUIET.items()]
    Path(profile, "user.js").write_text("".join(prefs), encoding="utf-8")
    process = subprocess.Popen(
        [program, "--headless", "--no-remote", "--profile", profile, "--remote-debugging-port=0"],
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    )
    try:
        address = next(filter(None, (re.search(r"ws://\S+", line) for line in process.stderr)))
        # A pipe that nobody empties would stop it.
        Thread(target=process.stderr.read, daemon=True).start()
        yield Firefox(f"{address[0]}/session")
    finally:
        process.terminate()
        process.wait()
