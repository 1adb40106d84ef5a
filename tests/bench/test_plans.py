"""However old the store is, no statement on a message's way reads a whole table."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from sqlalchemy import event

from bench.delay import at_rate
from bench.filling import fill, is_open
from bench.running import engine, policy_of

MAPPING = Path(__file__).resolve().parents[2] / "mappings" / "support.example.yaml"
TABLES = "journal|clients|tickets|outbox|made"


async def test_no_statement_on_the_way_of_a_message_reads_a_whole_table(tmp_path: Path) -> None:
    policy = policy_of(MAPPING)
    store = tmp_path / "aged.db"
    rows = await fill(store, policy, 40, tmp_path)
    assert rows["tickets"] == 40
    plans: dict[str, str] = {}
    async with engine(f"sqlite:///{store}", policy) as running:

        @event.listens_for(running.database.engine, "before_cursor_execute")
        def explain(connection: Any, _: object, statement: str, parameters: Any, __: object, many: bool) -> None:
            if statement not in plans and re.match(r"(SELECT|UPDATE|DELETE)\b", statement):
                cursor = connection.connection.dbapi_connection.cursor()
                found = cursor.execute("EXPLAIN QUERY PLAN " + statement, parameters[0] if many else parameters)
                plans[statement] = "; ".join(row[3] for row in found)

        await at_rate(running, 100, [number for number in range(1, 41) if is_open(number)], 8)
        await running.meet(range(100, 102))
    assert len(plans) > 10
    whole = {statement: plan for statement, plan in plans.items() if re.search(rf"SCAN ({TABLES})(;|$)", plan)}
    assert whole == {}
