# SPDX-License-Identifier: Apache-2.0
"""A headless Chromium, driven over WebDriver with nothing but Python."""

import json
import os
import shutil
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

ARGUMENTS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic",
             "--no-first-run", "--disable-background-networking",
             "--disable-component-update", "--disable-sync",
             "--disable-dev-shm-usage", "--window-size=1400,1000"]
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
PATIENCE = 60                   # Seconds.


def missing():
    """What is not installed, or None."""
    for program in "chromium", "chromedriver":
        if not shutil.which(program):
            return program
    return None


class Browser:
    def __init__(self):
        self.profile = tempfile.mkdtemp()
        self.driver = subprocess.Popen(
            ["chromedriver", "--port=0"], stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, text=True)
        self.url = "http://127.0.0.1:%d" % self.read_port()
        capabilities = {"alwaysMatch": {
            "goog:loggingPrefs": {"browser": "ALL"},
            "goog:chromeOptions": {
                "binary": shutil.which("chromium"),
                "args": ARGUMENTS + ["--user-data-dir=" + self.profile]}}}
        try:
            session = self.ask("POST", "/session",
                               {"capabilities": capabilities})
        except Exception:
            self.stop()
            raise
        self.session = "/session/" + session["sessionId"]

    def read_port(self):
        for line in self.driver.stdout:
            if "successfully on port" in line:
                return int(line.split("on port")[1].strip().rstrip("."))
        raise RuntimeError("chromedriver does not start")

    def ask(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            self.url + path, data, {"Content-Type": "application/json"},
            method=method)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=PATIENCE) as reply:
                return json.load(reply)["value"]
        except urllib.error.HTTPError as error:
            raise RuntimeError(error.read().decode()) from None

    def close(self):
        try:
            self.ask("DELETE", self.session)
        finally:
            self.stop()

    def stop(self):
        self.driver.terminate()
        self.driver.wait()
        self.driver.stdout.close()
        shutil.rmtree(self.profile, ignore_errors=True)

    def open(self, path):
        self.ask("POST", self.session + "/url",
                 {"url": "file://" + urllib.request.quote(
                     os.path.abspath(path))})

    def run(self, script, *arguments):
        return self.ask("POST", self.session + "/execute/sync",
                        {"script": script, "args": arguments})

    def wait(self, script):
        """Until the expression is true."""
        deadline = time.monotonic() + PATIENCE
        while not self.run("return " + script):
            if time.monotonic() > deadline:
                raise RuntimeError("never: " + script)
            time.sleep(0.02)

    def find(self, selector):
        found = self.ask("POST", self.session + "/element",
                         {"using": "css selector", "value": selector})
        return found[ELEMENT]

    def click(self, selector):
        self.ask("POST", "%s/element/%s/click"
                 % (self.session, self.find(selector)), {})

    def type(self, selector, text):
        self.ask("POST", "%s/element/%s/value"
                 % (self.session, self.find(selector)), {"text": text})

    def press(self, *keys):
        """Keys go to what has the focus."""
        actions = []
        for key in keys:
            actions += [{"type": "keyDown", "value": key},
                        {"type": "keyUp", "value": key}]
        self.ask("POST", self.session + "/actions", {"actions": [
            {"type": "key", "id": "keyboard", "actions": actions}]})

    def prefer(self, scheme):
        """'light' or 'dark'."""
        self.ask("POST", self.session + "/goog/cdp/execute", {
            "cmd": "Emulation.setEmulatedMedia", "params": {"features": [
                {"name": "prefers-color-scheme", "value": scheme}]}})

    def screenshot(self):
        """PNG, in base64."""
        return self.ask("GET", self.session + "/screenshot")

    def log(self):
        """What the console said since last asked."""
        return ["%(level)s %(message)s" % entry for entry in
                self.ask("POST", self.session + "/se/log",
                         {"type": "browser"})]
