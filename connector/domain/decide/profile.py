"""The client's profile: who they are to us, their account ids, language and wishes."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from connector.domain.decide.turn import Buttons, Turn, paragraphs
from connector.domain.effects import Button
from connector.domain.text import shorten


def show(turn: Turn, note: str = "") -> None:
    """Name and account ids; one tap switches, adds, removes or logs out. `note` says what has just changed."""
    client = turn.client
    lines = [turn.say("profile.head", name=client.name)]
    buttons: Buttons = ()
    if turn.policy.cabinet is not None:
        lines += [
            turn.say("profile.current" if each == client.cabinet else "profile.cabinet", cabinet=each)
            for each in client.cabinets
        ] or [turn.say("profile.none")]
        if len(client.cabinets) > 1:
            lines.append(turn.say("profile.choose"))
            buttons += tuple(
                (Button(label=shorten(each, 40), data=f"use:{cabinet_mark(each)}"),)
                for each in client.cabinets
                if each != client.cabinet
            )
        buttons += ((Button(label=turn.say("button.add"), data="cabinet:add"),),)
        buttons += tuple(
            (
                Button(
                    label=turn.say("button.drop", cabinet=shorten(each, 30)),
                    data=f"drop:{cabinet_mark(each)}",
                ),
            )
            for each in client.cabinets
        )
        if client.cabinets:
            buttons += ((Button(label=turn.say("button.leave"), data="leave"),),)
    text = "\n".join(lines)
    turn.tell("profile", paragraphs(note, text), buttons=buttons)


def cabinet_tapped(turn: Turn, kind: str, mark: str) -> str:
    client = turn.client
    cabinet = next((each for each in client.cabinets if cabinet_mark(each) == mark), None)
    if cabinet is None:
        return turn.say("tap.gone")
    if kind == "use":
        turn.client = replace(client, cabinet=cabinet)
        show(turn, turn.say("profile.switched", cabinet=cabinet))
        return ""
    left = tuple(each for each in client.cabinets if each != cabinet)
    current = client.cabinet if client.cabinet != cabinet else (left[-1] if left else None)
    turn.client = replace(client, cabinet=current, cabinets=left)
    show(turn, turn.say("profile.dropped", cabinet=cabinet))
    return ""


def left(turn: Turn) -> None:
    """Logs out: the account ids are forgotten."""
    turn.client = replace(turn.client, cabinet=None, cabinets=())
    show(turn, turn.say("profile.left"))


def cabinet_mark(cabinet: str) -> str:
    """The account id as a button carries it: a fingerprint, so that it fits however long the id is."""
    return hashlib.sha256(cabinet.encode()).hexdigest()[:16]
