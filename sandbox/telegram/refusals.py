"""The ways in which the Bot API says no."""

from __future__ import annotations

from typing import Any


class Refused(Exception):
    """An answer `{"ok": false}`; `status` is both the HTTP status and `error_code`."""

    def __init__(self, status: int, description: str, parameters: dict[str, Any] | None = None) -> None:
        super().__init__(description)
        self.status = status
        self.description = description
        self.parameters = parameters

    def payload(self) -> dict[str, Any]:
        answer: dict[str, Any] = {"ok": False, "error_code": self.status, "description": self.description}
        if self.parameters:
            answer["parameters"] = self.parameters
        return answer


class Misused(Exception):
    """A control call that cannot be carried out: HTTP `status` with `{"error": …}`."""

    def __init__(self, status: int, error: str) -> None:
        super().__init__(error)
        self.status = status
        self.error = error


def bad_request(what: str) -> Refused:
    return Refused(400, f"Bad Request: {what}")


def too_many_requests(retry_after: int) -> Refused:
    """`retry_after` in whole seconds. https://core.telegram.org/bots/api#responseparameters"""
    return Refused(429, f"Too Many Requests: retry after {retry_after}", {"retry_after": retry_after})


def too_large() -> Refused:
    return Refused(413, "Request Entity Too Large")
