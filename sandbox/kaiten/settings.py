"""What the operator of the stand-in can switch while it runs."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Literal, get_args, get_origin

from sandbox.kaiten.problems import bad_request


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Every default is the behaviour measured or documented for the real service; README.md explains each."""

    rate_limit: int = 50  # calls of one token in a sliding window
    rate_window_seconds: float = 1.0
    unauthorized_shape: Literal["string", "json"] = "string"
    missing_card_status: int = 403
    missing_card_body: Literal["empty", "json"] = "empty"
    hidden_card_ids: tuple[int, ...] = ()
    deleted_card_visible: bool = False  # GET /cards/{id} of a deleted card
    broken_api_default: bool = False  # users properties as uid strings when the flag is not sent
    archived_in_default_list: bool = False
    query_with_board_finds_nothing: bool = False
    nulls_in_descending_order: Literal["first", "last"] = "last"
    list_lag_seconds: float = 0.0
    largest_page: int = 100  # entries in a page, however many are asked for
    legacy_files: bool = True
    restricted_files: bool = True
    file_bumps_version: bool = False
    upload_limit_bytes: int | None = None  # above it restricted uploads answer 413
    malicious_names: tuple[str, ...] = ()  # file names answered with 422
    signed_url_seconds: float = 15.0
    notification_sent_seconds: float = 60.0
    tags_fold_case: bool = False  # whether names of tags that differ in case alone are one tag
    comments_total_told: bool = True  # whether cards tell how many comments they have
    comment_last_added_at: Literal["moment", "null", "absent"] = "moment"  # how cards tell of their last comment
    comment_text: Literal["kept", "visible", "html"] = "kept"  # what is left of a comment's text when it is stored
    missing_features: tuple[str, ...] = ()  # answered with 402, see README.md
    webhook_delay_seconds: float = 0.0
    webhook_loss: float = 0.0  # share of events never delivered, 0 to 1
    webhook_duplicates: float = 0.0  # share of events delivered twice, 0 to 1
    webhook_reorder: bool = False
    webhook_reorder_seconds: float = 0.2  # events this close together arrive newest first
    webhook_timeout_seconds: float = 5.0

    def shape(self) -> dict[str, object]:
        """JSON shape, lists instead of tuples."""
        return {name: list(v) if isinstance(v, tuple) else v for name, v in asdict(self).items()}


def changed(settings: Settings, patch: Mapping[str, object]) -> Settings:
    """The settings after ``patch``; an unknown name or a wrong type is a 400 that says which."""
    kinds = {field.name: field.type for field in fields(settings)}
    values: dict[str, Any] = {}
    for name, value in patch.items():
        if name not in kinds:
            raise bad_request(f"no setting {name!r}; known: {', '.join(sorted(kinds))}")
        candidate = tuple(value) if isinstance(value, list) else value
        if not _fits(candidate, kinds[name]):
            raise bad_request(f"setting {name!r} cannot be {json.dumps(value, default=str)}")
        values[name] = candidate
    return replace(settings, **values)


def _fits(value: object, kind: object) -> bool:
    origin = get_origin(kind)
    if origin is Literal:
        return value in get_args(kind)
    if origin is tuple:
        return isinstance(value, tuple) and all(isinstance(item, get_args(kind)[0]) for item in value)
    if isinstance(value, bool) or kind is bool:
        return isinstance(value, bool) and kind is bool
    if kind is float:
        return isinstance(value, int | float) and value >= 0
    if value is None:
        return kind is not int  # the other kind left is int | None
    return isinstance(value, int) and value >= 0
