"""A look-up as the adapters are asked for it."""

from connector.domain.effects import Urgency, Verdict, VerifyCabinet
from connector.domain.refs import Key, Ref
from connector.ports import Order, Registry


async def verdict(registry: Registry, cabinet: str) -> Verdict:
    """What the list says of the id."""
    effect = VerifyCabinet(key=Key("verify"), cabinet=cabinet)
    made = await registry.perform(Order(key=effect.key, effect=effect, attempt=1, urgency=Urgency.ACKNOWLEDGE))
    (ref,) = made
    assert ref == Ref(port=registry.name, id=ref.id)
    assert ref.port == "registry"
    return Verdict(ref.id)
