"""One headless Chromium for all tests that look at pages; they are skipped where there is none."""

import json
import shutil
from itertools import count

import pytest

OPTIONS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-dev-shm-usage",
    "--window-size=1200,900",
)
WATCH = """
window.violations = [];
document.addEventListener("securitypolicyviolation", (e) => window.violations.push(e.violatedDirective));
window.alert = () => { window.alerted = true; };
"""
EACH = "return [...document.querySelectorAll(arguments[0])]"


class Browser:
    """Pages from disk, and what went wrong with them."""

    def __init__(self, driver, folder):
        self.driver, self.folder, self.number = driver, folder, count()
        self.command("Page.addScriptToEvaluateOnNewDocument", source=WATCH)

    def command(self, name, **arguments):
        """A command of the developer tools."""
        return self.driver.execute_cdp_cmd(name, arguments)

    def open(self, html, *, width=1200, scheme="light", media="screen", script=True):
        """Show a page from its file."""
        self.command("Emulation.setScriptExecutionDisabled", value=not script)
        self.command(
            "Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=False
        )
        wanted = [{"name": "prefers-color-scheme", "value": scheme}]
        self.command("Emulation.setEmulatedMedia", media=media, features=wanted)
        path = self.folder / f"{next(self.number)}.html"
        path.write_bytes(html.encode("utf-8"))
        self.faults()
        self.driver.get(path.as_uri())
        return self

    def js(self, code, *arguments):
        """What a function body gives, run in the page."""
        return self.driver.execute_script(code, *arguments)

    def find(self, selector):
        """All elements of a selector."""
        return self.driver.find_elements("css selector", selector)

    def each(self, selector, value):
        """What an expression of `e` gives for all elements of a selector."""
        return self.js(f"{EACH}.map((e) => {value})", selector)

    def texts(self, selector):
        """What all elements of a selector hold."""
        return self.each(selector, "e.textContent")

    def shown(self, selector):
        """The texts of those elements of a selector that can be seen."""
        return self.js(f"{EACH}.filter((e) => e.checkVisibility()).map((e) => e.textContent)", selector)

    def faults(self):
        """Messages of the console since the last call."""
        return [entry["message"] for entry in self.driver.get_log("browser")]

    def requests(self):
        """Addresses that were asked for since the last call, but for pictures within the page."""
        events = [json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance")]
        asked = [e["params"] for e in events if e["method"] == "Network.requestWillBeSent"]
        failed = [e["params"] for e in events if e["method"] == "Network.loadingFailed"]
        stopped = {one["requestId"] for one in failed if one.get("blockedReason") == "csp"}
        addresses = [one["request"]["url"] for one in asked if one["requestId"] not in stopped]
        return [address for address in addresses if not address.startswith("data:image/")]


@pytest.fixture(scope="session")
def started(tmp_path_factory):
    """The browser, started once with a fresh profile."""
    chromium, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if not (chromium and driver):
        pytest.skip("no browser: chromium and chromedriver are absent (Debian: chromium, chromium-driver)")
    webdriver = pytest.importorskip("selenium.webdriver", reason="no selenium")
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for option in (*OPTIONS, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(option)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    running = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
    yield Browser(running, tmp_path_factory.mktemp("pages"))
    running.quit()


@pytest.fixture
def browser(started):
    """The browser; a test ends without a message of the console and without a breach of the policy."""
    started.requests()
    yield started
    started.command("Emulation.setScriptExecutionDisabled", value=False)
    assert started.faults() == []
    assert started.js("return window.violations") == []
    assert started.js("return window.alerted ?? null") is None
