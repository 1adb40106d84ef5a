"""What holds whatever happens: nothing lost, nothing doubled, nothing leaked, everything in order."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from connector.domain.client import Stage
from connector.domain.decide import agenda, decide
from connector.domain.effects import (
    AddComment,
    AddFiles,
    AnswerTap,
    CreateCard,
    EditComment,
    EditMessage,
    Effect,
    Meaning,
    MoveCard,
    SendFiles,
    SendMessage,
)
from connector.domain.events import ClientTapped, Refusal
from connector.domain.policy import AgentReceipt, LeakGuard, Policy, Publicity, PublicRule
from connector.domain.text import units
from connector.domain.words import File, Text, Words
from tests.domain.sample import POLICY, WITH_CABINET, Conversation, every, message, only, opened, photo

COLUMNS = st.sampled_from(("c-queue", "c-work", "c-wait", "c-done", "c-unknown"))
SECRET = "секрет"


class AnyConversation(RuleBasedStateMachine):
    """A client, agents, two tools and the clock, in any order."""

    @initialize(
        policy=st.sampled_from(
            (
                POLICY,
                WITH_CABINET,
                replace(POLICY, topics=POLICY.topics[:1]),
                replace(POLICY, default_topic="money", agent_receipt=AgentReceipt.TAG),
                replace(POLICY, guard=LeakGuard(secrets=(SECRET,)), send_after=timedelta(seconds=20)),
            )
        ),
        live=st.sampled_from((0, 1, 1, 2)),
    )
    def begin(self, policy: Policy, live: int) -> None:
        self.talk = Conversation(policy=policy)
        self.texts: list[str] = []
        self.files: list[str] = []
        self.creating: list[CreateCard] = []
        self.comments: list[int] = []
        self.album: str | None = None
        # Most of what can go wrong needs a request that is under way.
        if live and policy.cabinet is not None:
            self.talk.write("/start")
            self.talk.write("12345")
        for topic in ("till", "money")[:live]:
            self.talk.later(hours=1)
            self.talk.open(topic if policy.topic(topic) else "till", "Начало")

    def follow(self, effects: tuple[Effect, ...]) -> None:
        self.creating += every(effects, CreateCard)

    # ---- the client

    def text(self) -> str:
        self.texts.append(f"слово-{'абвгде'[len(self.texts) % 6]}{'ъ' * (len(self.texts) // 6)}ь")
        return self.texts[-1]

    def file(self, obtainable: bool = True) -> File:
        self.files.append(f"f{len(self.files)}.jpg")
        return photo(self.files[-1], obtainable=obtainable)

    @rule()
    def writes(self) -> None:
        self.follow(self.talk.write(self.text()))

    @rule()
    def sends_a_picture(self) -> None:
        self.follow(self.talk.write("", files=(self.file(),)))

    @rule(new=st.booleans(), caption=st.booleans())
    def sends_a_part_of_an_album(self, new: bool, caption: bool) -> None:
        if new or self.album is None:
            self.album = f"album-{self.talk.counter}"
            words = Words(text=Text(plain=self.text() if caption else ""), files=(self.file(),))
        else:
            words = Words(files=(self.file(),))
        self.follow(self.talk.write(words=words, album=self.album))

    @precondition(lambda self: self.talk.client.tickets and not self.talk.client.kept)
    @rule(data=st.data())
    def answers_a_message(self, data: st.DataObject) -> None:
        ticket = data.draw(st.sampled_from(self.talk.client.tickets))
        quoted = message(0)
        self.follow(self.talk.write(self.text(), reply_to=quoted, thread={quoted.key: ticket.id}))

    @rule(command=st.sampled_from(("/start", "/new", "/requests", "/profile", "/help", "Профиль")))
    def uses_the_menu(self, command: str) -> None:
        self.follow(self.talk.write(command))

    @precondition(lambda self: self.talk.client.stage is Stage.CABINET)
    @rule(typed=st.sampled_from(("12345", "54321", "12", "a-1")))
    def types_a_cabinet(self, typed: str) -> None:
        self.follow(self.talk.write(typed))

    @rule(
        data=st.sampled_from(
            ("topic:till", "topic:money", "topic:x", "group:", "new", "cancel", "cabinet:add", "nonsense")
        )
    )
    def taps(self, data: str) -> None:
        effects = self.talk.tap(data)
        assert len(every(effects, AnswerTap)) == 1
        self.follow(effects)

    @precondition(lambda self: self.talk.client.tickets)
    @rule(data=st.data(), what=st.sampled_from(("ticket", "open", "withdraw", "withdraw!", "helped")))
    def taps_a_request(self, data: st.DataObject, what: str) -> None:
        ticket = data.draw(st.sampled_from(self.talk.client.tickets))
        self.follow(self.talk.tap(f"{what}:{ticket.id}"))

    @precondition(lambda self: self.talk.client.said)
    @rule(data=st.data())
    def edits(self, data: st.DataObject) -> None:
        said = data.draw(st.sampled_from(self.talk.client.said))
        port, _, name = said.message.partition(":")
        self.follow(self.talk.edit(replace(message(0), port=port, id=name), "иначе"))

    @rule()
    def blocks_or_returns(self) -> None:
        self.follow(self.talk.come_back() if self.talk.client.blocked else self.talk.block())

    # ---- agents

    @precondition(lambda self: self.talk.client.tickets)
    @rule(data=st.data(), hidden=st.sampled_from((None, "mark", "internal", "guard")), many=st.booleans())
    def comments_on_a_card(self, data: st.DataObject, hidden: str | None, many: bool) -> None:
        if hidden == "guard" and not self.talk.policy.guard.secrets:
            hidden = "mark"
        ticket = data.draw(st.sampled_from(self.talk.client.tickets))
        body = ("Ответ. " if hidden is None else f"{SECRET}. ") * (700 if many else 1)
        # What the guard holds for its words goes, with its files, once the words are put right.
        secret = hidden in ("mark", "internal")
        files = (photo(f"{SECRET if secret else 'a'}{self.talk.counter}.pdf", port="kaiten"),) if many else ()
        self.comments.append(self.talk.counter + 1)
        self.follow(
            self.talk.comment(
                f"// {body}" if hidden == "mark" else body, ticket=ticket, files=files, internal=hidden == "internal"
            )
        )

    @precondition(lambda self: self.comments)
    @rule(data=st.data(), what=st.sampled_from(("longer", "hidden", "doubtful", "removed", "file")))
    def changes_a_comment(self, data: st.DataObject, what: str) -> None:
        number = data.draw(st.sampled_from(self.comments))
        match what:
            case "longer":
                effects = self.talk.edit_comment(number, "Другой ответ. " * 500)
            case "hidden":
                effects = self.talk.edit_comment(number, f"// {SECRET}")
            case "doubtful":
                mark = "" if self.talk.policy.guard.secrets else "//"
                effects = self.talk.edit_comment(number, f"{mark}Всё же {SECRET}")
            case "removed":
                self.comments.remove(number)
                effects = self.talk.remove_comment(number)
            case _:
                effects = self.talk.attach(number, photo(f"late{self.talk.counter}.pdf", port="kaiten"))
        self.follow(effects)

    @precondition(lambda self: self.talk.client.tickets)
    @rule(data=st.data(), column=COLUMNS, gone=st.sampled_from((False, False, False, True)))
    def looks_at_a_card(self, data: st.DataObject, column: str, gone: bool) -> None:
        ticket = data.draw(st.sampled_from(self.talk.client.tickets))
        self.follow(self.talk.see(column, ticket=ticket, gone=gone))

    # ---- the clock and the outbox

    @precondition(lambda self: self.talk.wake_at is not None)
    @rule()
    def time_passes(self) -> None:
        self.follow(self.talk.wake())

    @rule(hours=st.sampled_from((0.0003, 0.0003, 1.0, 100.0)))
    def much_time_passes(self, hours: float) -> None:
        self.talk.later(hours=hours)

    @precondition(lambda self: self.creating)
    @rule()
    def a_card_is_created(self) -> None:
        order = self.creating.pop(0)
        self.follow(self.talk.done(order, replace(message(0), port="kaiten", id=f"card-{order.external_id}")))

    @precondition(lambda self: bool(every(self.talk.effects, MoveCard)))
    @rule()
    def a_card_is_moved(self) -> None:
        self.follow(self.talk.done(every(self.talk.effects, MoveCard)[-1]))

    @precondition(lambda self: any(isinstance(each, SendMessage | SendFiles) for each in self.talk.effects))
    @rule(refusal=st.sampled_from((Refusal.BLOCKED, Refusal.INVALID)))
    def the_chat_refuses(self, refusal: Refusal) -> None:
        sent = [each for each in self.talk.effects if isinstance(each, SendMessage | SendFiles)]
        self.follow(self.talk.fail(sent[-1], refusal))

    @precondition(lambda self: any(isinstance(each, SendMessage | SendFiles) for each in self.talk.effects))
    @rule(back=st.sampled_from((1, 1, 2, 5)))
    def a_message_arrives(self, back: int) -> None:
        sent = [each for each in self.talk.effects if isinstance(each, SendMessage | SendFiles)][-back:]
        self.follow(self.talk.done(sent[0]))

    @precondition(lambda self: bool(every(self.talk.effects, AddComment)))
    @rule()
    def the_card_is_gone(self) -> None:
        self.follow(self.talk.fail(every(self.talk.effects, AddComment)[-1], Refusal.GONE))

    # ---- what holds

    @invariant()
    def every_word_and_file_is_in_exactly_one_place(self) -> None:
        client, effects = self.talk.client, self.talk.effects
        waiting = [each.words for each in (*client.kept, *client.undecided)]
        waiting += [part.words for album in client.albums for part in album.parts]
        written = [each for each in every(effects, AddComment) if each.key.startswith("say/")]
        places = [words.text.plain for words in waiting]
        places += [section.text.plain for each in written for section in each.sections]
        places += [each.description for each in every(effects, CreateCard) if "." not in each.external_id]
        for text in self.texts:
            # An edit may have replaced a word where it waited.
            assert sum(text in place for place in places) <= 1, text
            edited = any(words.text.plain == "иначе" for words in waiting)
            assert edited or any(text in place for place in places), text
        files = Counter(file.name for words in waiting for file in words.files)
        files.update(file.name for each in written for section in each.sections for file in section.files)
        files.update(file.name for each in every(effects, AddFiles) for file in each.files)
        files.update(file.name for each in every(effects, EditComment) for file in each.section.files)
        assert [files[name] for name in self.files] == [1] * len(self.files)

    @invariant()
    def sections_stand_in_the_order_of_the_messages(self) -> None:
        for ticket in self.talk.client.tickets:
            numbers = [
                int(each.key.rpartition("/")[2])
                for each in every(self.talk.effects, AddComment)
                if each.ticket == ticket.id and each.key.startswith("say/")
            ]
            assert all(one < other for one, other in pairwise(numbers)), numbers

    @invariant()
    def every_key_is_used_once(self) -> None:
        keys = Counter(effect.key for effect in self.talk.effects)
        assert [key for key, count in keys.items() if count > 1] == []

    @invariant()
    def nothing_hidden_reaches_the_client(self) -> None:
        for effect in self.talk.effects:
            match effect:
                case SendMessage() | EditMessage():
                    assert SECRET not in effect.text.plain
                case SendFiles():
                    assert SECRET not in effect.caption.plain
                    assert not any(SECRET in file.name for file in effect.files)
                case _:
                    pass

    @invariant()
    def what_is_sent_fits_the_chat(self) -> None:
        limits = self.talk.policy.limits
        for effect in self.talk.effects:
            match effect:
                case SendMessage():
                    assert 0 < units(effect.text.plain) <= limits.text
                    assert effect.text.plain.strip()
                    assert all(1 <= len(button.data.encode()) <= 64 for row in effect.buttons for button in row)
                case SendFiles():
                    assert units(effect.caption.plain) <= limits.caption
                    assert 0 < len(effect.files) <= limits.album
                case _:
                    pass

    @invariant()
    def every_effect_has_a_ticket_of_the_client_and_every_album_a_moment(self) -> None:
        client = self.talk.client
        known = {ticket.id for ticket in client.tickets} | {None}
        assert {effect.ticket for effect in self.talk.effects} <= known
        assert self.talk.wake_at == agenda.next_moment(client, self.talk.policy)
        assert all(self.talk.wake_at is not None and self.talk.wake_at <= album.until for album in client.albums)
        assert not client.undecided or self.talk.wake_at is not None
        assert client.current is None or any(each.id == client.current and each.open for each in client.tickets)

    @invariant()
    def a_repeated_decision_is_the_same(self) -> None:
        talk = self.talk
        if talk.events:
            event = talk.events[-1]
            once, twice = (decide(talk.client, event, talk.policy) for _ in range(2))
            assert once == twice


AnyConversation.TestCase.settings = settings(max_examples=250, stateful_step_count=60, deadline=None)
TestAnyConversation = AnyConversation.TestCase


GUARD = LeakGuard(secrets=(r"пароль\s*:",), internal=("Коллеги",))
WHY = ("marked", "internal", "outside", "colleagues", "secret")


@settings(max_examples=1000, deadline=None)
@given(
    body=st.text(max_size=80),
    blanks=st.text(alphabet=" \n\t\u00a0\u200b\u200d\ufeff", max_size=3),
    rule_=st.sampled_from(Publicity),
    why=st.sampled_from(WHY),
    with_file=st.booleans(),
    send_after=st.sampled_from((timedelta(0), timedelta(seconds=20))),
    edit=st.text(max_size=20),
)
def test_of_a_thousand_notes_none_leaks(
    body: str, blanks: str, rule_: Publicity, why: str, with_file: bool, send_after: timedelta, edit: str
) -> None:
    outside = why == "outside"
    rule = PublicRule(
        rule=rule_,
        people=frozenset({"Борис" if outside else "Анна"}),
        columns=frozenset({Meaning.WORK if outside else Meaning.QUEUE}),
    )
    talk = opened(public=rule, guard=GUARD, send_after=send_after)
    # With ONLY_MARKED a mark shows; with the others it hides.
    shown, hidden = ("// ", "n") if rule_ is Publicity.ONLY_MARKED else ("", "//")
    text = {
        "marked": f"{blanks}{hidden}{body}",
        "internal": f"{shown}{body}",
        "outside": body if rule_ in (Publicity.ONLY_PEOPLE, Publicity.ONLY_COLUMNS) else f"{blanks}{hidden}{body}",
        "colleagues": f"{shown}{blanks}Коллеги, {body}",
        # In a line of its own: what the body begins with may be taken for a mark.
        "secret": f"{shown}з\n{body}\nпароль{blanks}: {body}",
    }[why]
    files = (photo("note.pdf", port="kaiten"),) if with_file else ()
    internal = why == "internal"
    effects = talk.comment(text, files=files, internal=internal, number=1)
    if why in ("colleagues", "secret"):
        assert [type(each) for each in effects] == [AddComment]
        assert only(effects, AddComment).internal
    else:
        # At most a word to the agent: what begins like an order to the bot is explained to them.
        assert all(isinstance(each, AddComment) and each.internal for each in effects)
    talk.attach(1, photo("late.pdf", port="kaiten"), internal=internal)
    # It stays a note whatever else is written, unless what was doubtful in an answer is taken out of it.
    talk.edit_comment(1, f"{shown}Коллеги, {edit}", internal=internal)
    talk.later(days=1)
    talk.wake()
    assert not any(isinstance(each, SendMessage | SendFiles) for each in talk.effects if each.key.startswith("reply/"))


@given(st.binary(max_size=40).map(lambda raw: raw.decode("latin-1")))
def test_a_tap_with_any_data_is_answered(data: str) -> None:
    talk = opened()
    effects = talk.tap(data)
    assert isinstance(talk.events[-1], ClientTapped)
    assert len(every(effects, AnswerTap)) == 1
