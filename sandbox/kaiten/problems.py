"""The refusals of the API, one constructor per documented shape."""

from collections.abc import Mapping


class Problem(Exception):
    """A request that is answered with an error.

    ``body`` is a JSON value, or a string when the real answer is not JSON, or None for an empty body.
    """

    def __init__(self, status: int, body: object = None, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(f"{status}: {body}")
        self.status = status
        self.body = body
        self.headers = dict(headers or {})


def bad_request(message: str) -> Problem:
    return Problem(400, {"message": message})


def tariff(feature: str) -> Problem:
    return Problem(402, {"message": f"Your tariff doesn't include '{feature}' feature"})


def forbidden() -> Problem:
    """Not visible, not allowed or not there: the access check answers with an empty body."""
    return Problem(403)


def not_found() -> Problem:
    return Problem(404, {"message": "Not found"})


def legacy_upload_disabled() -> Problem:
    return Problem(
        403,
        {
            "code": "PUBLIC_API_LEGACY_FILE_UPLOAD_DISABLED",
            "message": "Legacy file upload through the public API is disabled for this company",
        },
    )
