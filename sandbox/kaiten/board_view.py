"""Everything the page of the demo shows, in one answer."""

from sandbox.kaiten import shapes
from sandbox.kaiten.company import Company
from sandbox.kaiten.entities import Board, Card, Column, Comment, StoredFile
from sandbox.kaiten.shapes import JsonObject, instant


def view(company: Company, *, archived: bool) -> JsonObject:
    """Spaces, their boards, and on each board its cards; deleted cards never, archived ones when asked for."""
    conditions = (1, 2) if archived else (1,)
    by_board: dict[int, list[Card]] = {}
    for card in sorted(company.cards.values(), key=lambda card: card.sort_order):
        if card.condition in conditions:
            by_board.setdefault(card.board_id, []).append(card)
    comments: dict[int, list[Comment]] = {}
    for comment in company.comments.values():
        if not comment.deleted:
            comments.setdefault(comment.card_id, []).append(comment)
    files: dict[int, list[StoredFile]] = {}
    for file in company.files.values():
        if not file.deleted:
            files.setdefault(file.card_id, []).append(file)

    def shown(card: Card) -> JsonObject:
        return _card(company, card, comments.get(card.id, []), files.get(card.id, []))

    def board_shape(board: Board) -> JsonObject:
        return {
            "id": board.id,
            "title": board.title,
            "columns": [_column(company, column) for column in company.board_columns(board.id)],
            "lanes": [{"id": lane.id, "title": lane.title} for lane in company.board_lanes(board.id)],
            "cards": [shown(card) for card in by_board.get(board.id, [])],
        }

    return {
        "company": company.name,
        "now": instant(company.now()),
        "users": [{"name": user.name, **shapes.short_user(user)} for user in company.users.values()],
        "spaces": [
            {
                "id": space.id,
                "title": space.title,
                "boards": [board_shape(board) for board in company.space_boards(space.id)],
            }
            for space in company.spaces.values()
        ],
    }


def _column(company: Company, column: Column) -> JsonObject:
    return {
        "id": column.id,
        "title": column.title,
        "type": column.type,
        "subcolumns": [_column(company, inner) for inner in company.subcolumns(column.id)],
    }


def _card(company: Company, card: Card, comments: list[Comment], files: list[StoredFile]) -> JsonObject:
    column = company.columns[card.column_id]
    return {
        "id": card.id,
        "uid": card.uid,
        "title": card.title,
        "description": card.description,
        "external_id": card.external_id,
        "column_id": column.column_id or column.id,
        "subcolumn_id": column.id if column.column_id else None,
        "lane_id": card.lane_id,
        "state": card.state,
        "condition": card.condition,
        "asap": card.asap,
        "due_date": instant(card.due_date),
        "due_date_time_present": card.due_date_time_present,
        "size_text": card.size_text,
        "source": card.source,
        "version": card.version,
        "parents": list(card.parent_ids),
        "created": instant(card.created),
        "updated": instant(card.updated),
        "last_moved_at": instant(card.last_moved_at),
        "completed_at": instant(card.completed_at),
        "owner": company.users[card.owner_id].full_name,
        "tags": [{"name": company.tags[t].name, "color": company.tags[t].color} for t in card.tag_ids],
        "members": [
            {**shapes.short_user(company.users[member.user_id]), "responsible": member.type == 2}
            for member in card.members
        ],
        "properties": _properties(company, card),
        "comments": [_comment(company, comment, files) for comment in comments],
        "files": [_file(company, file) for file in files if file.comment_id is None],
    }


def _properties(company: Company, card: Card) -> JsonObject:
    """By name; choices by their text, people by their full name."""
    shown: JsonObject = {}
    for key, value in card.properties.items():
        known = company.properties[int(key.removeprefix("id_"))]
        if isinstance(value, list) and known.type == "select":
            value = [company.select_values[item].value for item in value]
        elif isinstance(value, list) and known.type == "user":
            value = [company.users[item].full_name for item in value]
        shown[known.name] = value
    return shown


def _comment(company: Company, comment: Comment, files: list[StoredFile]) -> JsonObject:
    return {
        "id": comment.id,
        "text": comment.text,
        "type": comment.type,
        "internal": comment.internal,
        "edited": comment.edited,
        "created": instant(comment.created),
        "updated": instant(comment.updated),
        "author": shapes.short_user(company.users[comment.author_id]),
        "files": [_file(company, file) for file in files if file.comment_id == comment.id],
    }


def _file(company: Company, file: StoredFile) -> JsonObject:
    return {
        "id": file.id,
        "name": file.name,
        "size": file.size,
        "mime_type": file.mime_type,
        "kind": file.kind,
        "author": company.users[file.author_id].full_name,
        "url": f"{company.base_url}/sandbox/files/{file.id}",
    }
