"""What the mapping says, as the decision reads it: topics, classes, texts, and the board's ids once they are known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from connector.domain.effects import Meaning, Spot
from connector.domain.ladder import Agreement, Escalation
from connector.domain.people import People
from connector.domain.terms import Hours, ServiceClass, SlaRule

Texts = Mapping[str, str]
"""Message templates of one language by name, with `{placeholders}`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """What a client may choose. `title` and `hint` by language; `tags` are put on the card."""

    key: str
    title: Mapping[str, str]
    service_class: str
    tags: tuple[str, ...] = ()
    hint: Mapping[str, str] = field(default_factory=dict)
    group: str | None = None
    """The key of the group it stands under in the menu; None at the top."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicGroup:
    """A heading in the menu whose topics are shown after it was chosen; nothing is opened on a group itself."""

    key: str
    title: Mapping[str, str]
    hint: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class CabinetRule:
    """How a client's account id looks. `pattern` must match the whole of it; `tag` is a template with `{cabinet}`.

    `verified`: each id is held against the company's own list before it is believed. An id that the list does not
    have is refused, unless `accept_unknown`; when the list cannot be asked, the id is taken as unverified.
    """

    pattern: str
    hint: Mapping[str, str] = field(default_factory=dict)
    picture: str | None = None
    """Path of the hint picture, absolute."""
    tag: str | None = None
    verified: bool = False
    accept_unknown: bool = False


class Publicity(StrEnum):
    """Which comments of agents go to the client."""

    ALL_BUT_MARKED = "all_but_marked"
    ONLY_MARKED = "only_marked"
    ONLY_PEOPLE = "only_people"
    """Only what the people the rule names write."""
    ONLY_COLUMNS = "only_columns"
    """Only what is written while the card stands in a column of the meanings the rule names."""


class Receipt(StrEnum):
    """How a further message is acknowledged in the chat."""

    REACTION = "reaction"
    TEXT = "text"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """The emoji put on a client's own message as it gets on; None leaves that step unmarked.

    With `Receipt.REACTION` only; each replaces the one before. All must be among those the chat tool allows.
    """

    stored: str | None = "👀"
    on_card: str | None = "✍"
    answered: str | None = "👌"
    failed: str | None = "🤷"


class Edits(StrEnum):
    """What a client's edit does to the words on the card."""

    OVERWRITE = "overwrite"
    APPEND = "append"
    IGNORE = "ignore"


class Groups(StrEnum):
    """Which messages of a group chat are for us."""

    ADDRESSED = "addressed"
    """Only those that mention the bot or answer it."""
    ALWAYS = "always"
    NEVER = "never"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """One answer to "how was it?": `low` ones may be asked about."""

    key: str
    emoji: str
    low: bool = False


class MarkStore(StrEnum):
    """How a rating stands on the card."""

    COMMENT = "comment"
    TAG = "tag"
    FIELD = "field"


@dataclass(frozen=True, slots=True, kw_only=True)
class RatingRule:
    """The question after the end of a request; asked once per request and not more often than `at_most_every`.

    A mark may be changed within `change_within`. `ask_for_words`: after a low mark one question for words follows.
    `tag` is a template with `{mark}` (the emoji); with FIELD the fact `rating` goes into the field the mapping names.
    """

    marks: tuple[Mark, ...]
    ask_for_words: bool = True
    change_within: timedelta = timedelta(days=1)
    at_most_every: timedelta = timedelta(days=7)
    store: MarkStore = MarkStore.COMMENT
    tag: str = "{mark}"


class Occasion(StrEnum):
    """From when the time of a trigger runs."""

    WAITING = "waiting"
    """Since we wait for the client and they are silent."""
    REGISTERED = "registered"
    DONE = "done"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trigger:
    """A message the bot sends of itself, `after` (calendar time) the occasion; `text` by language, with `{number}`,
    `{subject}` and `{name}`. `close`: the request is closed with it.
    """

    key: str
    occasion: Occasion
    after: timedelta
    text: Mapping[str, str]
    close: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class QuietHours:
    """When the bot sends nothing of itself: from `start` to `end` in `zone`, over midnight when `end` is earlier."""

    zone: ZoneInfo
    start: time
    end: time


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicRule:
    """What is public: a comment beginning with `mark` is the exception (or, with ONLY_MARKED, the rule).

    A comment the board tool itself calls internal is never public.
    """

    rule: Publicity = Publicity.ALL_BUT_MARKED
    mark: str = "//"
    people: frozenset[str] = frozenset()
    """Names on the board, for ONLY_PEOPLE."""
    columns: frozenset[Meaning] = frozenset()
    """For ONLY_COLUMNS."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeakGuard:
    """What a public comment is held for until an agent says that it is meant for the client.

    `secrets` are regular expressions found anywhere in it or in the name of a file; `files` are such of names alone;
    `internal` are beginnings (compared as an eye sees them) that a note to colleagues has.
    """

    secrets: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    internal: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DelayRule:
    """After how long a side that does not answer is told to those who wait, in calendar time; None: never.

    The client hears that their words have not reached the agents yet, the agents see on the card that their answer has
    not reached the chat.
    """

    tell_client_after: timedelta | None = timedelta(minutes=10)
    mark_card_after: timedelta | None = timedelta(minutes=5)


class AgentReceipt(StrEnum):
    """How agents see on the card whether their answers arrived."""

    COMMENT = "comment"
    """One status comment, edited."""
    TAG = "tag"
    NONE = "none"
    """Only what went wrong, as a note."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A canned reply: text by language with `{client}`, `{cabinet}`, `{number}`, `{subject}`, `{until}`, `{agent}`.

    `files` are absolute paths of pictures and documents that go with it.
    """

    key: str
    text: Mapping[str, str]
    files: tuple[str, ...] = ()


class Command(StrEnum):
    """What agents may order by a comment; the mapping may give each another word."""

    TEMPLATE = "tpl"
    HISTORY = "history"
    SEND = "send"
    TAKE = "take"
    ASSIGN = "assign"
    CLASS = "class"
    TOPIC = "topic"
    MERGE = "merge"
    SPLIT = "split"
    CLOSE = "close"
    MUTE = "mute"
    INCIDENT = "incident"


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandRule:
    """How orders to the bot look in a comment: `prefix` directly before the word. `words`: every word → its command."""

    prefix: str = "#"
    words: Mapping[str, Command] = field(default_factory=lambda: {each.value: each for each in Command})


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelRule:
    """A tag put on new cards that meet every condition given; an empty condition asks for nothing.

    `words` are regular expressions, at least one of which the client's first words contain, whatever the case.
    """

    tag: str
    topics: frozenset[str] = frozenset()
    classes: frozenset[str] = frozenset()
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryRule:
    """Whether earlier requests of the client and their cabinet stand on the card, and how many of them."""

    shown: int = 10


class Confirmation(StrEnum):
    """Who says that alike requests are one incident."""

    AT_ONCE = "at_once"
    BY_AGENT = "by_agent"
    """Until an agent has said so its requests are not told, and its answers wait."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentRule:
    """When requests of one topic are one incident: `at_least` clients opened them within `window`, each `alike`
    (0 to 1, see `connector.domain.likeness`) the latest.
    """

    window: timedelta = timedelta(minutes=10)
    at_least: int = 5
    alike: float = 0.6
    confirm: Confirmation = Confirmation.AT_ONCE
    topics: frozenset[str] = frozenset()
    """The topics in which incidents are looked for; of none, in all."""
    wordless: bool = False
    """Whether requests without words (pictures, voice) count as alike."""
    close_children: bool = False
    """Whether its requests are closed with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatLimits:
    """What the chat tool takes; text and captions are counted in UTF-16 units."""

    text: int = 4096
    caption: int = 1024
    upload: int = 50 * 1024 * 1024
    """Bytes."""
    download: int = 20 * 1024 * 1024
    """Bytes of a client's file that the tool still hands out."""
    album: int = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardPolicy:
    """The mapping's names of the board, turned into ids; there is none until the board was reached once.

    `spots`: (topic key, class key) → where a new card goes, with responsible and constant fields.
    `fact_fields`: fact name → (field id) for values that differ per card.
    `columns`: column id → meaning. `lanes`: (board id, lane id) → class key.
    `landing`: (board id, meaning) → column id.
    """

    spots: Mapping[tuple[str, str], Spot]
    fact_fields: Mapping[str, str]
    columns: Mapping[str, Meaning]
    lanes: Mapping[tuple[str, str], str]
    landing: Mapping[tuple[str, Meaning], str]
    boards: tuple[str, ...]
    """Every board requests may stand on: those of the topics, and the further lines of support."""
    users: Mapping[str, str] = field(default_factory=dict)
    """Names and usernames of people on the board, folded → user id: whom a card can be given to."""
    classes: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """(board id, class key) → lane id."""
    pausing: frozenset[str] = frozenset()
    """Ids of columns in which a request's clocks stand still."""
    agents: Mapping[str, str] = field(default_factory=dict)
    """Key of an agent of the mapping → user id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The whole mapping as data. `version` is a short hash of its text; it is noted with what was decided under it."""

    version: str
    topics: tuple[Topic, ...]
    classes: Mapping[str, ServiceClass]
    cabinet: CabinetRule | None
    public: PublicRule
    texts: Mapping[str, Texts]
    default_language: str
    receipt: Receipt = Receipt.REACTION
    marks: Marks = field(default_factory=Marks)
    groups_of_topics: tuple[TopicGroup, ...] = ()
    default_topic: str | None = None
    """Where words go whose topic was never chosen, `unfinished_after` twice over; None keeps them waiting."""
    unfinished_after: timedelta | None = timedelta(minutes=15)
    """How long after an unanswered question of ours the client is reminded of it, once."""
    undecided_after: timedelta = timedelta(minutes=5)
    """How long words wait for the client to say which of several requests they belong to."""
    contact: bool = False
    """Whether the client is offered to share their phone number."""
    forget_on_leaving: bool = False
    """Whether logging out forgets name, phone and language too, not the cabinets alone."""
    edits: Edits = Edits.OVERWRITE
    chat_groups: Groups = Groups.ADDRESSED
    notices: frozenset[Meaning] = frozenset({Meaning.WORK, Meaning.WAITING, Meaning.DONE})
    """Changes the client is told of."""
    warn_before: timedelta | None = timedelta(minutes=15)
    """How long before a promised time slips the client is told; None never."""
    rating: RatingRule | None = None
    triggers: tuple[Trigger, ...] = ()
    quiet_hours: QuietHours | None = None
    guard: LeakGuard = field(default_factory=LeakGuard)
    send_after: timedelta = timedelta(0)
    """How long an answer waits before it goes, so that the comment can still be changed or removed."""
    agent_receipt: AgentReceipt = AgentReceipt.COMMENT
    delays: DelayRule = field(default_factory=DelayRule)
    templates: Mapping[str, Template] = field(default_factory=dict)
    commands: CommandRule = field(default_factory=CommandRule)
    labels: tuple[LabelRule, ...] = ()
    history: HistoryRule | None = field(default_factory=HistoryRule)
    """None: no block of earlier requests on the card."""
    incidents: IncidentRule | None = None
    """None: nobody looks for incidents."""
    card_title: str = "{words}"
    """Template of a card's title: {words} {number} {client} {cabinet} {topic}."""
    aliases: Mapping[str, str] = field(default_factory=dict)
    """Agents' names on the board → the names clients see."""
    blocked_tag: str | None = None
    """On the cards of a client who stopped the bot, until they return."""
    reopen_within: timedelta = timedelta(days=3)
    album_wait: timedelta = timedelta(seconds=2)
    sign_agents: bool = False
    """Whether an answer carries the agent's name."""
    people: People = field(default_factory=People)
    escalation: Escalation = field(default_factory=Escalation)
    agreements: Mapping[str, Agreement] = field(default_factory=dict)
    limits: ChatLimits = field(default_factory=ChatLimits)
    comment_limit: int = 4096
    calendars: Mapping[str, Hours] = field(default_factory=dict)
    """Every calendar of the mapping by its name; the usual one is called `hours`."""
    sla: SlaRule = field(default_factory=SlaRule)
    board: BoardPolicy | None = None

    def topic(self, key: str) -> Topic | None:
        """The topic of that key, or None when the mapping no longer has it."""
        return next((topic for topic in self.topics if topic.key == key), None)
