"""What happens when a client taps, edits, blocks us or comes back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from connector.domain import card
from connector.domain.client import Client, Kept, Said, Stage
from connector.domain.decide import asking
from connector.domain.decide.albums import flush
from connector.domain.decide.tickets import advance, write_kept
from connector.domain.decide.turn import Turn
from connector.domain.decide.writing import fingerprints, say_key
from connector.domain.effects import (
    AddComment,
    AnswerTap,
    EditComment,
    Section,
    Urgency,
)
from connector.domain.events import ClientEdited, ClientTapped
from connector.domain.refs import Key, TicketId
from connector.domain.say import say
from connector.domain.text import join
from connector.domain.ticket import Ticket
from connector.domain.words import File, Person, Text, Words

DOUBLE_TAP = timedelta(seconds=10)
"""A second tap on the same topic within this is the same wish."""


def meet(turn: Turn, author: Person) -> None:
    """Learns who writes. In a group many do: the name stays that of the first, unless it is plainly the same person."""
    client = turn.client
    same = (
        not client.name
        or author.name == client.name
        or (author.username is not None and author.username == client.username)
    )
    language = author.language or client.language
    if same and (author.name, author.username, language) != (client.name, client.username, client.language):
        turn.client = replace(client, name=author.name, username=author.username, language=language)


def remember_cabinet(turn: Turn, cabinet: str) -> None:
    """Kept for ever, and used for every request from now on."""
    client = turn.client
    added = client.cabinet is not None
    cabinets = client.cabinets if cabinet in client.cabinets else (*client.cabinets, cabinet)
    turn.client = replace(client, stage=Stage.READY, cabinets=cabinets, cabinet=cabinet)
    turn.tell("saved", turn.say("cabinet.saved", cabinet=cabinet), menu=asking.menu(turn))
    if not added or client.kept or client.topic is not None:
        advance(turn)


# ---- taps


def tapped(turn: Turn, event: ClientTapped) -> None:
    """Every tap is answered, also one that no longer means anything."""
    meet(turn, event.author)
    if turn.client.blocked:
        returned(turn)
    kind, _, value = event.data.partition(":")
    notice = ""
    at = len(turn.effects)
    match kind:
        case "topic":
            notice = _tapped_topic(turn, value)
        case "ticket":
            notice = _tapped_ticket(turn, value)
        case "use" | "drop":
            notice = _tapped_cabinet(turn, kind, value)
        case "cabinet" if turn.policy.cabinet is not None:
            asking.ask_cabinet(turn, "cabinet.add")
        case "leave":
            turn.client = replace(turn.client, cabinet=None, cabinets=())
            asking.show_profile(turn, turn.say("profile.left"))
        case "cancel":
            _tapped_cancel(turn)
        case _:
            notice = turn.say("tap.gone")
    turn.effects.insert(
        at,
        AnswerTap(
            key=turn.name("tap"),
            ticket=None,
            chat=event.chat,
            tap=event.tap,
            notice=notice,
            urgency=Urgency.ACKNOWLEDGE,
        ),
    )


def _tapped_topic(turn: Turn, key: str) -> str:
    """The last tap wins. While nothing is being chosen, a tap on old buttons begins a new request."""
    client = turn.client
    if turn.policy.topic(key) is None:
        turn.client = replace(client, topic=None)
        advance(turn)
        return turn.say("tap.gone")
    if client.stage is Stage.WORDS and client.topic == key:
        return ""
    just_opened = turn.ticket(client.current)
    if (
        client.stage is Stage.READY
        and just_opened is not None
        and just_opened.topic == key
        and turn.at - just_opened.opened_at < DOUBLE_TAP
    ):
        return ""
    turn.client = replace(client, topic=key)
    advance(turn)
    return ""


def _tapped_ticket(turn: Turn, value: str) -> str:
    ticket = turn.ticket(TicketId(value))
    if ticket is None:
        return turn.say("tap.gone")
    if not ticket.open:
        return turn.say("tap.closed", number=ticket.number)
    turn.client = replace(turn.client, current=ticket.id)
    turn.tell(
        "current",
        turn.say("requests.current", number=ticket.number, subject=ticket.subject),
        ticket=ticket.id,
        menu=asking.menu(turn),
    )
    write_kept(turn, ticket.id)
    return ""


def _tapped_cabinet(turn: Turn, kind: str, mark: str) -> str:
    client = turn.client
    cabinet = next((each for each in client.cabinets if asking.cabinet_mark(each) == mark), None)
    if cabinet is None:
        return turn.say("tap.gone")
    if kind == "use":
        turn.client = replace(client, cabinet=cabinet)
        asking.show_profile(turn, turn.say("profile.switched", cabinet=cabinet))
        return ""
    left = tuple(each for each in client.cabinets if each != cabinet)
    current = client.cabinet if client.cabinet != cabinet else (left[-1] if left else None)
    turn.client = replace(client, cabinet=current, cabinets=left)
    asking.show_profile(turn, turn.say("profile.dropped", cabinet=cabinet))
    return ""


def _tapped_cancel(turn: Turn) -> None:
    client = turn.client
    if client.stage in (Stage.TOPIC, Stage.WORDS) and not client.kept:
        turn.client = replace(client, stage=Stage.READY, topic=None)
        turn.tell("cancelled", turn.say("words.cancelled"), menu=asking.menu(turn))


# ---- edits


def edited(turn: Turn, event: ClientEdited) -> None:
    """The words change where they stand: still with us, or in their comment; a description gets a correction below.

    Nothing happens when the words are the same (a link preview, a moving location) or the message is on no card.
    """
    client = turn.client
    if _edited_unwritten(turn, event):
        return
    plain = event.words.text.plain.strip()
    if client.stage is Stage.CABINET and client.cabinet is None and asking.fits_cabinet(turn.policy, plain):
        remember_cabinet(turn, plain)
        return
    key = event.message.key
    said = next((each for each in reversed(client.said) if each.message == key), None)
    ticket = _ticket_of(turn, key, said)
    if ticket is None:
        return
    if said is None:
        # Too long ago to be remembered: only its comment is known, by its key.
        order = None if ticket.opened_by == key else say_key(event.message)
        said = Said(message=key, ticket=ticket.id, order=order, at=event.at, text="", files="")
        files: tuple[File, ...] = ()
    else:
        now = fingerprints(event.words)
        if (said.text, said.files) == now:
            return
        files = card.obtainable(event.words) if said.files != now[1] else ()
        _remember_edit(turn, said, event.words, now)
    if said.order is not None and said.alone:
        _edit_section(turn, ticket, said, said.order, event, files)
    else:
        _correct(turn, ticket, event, files)


def _edit_section(
    turn: Turn, ticket: Ticket, said: Said, order: Key, event: ClientEdited, files: tuple[File, ...]
) -> None:
    policy = turn.policy
    # Of an album the section shows more than this part's words: what cannot be had, where it was forwarded from.
    album = next((each for each in turn.client.written if each.comment == order), None)
    body = card.body(policy, album.first.words if album is not None else event.words)
    head = card.head(policy, ticket.service_class, event.author.name, said.at, event.at)
    first, *rest = card.portions(body, head, policy.comment_limit)
    section = Section(key=order, head=head, text=first, files=files)
    turn.effects.append(EditComment(key=turn.name("edited"), ticket=ticket.id, target=order, section=section))
    if rest:
        flush(turn)
        _add_sections(turn, ticket, head, rest, ())


def _correct(turn: Turn, ticket: Ticket, event: ClientEdited, files: tuple[File, ...]) -> None:
    policy = turn.policy
    tongue = policy.default_language
    flush(turn)
    body = card.body(policy, event.words) or Text(plain=say(policy, tongue, "card.removed_words"))
    text = join(say(policy, tongue, "card.correction"), " ", body)
    head = card.head(policy, ticket.service_class, event.author.name, event.at)
    _add_sections(turn, ticket, head, card.portions(text, head, policy.comment_limit), files)


def _add_sections(turn: Turn, ticket: Ticket, head: str, portions: Sequence[Text], files: tuple[File, ...]) -> None:
    for number, portion in enumerate(portions):
        key = turn.name(f"said/{number}")
        last = files if number == len(portions) - 1 else ()
        section = Section(key=key, head=head, text=portion, files=last)
        turn.effects.append(AddComment(key=key, ticket=ticket.id, sections=(section,)))


def _remember_edit(turn: Turn, said: Said, words: Words, now: tuple[str, str]) -> None:
    client = turn.client
    changed = replace(said, text=now[0], files=now[1])
    siblings = said.order is not None and bool(words.text)
    turn.client = replace(
        client,
        said=tuple(
            changed if each is said else replace(each, alone=False) if siblings and each.order == said.order else each
            for each in client.said
        ),
        written=tuple(
            replace(album, first=replace(album.first, words=replace(album.first.words, text=words.text)))
            if said.order is not None and album.comment == said.order and said.alone
            else album
            for album in client.written
        ),
    )


def _edited_unwritten(turn: Turn, event: ClientEdited) -> bool:
    """Whether the message was still with us, so that it could simply be replaced."""
    client = turn.client

    def replaced(parts: tuple[Kept, ...]) -> tuple[Kept, ...]:
        return tuple(replace(each, words=event.words) if each.message == event.message else each for each in parts)

    if any(each.message == event.message for each in client.kept):
        turn.client = replace(client, kept=replaced(client.kept))
        return True
    for album in client.albums:
        if any(each.message == event.message for each in album.parts):
            other = replace(album, parts=replaced(album.parts))
            turn.client = replace(client, albums=tuple(other if each is album else each for each in client.albums))
            return True
    return False


def _ticket_of(turn: Turn, key: Key, said: Said | None) -> Ticket | None:
    client: Client = turn.client
    if said is not None:
        return turn.ticket(said.ticket)
    opened = next((ticket for ticket in client.tickets if ticket.opened_by == key), None)
    return opened or turn.ticket(client.thread.get(key))


# ---- out of reach


def blocked(turn: Turn, told: TicketId | None = None) -> None:
    """Nothing can be delivered: said once on the card of each open request, except on `told`, where it was said."""
    if turn.client.blocked:
        return
    turn.client = replace(turn.client, blocked=True)
    _note_open(turn, "blocked", told)


def returned(turn: Turn) -> None:
    """Back again: said on the cards, and the answers that did not arrive are sent with a line of explanation."""
    client = turn.client
    if not client.blocked:
        return
    turn.client = replace(client, blocked=False, undelivered=())
    if client.undelivered:
        turn.tell("back", turn.say("back.undelivered"), urgency=Urgency.REPLY)
    renamed: dict[Key, Key] = {}
    for number, effect in enumerate(client.undelivered):
        # Still an answer: should it fail once more, it is treated as one.
        again = Key(f"reply/{turn.key}/{number}")
        renamed[effect.key] = again
        reply_to = effect.reply_to
        if isinstance(reply_to, str):
            reply_to = renamed.get(reply_to, reply_to)
        turn.effects.append(replace(effect, key=again, chat=client.chat, reply_to=reply_to))
    for ticket in turn.client.tickets if renamed else ():
        replies = tuple(
            replace(
                reply,
                texts=tuple(renamed.get(key, key) for key in reply.texts),
                files=tuple(renamed.get(key, key) for key in reply.files),
            )
            for reply in ticket.replies
        )
        if replies != ticket.replies:
            turn.keep(replace(ticket, replies=replies))
    _note_open(turn, "returned", None)


def _note_open(turn: Turn, what: str, told: TicketId | None) -> None:
    open_tickets = [ticket for ticket in turn.client.tickets if ticket.open and ticket.id != told]
    for number, ticket in enumerate(open_tickets):
        turn.note(f"{what}/{number}", ticket.id, f"note.{what}")
