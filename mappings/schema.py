"""What may stand in a mapping: every key with its meaning, as models that also make the JSON schema for editors."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import Field

from mappings.clock import Length
from mappings.part import Part
from mappings.scalars import (
    Clock,
    Given,
    LaneNames,
    Line,
    Name,
    Names,
    OrBare,
    OrNone,
    Time,
    TimeOrNever,
    Titles,
    or_word,
)
from mappings.schema_agents import Card, Change, Commands, History, Incidents, Label, Public, Template
from mappings.schema_clock import Hours, Sla, Special, Targets
from mappings.schema_people import Agent, Agreement, Escalation, Routing, Team


class Board(Part):
    """Where the boards are."""

    space: Names = Field(description="Title or id of the space that holds the boards; a list when there are several.")


class SubTopic(Part):
    """What a client may choose after a topic that has `topics`; what it leaves out it takes from that topic."""

    title: Titles = Field(description="What the button says: one text, or one per language.")
    board: Name | None = Field(None, description="The board where cards of this topic are made.")
    column: Name | None = Field(
        None, description="The column where they start; by default the board's first column that means queue."
    )
    class_: Name | None = Field(
        None, alias="class", description="The service class a request begins with; may be left out when there is one."
    )
    tags: list[Line] = Field(default_factory=list, description="Tags put on every card of this topic.")
    hint: Titles | None = Field(None, description="Shown after the topic was chosen: what to write.")
    values: dict[str, Given] = Field(
        default_factory=dict, description="Card field: the value it has on every card of this topic."
    )


class Topic(SubTopic):
    """What a client may choose in the menu."""

    topics: dict[str, SubTopic] | None = Field(
        None,
        description="A second level: topics to choose from after this one, by a short key; nothing is opened on this "
        "one then. Its board, column, class, hint and values hold for those that say no other; its tags for all.",
    )


class ServiceClass(Targets):
    """How fast a request must be served."""

    title: Titles = Field(description="What people call it: one text, or one per language.")
    lane: LaneNames | None = Field(
        None,
        description="The lane that stands for it, by the same name on each board, or one per board "
        '(board: lane, "*" for the other boards). May be left out when there is only one class.',
    )
    board_sla: Line | None = Field(
        None,
        description="The board tool's own SLA, by its id, that cards of this class are put under. Only requests of the "
        "tool's service desk can have one; on other cards nothing comes of it.",
    )
    special: list[Special] = Field(
        default_factory=list,
        description="Other targets for some requests of this class; the first entry whose conditions hold counts.",
    )


class Verify(Part):
    """The company's own list of account ids: a file, or an address that is asked."""

    file: Line | None = Field(None, description="A CSV file of account ids; a path relative to this file.")
    column: Line | None = Field(
        None, description="The file's column of account ids, by the name in its first line; by default the first."
    )
    url: Line | None = Field(
        None, description="An address that answers 200 for an id it knows and 404 for another; {cabinet} is the id."
    )
    timeout: Time = Field(
        default_factory=lambda: Length(rest=timedelta(seconds=3)),
        description="How long the address may take; 3s by default. After that the id is taken as not verified.",
    )
    unknown: Literal["refuse", "accept"] = Field(
        "refuse", description="What happens to an id that the list does not have."
    )


class Cabinet(Part):
    """The client's account id with the company; leave the whole part out when clients have none."""

    pattern: Line = Field(description="A regular expression that the whole id must match, such as [0-9]{4,8}.")
    hint: Titles | None = Field(None, description="Where a client finds the id: one text, or one per language.")
    picture: Line | None = Field(None, description="A picture that shows where; a path relative to this file.")
    tag: Line | None = Field(None, description="A tag put on the card, such as Cabinet {cabinet}.")
    verify: Verify | None = Field(None, description="Where an id is looked up before it is believed.")


class From(Part):
    """How a card shows that it came through the bot."""

    responsible: Name | None = Field(
        None, description="User made responsible for new cards: name, username, e-mail or id."
    )
    field: Name | None = Field(None, description="Card field that names the source: a select, or plain text.")
    option: Name | None = Field(None, description="Its value for cards made by the bot.")


class Facts(Part):
    """Which card field takes which fact: a text; or a select, number, date or user where the fact is such."""

    cabinet: Name | None = Field(None, description="The client's account id.")
    client: Name | None = Field(None, description="The client's name in the chat.")
    username: Name | None = Field(None, description="The client's username in the chat.")
    language: Name | None = Field(None, description="The client's language.")
    number: Name | None = Field(None, description="The number of the request.")
    topic: Name | None = Field(None, description="The title of the topic.")
    class_: Name | None = Field(None, alias="class", description="The title of the service class.")
    phone: Name | None = Field(None, description="The client's own phone number.")
    verified: Name | None = Field(None, description="Whether the account id is in the company's list.")
    rating: Name | None = Field(None, description="How the client rated the request; needs `store: field`.")
    opened: Name | None = Field(None, description="When the request was opened: a date, or a text.")
    agent: Name | None = Field(None, description="Who of the agents answered first: a user, or a text.")
    sla: Name | None = Field(None, description="How the worst clock of the request stands.")
    first_reply: Name | None = Field(None, description="How the clock of the first answer stands.")


class Meanings(Part):
    """Columns by what they mean."""

    queue: Names = Field(default_factory=list, description="Columns where requests wait to be taken.")
    work: Names = Field(default_factory=list, description="Columns where someone works on them.")
    waiting: Names = Field(default_factory=list, description="Columns where they wait for the client.")
    done: Names = Field(default_factory=list, description="Columns where they are finished.")


class Columns(Meanings):
    """What columns mean; one that is not named keeps the rough meaning the board tool gives it."""

    boards: dict[str, Meanings] = Field(
        default_factory=dict, description="Other meanings on one board: its title or id, then the same four keys."
    )


class Receipts(Part):
    """How a client's further message is acknowledged."""

    style: Literal["reaction", "text", "none"] = Field(
        "reaction", description="A reaction, a line of text, or nothing."
    )
    emoji: Line = Field("👀", description="The reaction to a message we keep; one that Telegram allows, or none.")
    on_card: Line = Field("✍", description="The reaction once it stands on the card, or none.")
    answered: Line = Field("👌", description="The reaction once it was answered, or none.")
    failed: Line = Field("🤷", description="The reaction when it could not be put on the card, or none.")


class RatingMark(Part):
    """One answer to "how was it?"."""

    key: Line | None = Field(
        None, description="What the mark is called in buttons and figures; by default the emoji itself."
    )
    emoji: Line = Field(description="What its button says.")
    low: bool = Field(False, description="Whether the client may be asked why.")


class Rating(Part):
    """The question after the end of a request."""

    marks: list[RatingMark] = Field(
        default_factory=lambda: [
            RatingMark(key="bad", emoji="😞", low=True),
            RatingMark(key="ok", emoji="🙂"),
            RatingMark(key="super", emoji="🤩"),
        ],
        description="The marks, in the order of the buttons; by default 😞 (low), 🙂 and 🤩.",
    )
    ask_for_words: bool = Field(True, description="Whether a low mark is followed by one question for words.")
    change_within: Time = Field(
        default_factory=lambda: Length(days=1), description="How long a mark may be changed; 1d by default."
    )
    at_most_every: Time = Field(
        default_factory=lambda: Length(days=7), description="A client is not asked more often; 7d by default."
    )
    store: Literal["comment", "tag", "field"] = Field("comment", description="How the mark stands on the card.")
    tag: Line | None = Field(None, description="With `store: tag`: the tag, such as Rating {mark}; {mark} by default.")


class Trigger(Part):
    """A message the bot sends of itself."""

    when: Literal["waiting", "registered", "done"] = Field(
        description="What its time runs from: `waiting` for the client's answer, the client being `registered`, or the "
        "request being `done`."
    )
    after: Time = Field(description="How long after that, in calendar time, such as 1d.")
    text: Titles = Field(
        description="What it says, with {number}, {subject} and {name}: one text, or one per language."
    )
    close: bool = Field(False, description="Whether the request is closed with it; only with `when: waiting`.")


class Delays(Part):
    """What is told when the board or the chat does not answer for long."""

    tell_client_after: TimeOrNever = Field(
        default_factory=lambda: Length(rest=timedelta(minutes=10)),
        description="The client is told once that their words reach the agents late; 10m by default, or never.",
    )
    mark_card_after: TimeOrNever = Field(
        default_factory=lambda: Length(rest=timedelta(minutes=5)),
        description="The card says that an answer waits to be sent; 5m by default, or never.",
    )


class QuietHours(Part):
    """When the bot sends nothing of itself."""

    from_: Clock = Field(alias="from", description='When they begin, such as "21:00".')
    to: Clock = Field(description='When they end, such as "09:00": on the next day if that is earlier.')
    zone: Line | None = Field(None, description="Time zone by its IANA name; by default the one of `hours`.")


class Agents(Part):
    """What clients are told of the people on the board."""

    names: dict[str, Line] = Field(
        default_factory=dict, description="Name on the board, exactly as the board shows it: the name clients see."
    )


class Content(Part):
    """The mapping of a support bot to a board."""

    version: Literal[1] = Field(description="The version of this format: 1.")
    languages: list[Line] = Field(description="Languages the bot speaks, such as [ru, en].")
    default_language: Line | None = Field(
        None, description="The language for everybody else; by default the first of `languages`."
    )
    board: Board = Field(description="The space that holds the boards.")
    topics: dict[str, Topic] = Field(description="Topics by a short key, in the order of the menu.")
    classes: dict[str, ServiceClass] = Field(description="Service classes by a short key.")
    hours: Hours | None = Field(None, description="When the team works.")
    calendars: dict[str, Hours] = Field(
        default_factory=dict, description="Further calendars by name: of other teams, or of a night shift."
    )
    sla: Sla = Field(default_factory=lambda: Sla(), description="How clocks run, and what of them stands on the card.")
    cabinet: Cabinet | None = Field(None, description="The client's account id with the company.")
    source: From | None = Field(None, description="How a card shows that it came through the bot.")
    fields: Facts = Field(default_factory=lambda: Facts(), description="Which card field takes which fact.")
    values: dict[str, Given] = Field(
        default_factory=dict, description="Card field: the value it has on every card; topics may say another."
    )
    labels: list[Label] = Field(
        default_factory=list, description="Tags for new cards by topic, class or the client's words."
    )
    card: Card = Field(default_factory=lambda: Card(), description="How cards look: their title.")
    history: Annotated[History | None, OrNone] = Field(
        default_factory=lambda: History(),
        description="Earlier requests on the card; on by default, `none` leaves them out.",
        json_schema_extra=or_word("none"),
    )
    incidents: Annotated[Incidents | None, OrBare] = Field(
        None, description="When alike requests are one incident; without this part nobody looks for any."
    )
    further_boards: Names = Field(
        default_factory=list,
        description="Boards where no topic begins but cards are moved to, such as the second line of support.",
    )
    public: Public = Field(default_factory=lambda: Public(), description="Which comments go to the client.")
    columns: Columns = Field(default_factory=lambda: Columns(), description="What columns mean.")
    receipts: Receipts = Field(default_factory=lambda: Receipts(), description="How messages are acknowledged.")
    agent_receipts: Literal["comment", "tag", "none"] = Field(
        "comment", description="How agents see whether answers arrived: one edited comment, a tag, or failures only."
    )
    templates: dict[str, Template] = Field(default_factory=dict, description="Canned replies by a short key.")
    commands: Commands = Field(
        default_factory=lambda: Commands(), description="How agents order something of the bot by a comment."
    )
    contact: Literal["none", "optional"] = Field(
        "none", description="Whether clients are offered to share their phone number."
    )
    default_topic: Line | None = Field(
        None, description="The topic of words whose topic was never chosen; without it they wait for the choice."
    )
    unfinished_after: TimeOrNever = Field(
        default_factory=lambda: Length(rest=timedelta(minutes=15)),
        description="When a client is reminded of a question they did not answer; 15m by default, or never.",
    )
    undecided_after: Time = Field(
        default_factory=lambda: Length(rest=timedelta(minutes=5)),
        description="How long words wait for the client to say which request they belong to; 5m by default.",
    )
    edits: Literal["overwrite", "append", "ignore"] = Field(
        "overwrite", description="What a client's edit of a message does to the words on the card."
    )
    groups: Literal["addressed", "always", "never"] = Field(
        "addressed",
        description="Which messages of a group chat count: those that mention the bot or answer it, all, or none.",
    )
    log_out: Literal["keep", "forget"] = Field(
        "keep", description="Whether name, phone and language are kept or forgotten too when a client logs out."
    )
    notices: list[Change] = Field(
        default_factory=lambda: list[Change](("work", "waiting", "done")),
        description="Changes a client is told of; [work, waiting, done] by default.",
    )
    warn_before: TimeOrNever = Field(
        default_factory=lambda: Length(rest=timedelta(minutes=15)),
        description="How long before a promised time slips the client is told; 15m by default, or never.",
    )
    delays: Delays = Field(
        default_factory=lambda: Delays(), description="After how long those who wait are told that a side is away."
    )
    rating: Annotated[Rating | None, OrBare] = Field(
        None, description="The question how it was, after the end of a request; without this part nobody is asked."
    )
    triggers: dict[str, Trigger] = Field(
        default_factory=dict, description="Messages the bot sends of itself, by a short key."
    )
    quiet_hours: QuietHours | None = Field(None, description="When the bot sends nothing of itself.")
    agents: Agents = Field(
        default_factory=lambda: Agents(), description="The people on the board, as clients see them."
    )
    people: dict[str, Agent] = Field(
        default_factory=dict, description="Who works on the board, by a short key: competences, duty, leave."
    )
    teams: dict[str, Team] = Field(default_factory=dict, description="Teams of agents, by a short key.")
    routing: Routing = Field(default_factory=lambda: Routing(), description="Who gets a new request.")
    escalation: Escalation = Field(
        default_factory=lambda: Escalation(), description="Who hears of requests that wait, and when."
    )
    agreements: dict[str, Agreement] = Field(
        default_factory=dict, description="Promises about all requests of a kind, by a short key: counted and told."
    )
    blocked_tag: Line | None = Field(
        None, description="A tag on the cards of a client who stopped the bot, until they return."
    )
    reopen_within: Time = Field(
        default_factory=lambda: Length(days=3),
        description="A client's message this soon after the end reopens the request; 3d by default.",
    )
    album_wait: Time = Field(
        default_factory=lambda: Length(rest=timedelta(seconds=2)),
        description="How long to wait for the other pictures of an album; 2s by default.",
    )
    sign_agents: bool = Field(False, description="Whether an answer carries the agent's name.")
    declared_tags: list[Line] = Field(
        default_factory=list, description="Tags that are meant although the board does not have them yet."
    )
    texts: dict[str, dict[str, Line]] = Field(
        default_factory=dict, description="Own wording: language, then the name of the text, then the text."
    )
    silence: list[Line] = Field(default_factory=list, description="Codes of warnings that are not to be shown.")


def json_schema() -> dict[str, Any]:
    """The JSON schema of a mapping, for editors (https://json-schema.org/draft/2020-12)."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **Content.model_json_schema(by_alias=True)}
