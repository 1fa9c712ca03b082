"""Notes whatever must never happen in a page: other origins, refusals, dialogs."""

from __future__ import annotations

from playwright.sync_api import BrowserContext, ConsoleMessage, Dialog, Request

# Runs before the page's own scripts, in every page.
REPORT_VIOLATIONS = """
addEventListener("securitypolicyviolation", (event) =>
  console.error(`CSP ${event.violatedDirective} ${event.blockedURI}`));
"""
# What a browser and htmx say of a lost network and of answers that refuse.
EXPECTED = (
    "Failed to load resource:",
    "WebSocket connection to",
    "Response Status Error Code",
    "htmx:",
    "[object Event]",
)


class Watch:
    """`seen` is what should not have happened, in words."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.requests: list[str] = []
        # Where else a test leads to, and nothing but a link or a form may.
        self.elsewhere = ""

    def follow(self, context: BrowserContext, origin: str) -> None:
        """Watch every page of this context; only `origin` may be asked."""
        context.add_init_script(REPORT_VIOLATIONS)
        context.on("console", self._console)
        context.on("dialog", self._dialog)
        context.on("request", lambda request: self._request(request, origin))
        context.on("weberror", lambda error: self.seen.append(f"{error.error}"))

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not message.text.startswith(EXPECTED):
            self.seen.append(message.text)

    def _dialog(self, dialog: Dialog) -> None:
        self.seen.append(f"dialog {dialog.message}")
        dialog.dismiss()

    def _request(self, request: Request, origin: str) -> None:
        self.requests.append(request.url)
        allowed = request.is_navigation_request() and self._is_elsewhere(request.url)
        if not allowed and not request.url.startswith((origin, "data:", "blob:")):
            self.seen.append(f"request {request.url}")

    def _is_elsewhere(self, url: str) -> bool:
        return bool(self.elsewhere) and url.startswith(self.elsewhere)
