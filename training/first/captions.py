"""Captions from templates. Words about quality and medium do not change the picture; the model
must learn to ignore them."""

import random
import re
from collections.abc import Sequence

from training.first.concepts import COLOR_WORDS, COLORS, CONCEPTS, PLACES, SETS, Thing, Together
from training.first.finishes import FINISHES
from training.language.phrases import (
    ADJECTIVES,
    ON_COLOR,
    SKIN_WORDS,
    STYLE_WORDS,
    TONED_WORDS,
    article,
    decorate,
    unconditional,
)
from training.language.wording import place_words, plural
from training.pictures import places

BARE = (
    *("cherries", "coffee", "tea", "grapes", "french fries", "fries", "chips", "glasses", "shoes"),
    *("sunglasses", "sneakers", "bread", "toast", "wine", "corn", "broccoli", "flowers", "cheese"),
    *("gloves", "socks", "high heels", "books", "blueberries", "sushi", "salad", "soup", "popcorn"),
)
"""Names that mostly have no article."""
PEOPLE = tuple(thing for thing in CONCEPTS if thing.icons[0].toned)
"""Things that are drawn in several skin tones."""
NUMBERS = {2: ("two", "two", "two", "a pair of"), 3: ("three", "three", "three", "some")}
LINKS = ("and", "and", "next to", "with")
HOLDING = ("holding", "with", "with", "and")
"""Words between a person and another thing."""
SILHOUETTES = ("a silhouette of", "the silhouette of", "a black silhouette of", "silhouette of")
_WORDS = {w for color in COLORS for w in COLOR_WORDS.get(color, (color,))} | {"golden", "gold"}
COLORED = re.compile(rf"\b({'|'.join(sorted(_WORDS, key=len, reverse=True))})\b")
"""Finds the name of a color in a caption."""


def noun_phrase(name: str, color: str, rng: random.Random, tone: str = "") -> str:
    """Return article, perhaps an adjective, the color and the skin tone if given, and the name."""
    words = [rng.choice(COLOR_WORDS.get(color, (color,)))] if color else []
    if rng.random() < 0.18:
        words.insert(0, rng.choice(ADJECTIVES))
    phrase = " ".join([*words, skinned(name, tone, rng) if tone else name])
    roll = rng.random()
    if roll < (0.7 if name in BARE else 0.1):
        return phrase
    return f"the {phrase}" if rng.random() < 0.09 else f"{article(phrase)} {phrase}"


def skinned(name: str, tone: str, rng: random.Random) -> str:
    """Add a skin tone to a name. "with" comes once: "a dark-skinned man with a beard"."""
    long = " with " in name or " riding " in name
    fit = [words for words in SKIN_WORDS[tone] if not long or words.endswith("{}")]
    return rng.choice(fit).format(name)


def pick_name(concept: Thing, rng: random.Random) -> str:
    """Return the main name more than half of the time, else a synonym."""
    return concept.names[0] if rng.random() < 0.6 else rng.choice(concept.names)


def _on(background: str, rng: random.Random) -> str:
    if not background:
        return ""
    word = rng.choice(COLOR_WORDS.get(background, (background,)))
    return (", " if rng.random() < 0.06 else " ") + rng.choice(ON_COLOR).format(word)


def object_caption(
    concept: Thing, color: str, background: str, rng: random.Random, tone: str = ""
) -> str:
    """Caption one object. An empty color, background or skin tone is not mentioned."""
    core = noun_phrase(pick_name(concept, rng), color, rng, tone)
    return decorate(core + _on(background, rng), rng)


def finished_caption(
    concept: Thing, color: str, ground: str, finish: str, rng: random.Random, tone: str = ""
) -> str:
    """Caption one object in a style of ``training.first.finishes``; ``ground``: the words about
    what is behind it, with a space or comma before them."""
    core = noun_phrase(pick_name(concept, rng), color, rng, tone)
    first = core.split()[0]
    if finish == "3d" and first in ("a", "an") and rng.random() < 0.2:
        return f"a 3d {core.removeprefix(first).strip()}{ground}"
    styled = rng.choice([words for words in STYLE_WORDS[finish] if not words.startswith("3d")])
    return styled.format(core + ground)


def finished_in_place(concept: Thing, place: str, finish: str, rng: random.Random) -> str:
    """Caption one object in a place, in a style."""
    return finished_caption(concept, "", f" {rng.choice(PLACES[place])}", finish, rng)


def finished_on(
    concept: Thing, color: str, background: str, finish: str, rng: random.Random, tone: str = ""
) -> str:
    """Caption one object on a plain background, in a style."""
    return finished_caption(concept, color, _on(background, rng), finish, rng, tone)


def silhouette_caption(concept: Thing, background: str, rng: random.Random) -> str:
    """Caption the black shape of one object."""
    name = pick_name(concept, rng)
    shape = f"{rng.choice(SILHOUETTES)} {name if name in BARE else f'{article(name)} {name}'}"
    return decorate(shape + _on(background, rng), rng)


def style_caption(style: str, caption: str, rng: random.Random) -> str:
    """Add the words of a style of ``training.first.styles`` to a caption."""
    return rng.choice(TONED_WORDS[style]).format(caption.rstrip("."))


def place_caption(concept: Thing, place: str, rng: random.Random, tone: str = "") -> str:
    """Caption one object in a place."""
    core = noun_phrase(pick_name(concept, rng), "", rng, tone)
    alone = places.words().alone.get(place)
    if alone and rng.random() < 0.12:
        return decorate(f"{rng.choice(alone)} {rng.choice(('with', 'and'))} {core}", rng)
    verb = rng.choice(("", "", "", "", "standing ", "sitting ", "alone "))
    return decorate(f"{core} {verb}{rng.choice(PLACES[place])}", rng)


def pair_caption(
    first: Thing, second: Thing, background: str, rng: random.Random, tone: str = ""
) -> str:
    """Caption two objects, the left one first. ``tone``: the skin tone of the first one."""
    left = noun_phrase(pick_name(first, rng), "", rng, tone)
    right = noun_phrase(pick_name(second, rng), "", rng)
    held = first.group == "person" and second.group != "person"
    core = f"{left} {rng.choice(HOLDING if held else LINKS)} {right}"
    return decorate(core + _on(background, rng), rng)


def count_caption(
    concept: Thing, number: int, color: str, background: str, rng: random.Random, finish: str = ""
) -> str:
    """Caption two or three of one thing, perhaps in a style of ``training.first.finishes``."""
    words = [rng.choice(NUMBERS[number])]
    if color:
        words.append(rng.choice(COLOR_WORDS.get(color, (color,))))
    core = " ".join([*words, plural(concept.names[0])]) + _on(background, rng)
    if finish:
        return rng.choice(STYLE_WORDS[finish]).format(core)
    return decorate(core, rng)


def set_caption(group: Together, rng: random.Random) -> str:
    """Caption a named set of things, sometimes with its place."""
    name = group.names[0] if rng.random() < 0.4 else rng.choice(group.names)
    bare = name.split()[0].endswith("s") or rng.random() < 0.2
    core = name if bare else f"{article(name)} {name}"
    if rng.random() < 0.4:
        core += f" {rng.choice(PLACES[group.place])}"
    return decorate(core, rng)


def scene_caption(place: str, hour: str, rng: random.Random) -> str:
    """Caption a place at an hour."""
    return decorate(place_words(place, hour, rng), rng)


def corpus(concepts: Sequence[Thing], count: int, seed: int) -> list[str]:
    """Return captions of every kind, for the tokenizer."""
    rng = random.Random(seed)
    colors = ("", "", *COLORS, "golden")
    alone = places.words().alone
    made = []
    for i in range(count):
        concept, other = concepts[i % len(concepts)], rng.choice(CONCEPTS)
        color, background = rng.choice(colors), rng.choice(colors)
        made.append(object_caption(concept, color, background, rng))
        made.append(place_caption(concept, rng.choice(list(PLACES)), rng))
        place = rng.choice(list(alone))
        made.append(scene_caption(place, rng.choice(places.hours(place)), rng))
        if i % 4 == 0:
            made.append(pair_caption(concept, other, "", rng))
            made.append(count_caption(concept, rng.choice((2, 3)), color, "", rng))
            made.append(set_caption(rng.choice(SETS), rng))
            made.append(silhouette_caption(concept, background, rng))
            made.append(style_caption(rng.choice(tuple(TONED_WORDS)), made[-2], rng))
            made.append(finished_on(concept, color, "", rng.choice(FINISHES), rng))
            tone = rng.choice(tuple(SKIN_WORDS))
            made.append(object_caption(rng.choice(PEOPLE), "", "", rng, tone))
        if i % 8 == 0:
            made.append(unconditional("", 1.0, rng))
    return made
