"""How alike two complaints are: by their words without endings, figures and courtesies, in Russian and English."""

from __future__ import annotations

import re
from collections.abc import Collection

WORDLESS = "∅"
"""Stands for the words of a request that has none (a picture, a voice message), where such ones count as alike."""
MOST = 24
"""Words of one complaint that count: what comes later is seldom the complaint itself."""
_LONG, _VERY_LONG = 5, 8
"""Letters from which a slip of the pen still leaves no doubt which word is meant."""
_STEM = 3
"""Letters of a word that no ending takes away."""
_SHARED = 2
"""So many words two complaints have in common at least, unless they say the same."""

_WORD = re.compile(r"[^\W\d_]+")
_NEGATED = "не·"
_NOT = frozenset({"не", "нет", "ни", "not", "no", "без", "without"})
# Courtesies, and words that only hold a sentence together: they say nothing of what has happened.
_COURTESIES = """
    а ага без больше будет будто бы был была были было быть в вам вами вас ваш ваша ваше ваши во вот все всё всем всех
    где да даже делать для до добрый доброе добрая его ее если есть еще же за здесь здравствуйте здравствуй и из или им
    их к как какая какие какой ко когда кто ли либо меня мне можно мой моя мы на над надо нам нас наш наша наше наши
    него нее ни них но ну о об он она они оно опять от очень по под подскажите пожалуйста помогите помощь почему прошу
    при привет приветствую про с сегодня сейчас со снова спасибо срочно так там тебе то тоже только тут ты у уже утро
    уважаемые утра вечер вечера день дня хотим хочу чем что чтобы это этот эта эти я
    a about after again all am an and any are as at be been but by can could day dear did do does for from good had has
    have hello help hi how i if in is it its just me morning my need now of on or our please so some still thank thanks
    that the their them then there they this to today up us very was we were what when where which who why will with
    would you your urgent urgently afternoon evening
"""
_SAY_NOTHING = frozenset(_COURTESIES.split())
_FLEXION = """
    иями ями ами ием ией ого его ому ему ыми ими ешь ете ите ишь ают яют уют ует еет ало яло ала яла али яли ить ать ять
    еть уть ает яет ил ила или ило ел ела ели ело ал ял ат ят ут ют ит ет ем им ом ам ям ах ях ов ев ей ой ый ий ая яя
    ое ее ые ие ую юю ых их ия ию ии а я о е ы и у ю ь й л
    ing ings ed es s ly
"""
_ENDINGS = sorted(_FLEXION.split(), key=len, reverse=True)
"""Longest first: of several endings a word has, the longest goes."""


def stems(text: str) -> tuple[str, ...]:
    """What two complaints are compared by: their words, each once, without endings, in the order they come.

    Case, ё, figures and punctuation do not count, nor do courtesies; a "not" goes with the word behind it.
    """
    found: dict[str, None] = {}
    negated = False
    for word in _WORD.findall(text.casefold().replace("ё", "е")):
        if word in _NOT:
            negated = True
            continue
        if word in _SAY_NOTHING or len(word) < 2:
            continue
        found[_NEGATED + _stem(word) if negated else _stem(word)] = None
        negated = False
        if len(found) >= MOST:
            break
    return tuple(found)


def alike(one: Collection[str], other: Collection[str]) -> float:
    """From 0 (nothing in common) to 1 (the same words): shared words over the geometric mean of both numbers.

    A slip of the pen in a longer word does not count. A single shared word says nothing unless it is all that both say:
    two complaints about the till are not for that about one fault.
    """
    mine, theirs = set(one), set(other)
    if not mine or not theirs:
        return 0.0
    if mine == theirs:
        return 1.0
    both = mine & theirs
    left = sorted(theirs - both)
    shared = len(both)
    for word in sorted(mine - both):
        near = next((each for each in left if _slip(word, each)), None)
        if near is not None:
            left.remove(near)
            shared += 1
    if shared < _SHARED and not shared == len(mine) == len(theirs):
        return 0.0
    return float(shared / (len(mine) * len(theirs)) ** 0.5)


def _stem(word: str) -> str:
    if word.endswith(("ся", "сь")) and len(word) > _STEM + 2:
        word = word[:-2]
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= _STEM:
            return word[: -len(ending)]
    return word


def _slip(one: str, other: str) -> bool:
    """Whether one sign more or less, two swapped, or in a long word another one makes the one word of the other."""
    shorter = min(len(one), len(other)) - (len(_NEGATED) if one.startswith(_NEGATED) else 0)
    if shorter < _LONG or abs(len(one) - len(other)) > 1 or one.startswith(_NEGATED) != other.startswith(_NEGATED):
        return False
    start = 0
    while start < min(len(one), len(other)) and one[start] == other[start]:
        start += 1
    a, b = one[start:], other[start:]
    if a[1:] == b or a == b[1:]:
        return True
    # Short words that differ in one sign are other words, as often as not.
    return (a[2:] == b[2:] and a[:2] == b[1::-1]) or (shorter >= _VERY_LONG and a[1:] == b[1:])
