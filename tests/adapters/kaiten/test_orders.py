"""Orders carried out against Kaiten's stand-in over a real socket."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from adapters.kaiten import KaitenBoard
from connector.domain.effects import (
    AddComment,
    AddFiles,
    AddTag,
    BoardEffect,
    CreateCard,
    EditComment,
    Meaning,
    MoveCard,
    RemoveTag,
    Section,
    SetFacts,
    Spot,
    urgency_of,
)
from connector.domain.events import Refusal
from connector.domain.refs import Key, Ref, TicketId
from connector.domain.signature import sign, unsigned
from connector.domain.words import File, Text
from connector.ports import Order, Rejected, Unavailable, WrongToken

TICKET = TicketId("t-1")


def order(
    effect: BoardEffect, *, attempt: int = 1, card: Ref | None = None, made: dict[Key, tuple[Ref, ...]] | None = None
) -> Order[BoardEffect]:
    return Order(key=effect.key, effect=effect, attempt=attempt, urgency=urgency_of(effect), card=card, made=made or {})


def create(kaiten: Any, *, external_id: str = "t-1", **spot: Any) -> CreateCard:
    boards = kaiten.get("/spaces")[0]["boards"]
    place = Spot(
        board=str(boards[0]["id"]),
        column=str(boards[0]["columns"][0]["id"]),
        lane=str(boards[0]["lanes"][1]["id"]),
        **spot,
    )
    return CreateCard(
        key=Key(f"create:{external_id}"),
        ticket=TICKET,
        external_id=external_id,
        topic="cash",
        service_class="today",
        title="Не работает касса №3",
        description="Текст клиента",
        due_at=datetime(2026, 12, 1, 15, tzinfo=UTC),
        spot=place,
    )


def section(key: str, text: str, *files: File, head: str = "Иван, 12:30") -> Section:
    return Section(key=Key(key), head=head, text=Text(plain=text), files=files)


def comment(*sections: Section, key: str = "say", internal: bool = False) -> AddComment:
    return AddComment(key=Key(key), ticket=TICKET, sections=sections, internal=internal)


@pytest.fixture
async def card(kaiten: Any, board: KaitenBoard) -> Ref:
    (ref,) = await board.perform(order(create(kaiten)))
    kaiten.calls()
    return ref


def number(ref: Ref) -> int:
    return int(ref.id.split("/")[-1])


# ---- cards


async def test_a_card_is_one_call_with_place_deadline_person_and_fields(kaiten: Any, board: KaitenBoard) -> None:
    properties = {entry["name"]: entry for entry in kaiten.get("/company/custom-properties")}
    me = kaiten.get("/users/current")["id"]
    fields = {str(properties["Кабинет"]["id"]): "77", str(properties["Источник"]["id"]): "Телефон"}
    kaiten.calls()
    (ref,) = await board.perform(order(create(kaiten, fields=fields, responsible=str(me))))
    assert [call for call in kaiten.calls() if call != "GET /spaces"] == ["POST /cards"]
    shown = kaiten.get(f"/cards/{ref.id}")
    values = kaiten.get(f"/company/custom-properties/{properties['Источник']['id']}/select-values")
    phone = next(value["id"] for value in values if value["value"] == "Телефон")
    assert shown["external_id"] == "t-1"
    assert shown["properties"] == {
        f"id_{properties['Кабинет']['id']}": "77",
        f"id_{properties['Источник']['id']}": [phone],
    }
    assert shown["due_date"] == "2026-12-01T15:00:00.000Z"
    assert shown["due_date_time_present"] is True
    assert [(member["id"], member["type"]) for member in shown["members"]] == [(me, 2)]
    assert shown["lane"]["title"] == "Сделать сегодня"


@pytest.mark.parametrize(
    "trouble", [{"drop": "after"}, {"drop": "during", "truncate_body": 30}, {"status": 502, "after_effect": True}]
)
async def test_a_card_made_by_an_attempt_that_broke_off_is_found_and_not_made_again(
    kaiten: Any, board: KaitenBoard, trouble: dict[str, object]
) -> None:
    kaiten.fault("/cards$", method="POST", **trouble)
    with pytest.raises(Unavailable) as refused:
        await board.perform(order(create(kaiten)))
    assert not refused.value.surely_not_done
    (ref,) = await board.perform(order(create(kaiten), attempt=2))
    assert [str(known["id"]) for known in kaiten.cards()] == [ref.id]


async def test_a_card_made_and_archived_before_the_repeat_is_found_too(kaiten: Any, board: KaitenBoard) -> None:
    (ref,) = await board.perform(order(create(kaiten)))
    kaiten.order("POST", f"/cards/{ref.id}/archive", {"user": "anna"})
    assert await board.perform(order(create(kaiten), attempt=2)) == (ref,)


async def test_a_repeat_makes_the_card_when_the_first_attempt_did_not(kaiten: Any, board: KaitenBoard) -> None:
    await board.perform(order(create(kaiten, external_id="t-11")))
    (ref,) = await board.perform(order(create(kaiten, external_id="t-1"), attempt=2))
    assert {known["external_id"] for known in kaiten.cards()} == {"t-1", "t-11"}
    assert kaiten.get(f"/cards/{ref.id}")["external_id"] == "t-1"


async def test_a_lagging_list_does_not_lead_to_a_second_card(kaiten: Any, board_at: Any) -> None:
    patient = board_at(kaiten.api, look_pause=0.4)
    (ref,) = await patient.perform(order(create(kaiten)))
    kaiten.settings(list_lag_seconds=0.6)
    assert await patient.perform(order(create(kaiten), attempt=2)) == (ref,)


async def test_an_answer_cut_short_counts_as_perhaps_done(kaiten: Any, board: KaitenBoard) -> None:
    kaiten.fault("/cards$", method="POST", truncate_body=40)
    with pytest.raises(Unavailable) as refused:
        await board.perform(order(create(kaiten)))
    assert not refused.value.surely_not_done


async def test_a_board_without_a_place_for_the_card_is_a_clear_refusal(kaiten: Any, board: KaitenBoard) -> None:
    effect = create(kaiten)
    wrong = CreateCard(**{**{name: getattr(effect, name) for name in effect.__slots__}, "spot": Spot(board="999")})
    with pytest.raises(Rejected, match="Kaiten answered 40"):
        await board.perform(order(wrong))


# ---- tags and moves


async def test_a_tag_is_one_call_and_stays_one_tag(kaiten: Any, board: KaitenBoard, card: Ref) -> None:
    effect = AddTag(key=Key("tag"), ticket=TICKET, name="кабинет 77")
    await board.perform(order(effect, card=card))
    assert kaiten.calls() == [f"POST /cards/{card.id}/tags"]
    await board.perform(order(effect, card=card, attempt=2))
    assert [tag["name"] for tag in kaiten.get(f"/cards/{card.id}")["tags"]] == ["кабинет 77"]


async def test_a_tag_that_the_board_knows_in_other_case_comes_off_again(
    kaiten: Any, board: KaitenBoard, card: Ref
) -> None:
    kaiten.settings(tags_fold_case=True)
    kaiten.order("POST", f"/cards/{card.id}/tags", {"user": "anna", "name": "Бот Остановлен"})
    other = (await board.perform(order(create(kaiten, external_id="t-2"))))[0]
    await board.perform(order(AddTag(key=Key("tag"), ticket=TICKET, name="бот остановлен"), card=other))
    assert [tag["name"] for tag in kaiten.get(f"/cards/{other.id}")["tags"]] == ["Бот Остановлен"]
    await board.perform(order(RemoveTag(key=Key("untag"), ticket=TICKET, name="бот остановлен"), card=other))
    assert kaiten.get(f"/cards/{other.id}")["tags"] == []


async def test_of_tags_that_differ_in_case_alone_the_one_meant_comes_off(
    kaiten: Any, board: KaitenBoard, card: Ref
) -> None:
    for name in ("Срочно", "срочно"):
        await board.perform(order(AddTag(key=Key(name), ticket=TICKET, name=name), card=card))
    await board.perform(order(RemoveTag(key=Key("untag"), ticket=TICKET, name="срочно"), card=card))
    assert [tag["name"] for tag in kaiten.get(f"/cards/{card.id}")["tags"]] == ["Срочно"]


async def test_a_move_goes_to_the_column_that_was_named(kaiten: Any, board: KaitenBoard, card: Ref) -> None:
    shown = kaiten.get("/spaces")[0]["boards"][0]
    column = shown["columns"][1]["id"]
    spot = Spot(board=str(shown["id"]), column=str(column))
    effect = MoveCard(key=Key("move"), ticket=TICKET, meaning=Meaning.WORK, board=str(shown["id"]), spot=spot)
    kaiten.calls()
    await board.perform(order(effect, card=card))
    assert kaiten.calls() == [f"PATCH /cards/{card.id}"]
    assert kaiten.get(f"/cards/{card.id}")["column_id"] == column


# ---- comments


async def test_a_comment_is_one_call_signed_and_literally_findable(kaiten: Any, board: KaitenBoard, card: Ref) -> None:
    words = "Касса №3 * не _печатает_\nчек [срочно](?)"
    (ref,) = await board.perform(order(comment(section("m1", words)), card=card))
    assert kaiten.calls() == [f"POST /cards/{card.id}/comments"]
    (shown,) = kaiten.comments(number(card))
    assert shown["id"] == number(ref)
    assert words in shown["text"]
    assert sign(Key("m1")) in shown["text"]
    assert "**Иван, 12:30**" in unsigned(shown["text"])


async def test_an_internal_comment_is_internal(kaiten: Any, board: KaitenBoard, card: Ref, spool: Any) -> None:
    await board.perform(order(comment(section("m1", "для своих"), internal=True), card=card))
    with_file = comment(section("m2", "с файлом", spool.put("a.txt", b"a")), key="say2", internal=True)
    await board.perform(order(with_file, card=card))
    assert [shown["internal"] for shown in kaiten.comments(number(card))] == [True, True]


async def test_files_go_in_the_same_call_as_their_comment(
    kaiten: Any, board: KaitenBoard, card: Ref, spool: Any
) -> None:
    photo, paper = spool.put("фото кассы.jpg", b"jpeg" * 50_000), spool.put("чек.pdf", b"%PDF")
    (ref,) = await board.perform(order(comment(section("m1", "смотрите", photo, paper)), card=card))
    assert kaiten.calls() == [f"POST /cards/{card.id}/comments"]
    found = [(file["name"], file["size"], file["comment_id"]) for file in kaiten.files(number(card))]
    assert found == [("фото кассы.jpg", 200_000, number(ref)), ("чек.pdf", 4, number(ref))]


async def test_the_restricted_route_is_taken_for_good_once_the_public_one_is_refused(
    kaiten: Any, board: KaitenBoard, card: Ref, spool: Any
) -> None:
    kaiten.settings(legacy_files=False)
    first = comment(section("m1", "раз", spool.put("a.txt", b"a"), spool.put("b.txt", b"bb")))
    (ref,) = await board.perform(order(first, card=card))
    assert board.restricted_files
    uid = kaiten.get(f"/cards/{card.id}")["uid"]
    posts = [call for call in kaiten.calls() if call.startswith("POST")]
    assert posts[:2] == [f"POST /cards/{card.id}/comments"] * 2
    assert len(posts) == 4
    assert all(post.startswith(f"POST /cards/{uid}/comments/") for post in posts[2:])
    await board.perform(order(comment(section("m2", "два", spool.put("c.txt", b"ccc")), key="say2"), card=card))
    await board.perform(
        order(AddFiles(key=Key("files"), ticket=TICKET, files=(spool.put("d.txt", b"dddd"),)), card=card)
    )
    assert not [call for call in kaiten.calls() if call.startswith("PUT")]
    shown = {file["name"]: (file["type"], file["comment_id"]) for file in kaiten.files(number(card))}
    assert shown["a.txt"] == shown["b.txt"] == (11, number(ref))
    assert shown["d.txt"] == (11, None)


async def test_a_comment_that_broke_off_is_not_written_twice(
    kaiten: Any, board: KaitenBoard, card: Ref, spool: Any
) -> None:
    effect = comment(section("m1", "раз", spool.put("a.txt", b"a")), section("m2", "два"))
    kaiten.fault("/comments$", method="POST", drop="after")
    with pytest.raises(Unavailable) as refused:
        await board.perform(order(effect, card=card))
    assert not refused.value.surely_not_done
    (ref,) = await board.perform(order(effect, card=card, attempt=2))
    assert [shown["id"] for shown in kaiten.comments(number(card))] == [number(ref)]
    assert [file["name"] for file in kaiten.files(number(card))] == ["a.txt"]


async def test_a_repeat_adds_only_the_file_that_is_missing(
    kaiten: Any, board: KaitenBoard, card: Ref, spool: Any
) -> None:
    kaiten.settings(legacy_files=False)
    effect = comment(section("m1", "раз", spool.put("a.txt", b"a"), spool.put("b.txt", b"bb")))
    kaiten.fault("/comments/[^/]+/files$", method="POST", times=1, delay_seconds=0)
    kaiten.fault("/comments/[^/]+/files$", method="POST", drop="before")
    with pytest.raises(Unavailable):
        await board.perform(order(effect, card=card))
    assert [file["name"] for file in kaiten.files(number(card))] == ["a.txt"]
    await board.perform(order(effect, card=card, attempt=2))
    assert [file["name"] for file in kaiten.files(number(card))] == ["a.txt", "b.txt"]
    assert len(kaiten.comments(number(card))) == 1


async def test_a_part_written_before_the_connection_was_refused_is_perhaps_done(
    kaiten: Any, board: KaitenBoard, card: Ref
) -> None:
    effect = comment(section("m1", "слово " * 1000))
    kaiten.fault("/comments$", method="POST", times=1)
    kaiten.fault("/comments$", method="POST", status=429, body="<html>Too many</html>", headers={"Retry-After": "2"})
    with pytest.raises(Unavailable) as refused:
        await board.perform(order(effect, card=card))
    assert refused.value.retry_after == 2
    assert not refused.value.surely_not_done
    refs = await board.perform(order(effect, card=card, attempt=2))
    assert [shown["id"] for shown in kaiten.comments(number(card))] == [number(ref) for ref in refs]
    whole = "".join(unsigned(shown["text"]) for shown in kaiten.comments(number(card)))
    assert whole.count("слово") == 1000


async def test_a_long_text_becomes_several_comments_in_order(kaiten: Any, board: KaitenBoard, card: Ref) -> None:
    text = "\n".join(f"строка {line} 😀" for line in range(900))
    refs = await board.perform(order(comment(section("m1", text)), card=card))
    shown = kaiten.comments(number(card))
    assert [entry["id"] for entry in shown] == [number(ref) for ref in refs]
    assert len(refs) == 4
    assert "".join(unsigned(entry["text"]) for entry in shown).endswith(text)


async def test_files_that_cannot_be_had_are_named_instead(
    kaiten: Any, board: KaitenBoard, card: Ref, spool: Any
) -> None:
    huge = spool.put("запись.mp4", b"", obtainable=False)
    huge = File(ref=huge.ref, kind=huge.kind, name=huge.name, size=26_529_000, obtainable=False)
    lost = spool.put("пропал.pdf", None)
    await board.perform(order(comment(section("m1", "вот", huge, lost, spool.put("a.txt", b"a"))), card=card))
    (shown,) = kaiten.comments(number(card))
    assert "файл «запись.mp4», 25,3 МБ: слишком большой для бота, не передан" in shown["text"]
    assert "файл «пропал.pdf»" in shown["text"]
    assert [file["name"] for file in kaiten.files(number(card))] == ["a.txt"]


async def test_a_file_the_board_does_not_take_costs_neither_the_words_nor_the_other_files(
    kaiten: Any, board: KaitenBoard, card: Ref, spool: Any
) -> None:
    kaiten.settings(legacy_files=False, malicious_names=["вирус.exe"])
    effect = comment(section("m1", "вот", spool.put("вирус.exe", b"x"), spool.put("a.txt", b"a")))
    await board.perform(order(effect, card=card))
    (shown,) = kaiten.comments(number(card))
    assert "вот" in shown["text"]
    assert "«вирус.exe»: доска его не приняла" in shown["text"]
    assert [file["name"] for file in kaiten.files(number(card))] == ["a.txt"]


async def test_a_source_that_is_away_leaves_the_board_untouched(
    kaiten: Any, board: KaitenBoard, card: Ref, spool: Any
) -> None:
    file = spool.put("a.txt", b"a")
    spool.down = True
    with pytest.raises(Unavailable) as refused:
        await board.perform(order(comment(section("m1", "вот", file)), card=card))
    assert refused.value.surely_not_done
    assert refused.value.elsewhere
    assert kaiten.calls() == []


# ---- changed words


async def written(board: KaitenBoard, card: Ref, *sections: Section) -> dict[Key, tuple[Ref, ...]]:
    return {Key("say"): await board.perform(order(comment(*sections), card=card))}


def change(new: Section) -> EditComment:
    return EditComment(key=Key("edit"), ticket=TICKET, target=Key("say"), section=new)


async def test_an_edit_replaces_one_section_and_leaves_the_other(kaiten: Any, board: KaitenBoard, card: Ref) -> None:
    made = await written(board, card, section("m1", "раз"), section("m2", "два\n\n**не моё**"))
    before = kaiten.comments(number(card))[0]["text"]
    await board.perform(order(change(section("m1", "раз, исправлено", head="Иван, изменено")), card=card, made=made))
    (shown,) = kaiten.comments(number(card))
    assert "раз, исправлено" in shown["text"]
    assert shown["text"].endswith(before[before.index(sign(Key("m2"))) :])


async def test_an_edit_that_outgrows_its_comment_goes_on_in_another(kaiten: Any, board: KaitenBoard, card: Ref) -> None:
    made = await written(board, card, section("m1", "раз"), section("m2", "два"))
    long = " ".join(str(count) for count in range(1500))
    effect = change(section("m1", long))
    await board.perform(order(effect, card=card, made=made))
    first, second = kaiten.comments(number(card))
    assert "два" in first["text"]
    assert unsigned(first["text"]).split("\n\n")[1] + unsigned(second["text"]) == long
    await board.perform(order(effect, card=card, made=made, attempt=2))
    assert len(kaiten.comments(number(card))) == 2
    await board.perform(order(change(section("m1", "снова коротко")), card=card, made=made))
    (shown,) = kaiten.comments(number(card))
    assert "снова коротко" in shown["text"]


async def test_an_edit_of_a_comment_that_is_gone_is_written_anew_and_found_the_next_time(
    kaiten: Any, board: KaitenBoard, card: Ref
) -> None:
    made = await written(board, card, section("m1", "раз"))
    kaiten.order("DELETE", f"/cards/{card.id}/comments/{number(made[Key('say')][0])}", {"user": "bot"})
    await board.perform(order(change(section("m1", "раз, исправлено")), card=card, made=made))
    await board.perform(order(change(section("m1", "раз, ещё раз")), card=card, made=made))
    (shown,) = kaiten.comments(number(card))
    assert "раз, ещё раз" in shown["text"]


@pytest.mark.parametrize("legacy", [True, False])
async def test_an_edit_adds_its_files(kaiten: Any, board: KaitenBoard, card: Ref, spool: Any, legacy: bool) -> None:
    kaiten.settings(legacy_files=legacy)
    made = await written(board, card, section("m1", "альбом", spool.put("1.jpg", b"1")))
    effect = change(section("m1", "альбом", spool.put("2.jpg", b"22")))
    await board.perform(order(effect, card=card, made=made))
    await board.perform(order(effect, card=card, made=made, attempt=2))
    assert [file["name"] for file in kaiten.files(number(card))] == ["1.jpg", "2.jpg"]
    assert {file["comment_id"] for file in kaiten.files(number(card))} == {number(made[Key("say")][0])}


# ---- added words


def added(new: Section, key: str = "edit") -> EditComment:
    return EditComment(key=Key(key), ticket=TICKET, target=Key("say"), section=new, append=True)


async def test_an_addition_is_one_look_and_one_change(kaiten: Any, board: KaitenBoard, card: Ref) -> None:
    made = await written(board, card, section("m1", "раз"), section("m2", "два"))
    kaiten.calls()
    assert await board.perform(order(added(section("m1", "и ещё")), card=card, made=made)) == made[Key("say")]
    comment_path = f"/cards/{card.id}/comments"
    assert kaiten.calls() == [f"GET {comment_path}", f"PATCH {comment_path}/{number(made[Key('say')][0])}"]
    (shown,) = kaiten.comments(number(card))
    assert unsigned(shown["text"]).split("\n\n") == [
        "**Иван, 12:30**", "раз", "**Иван, 12:30**", "и ещё", "**Иван, 12:30**", "два",
    ]  # fmt: skip


async def test_an_addition_to_a_comment_that_is_deleted_meanwhile_is_written_anew(
    kaiten: Any, board: KaitenBoard, card: Ref
) -> None:
    made = await written(board, card, section("m1", "раз"))
    kaiten.fault("/comments/", method="PATCH", times=1, status=404)
    (ref,) = await board.perform(order(added(section("m1", "и ещё")), card=card, made=made))
    assert ref not in made[Key("say")]
    assert ["и ещё" in shown["text"] for shown in kaiten.comments(number(card))] == [False, True]


async def test_an_addition_to_a_note_for_agents_stays_inside(kaiten: Any, board: KaitenBoard, card: Ref) -> None:
    made = {Key("say"): await board.perform(order(comment(section("m1", "а" * 4000), internal=True), card=card))}
    await board.perform(order(added(section("m1", "и ещё " * 20)), card=card, made=made))
    assert [shown["internal"] for shown in kaiten.comments(number(card))] == [True, True]


@pytest.mark.parametrize("legacy", [True, False])
async def test_an_addition_brings_its_files_once_and_names_those_that_were_not_taken(
    kaiten: Any, board: KaitenBoard, card: Ref, spool: Any, legacy: bool
) -> None:
    kaiten.settings(legacy_files=legacy, malicious_names=["вирус.exe"])
    made = await written(board, card, section("m1", "раз"))
    bad = spool.put("вирус.exe", b"x") if not legacy else spool.put("пропал.pdf", None)
    effect = added(section("m1", "и ещё", spool.put("2.jpg", b"22"), bad))
    for attempt in (1, 2):
        await board.perform(order(effect, card=card, made=made, attempt=attempt))
    (shown,) = kaiten.comments(number(card))
    assert shown["text"].count("и ещё") == 1
    assert shown["text"].count(f"«{bad.name}»") == 1
    assert [file["name"] for file in kaiten.files(number(card))] == ["2.jpg"]


# ---- labels and facts


async def test_a_label_the_card_does_not_carry_is_one_look(kaiten: Any, board: KaitenBoard, card: Ref) -> None:
    effect = RemoveTag(key=Key("untag"), ticket=TICKET, name="x")
    await board.perform(order(effect, card=card))
    assert kaiten.calls() == [f"GET /cards/{card.id}/tags"]


async def test_a_label_that_somebody_took_off_meanwhile_is_taken_off(
    kaiten: Any, board: KaitenBoard, card: Ref
) -> None:
    await board.perform(order(AddTag(key=Key("tag"), ticket=TICKET, name=" x"), card=card))
    kaiten.fault("/tags/", method="DELETE", times=1, status=404)
    effect = RemoveTag(key=Key("untag"), ticket=TICKET, name="x ")
    assert await board.perform(order(effect, card=card)) == ()
    assert await board.perform(order(effect, card=card, attempt=2)) == ()
    assert kaiten.get(f"/cards/{card.id}/tags") == []


async def test_facts_are_one_call_in_the_shape_of_their_fields_and_leave_the_place(
    kaiten: Any, board: KaitenBoard, card: Ref
) -> None:
    properties = {entry["name"]: entry["id"] for entry in kaiten.get("/company/custom-properties")}
    values = kaiten.get(f"/company/custom-properties/{properties['Источник']}/select-values")
    before = kaiten.get(f"/cards/{card.id}")
    kaiten.calls()
    facts = {str(properties["Кабинет"]): "77", str(properties["Источник"]): "Телефон"}
    effect = SetFacts(key=Key("facts"), ticket=TICKET, facts={}, fields=facts)
    await board.perform(order(effect, card=card))
    assert kaiten.calls() == [f"PATCH /cards/{card.id}"]
    shown = kaiten.get(f"/cards/{card.id}")
    phone = next(value["id"] for value in values if value["value"] == "Телефон")
    assert shown["properties"] == {f"id_{properties['Кабинет']}": "77", f"id_{properties['Источник']}": [phone]}
    assert (shown["column_id"], shown["title"]) == (before["column_id"], before["title"])


async def test_a_fact_no_field_can_hold_asks_nothing_of_kaiten(kaiten: Any, board: KaitenBoard, card: Ref) -> None:
    properties = {entry["name"]: entry["id"] for entry in kaiten.get("/company/custom-properties")}
    kaiten.calls()
    facts = {str(properties["Источник"]): "нет такого"}
    await board.perform(order(SetFacts(key=Key("f"), ticket=TICKET, facts={}, fields=facts), card=card))
    assert kaiten.calls() == []


async def test_a_field_kaiten_does_not_know_is_refused(kaiten: Any, board: KaitenBoard, card: Ref) -> None:
    with pytest.raises(Rejected) as refused:
        await board.perform(order(SetFacts(key=Key("f"), ticket=TICKET, facts={}, fields={"999": "1"}), card=card))
    assert refused.value.refusal is Refusal.INVALID


# ---- files on the card


async def test_files_on_the_card_are_compared_before_a_repeat(
    kaiten: Any, board: KaitenBoard, card: Ref, spool: Any
) -> None:
    effect = AddFiles(key=Key("files"), ticket=TICKET, files=(spool.put("a.txt", b"a"), spool.put("a.txt", b"aaa")))
    kaiten.fault("/files$", method="PUT", drop="after")
    with pytest.raises(Unavailable):
        await board.perform(order(effect, card=card))
    await board.perform(order(effect, card=card, attempt=2))
    assert [(file["name"], file["size"]) for file in kaiten.files(number(card))] == [("a.txt", 1), ("a.txt", 3)]


# ---- refusals


async def test_orders_for_a_deleted_card_find_it_gone(kaiten: Any, board: KaitenBoard, card: Ref) -> None:
    kaiten.order("POST", f"/cards/{card.id}/delete", {"user": "anna"})
    with pytest.raises(Rejected) as refused:
        await board.perform(order(comment(section("m1", "раз")), card=card))
    assert refused.value.refusal is Refusal.GONE


async def test_a_refusal_on_a_card_that_is_there_is_forbidden(kaiten: Any, board: KaitenBoard, card: Ref) -> None:
    kaiten.fault("/tags$", method="POST", status=403)
    with pytest.raises(Rejected) as refused:
        await board.perform(order(AddTag(key=Key("tag"), ticket=TICKET, name="x"), card=card))
    assert refused.value.refusal is Refusal.FORBIDDEN


async def test_a_wrong_token_is_told_as_such_without_the_token(kaiten: Any, board: KaitenBoard, card: Ref) -> None:
    kaiten.fault("/tags$", method="POST", status=401, body="Unauthorized sandbox-bot-token")
    with pytest.raises(WrongToken) as refused:
        await board.perform(order(AddTag(key=Key("tag"), ticket=TICKET, name="x"), card=card))
    assert "sandbox-bot-token" not in str(refused.value)


@pytest.mark.parametrize("kept", ["kept", "visible", "html"])
async def test_a_repeat_finds_its_comment_however_the_board_keeps_texts(
    kaiten: Any, board: KaitenBoard, card: Ref, spool: Any, kept: str
) -> None:
    kaiten.settings(comment_text=kept)
    words = "касса <не> печатает & *звёзды* _подчёркнуто_ [x](y)\nвторая строка 👨\u200d👩\u200d👧"
    effect = comment(section("m1", words, spool.put("чек.txt", b"receipt")))
    kaiten.fault("/comments$", method="POST", status=504, after_effect=True)
    with pytest.raises(Unavailable):
        await board.perform(order(effect, card=card))
    (ref,) = await board.perform(order(effect, card=card, attempt=2))
    (stored,) = kaiten.comments(int(card.id))
    assert number(ref) == stored["id"]
    assert len(kaiten.files(int(card.id))) == 1


@pytest.mark.parametrize("restricted", [False, True])
async def test_the_way_of_our_newest_file_is_told_and_tried_back_by_reads_alone(
    kaiten: Any, board: KaitenBoard, spool: Any, restricted: bool
) -> None:
    kaiten.settings(legacy_files=not restricted)
    (card,) = await board.perform(order(create(kaiten)))
    assert (await board.checkup([], [], [card])).files is None
    effect = AddFiles(key=Key("files"), ticket=TICKET, files=(spool.put("a.txt", b"bytes"),))
    await board.perform(order(effect, card=card))
    kaiten.calls()
    seen = await board.checkup([], [], [card])
    assert seen.files is not None
    assert (seen.files.restricted, seen.files.trouble) == (restricted, "")
    assert {call.split()[0] for call in kaiten.calls()} == {"GET"}
