"""Captions by template. Words about quality and medium are there to be ignored."""

import random
from collections.abc import Sequence

from training.first.concepts import COLOR_WORDS, PLACES, Concept
from training.language.phrases import ADJECTIVES, ON_COLOR, article, decorate, unconditional

TERRAIN_NAMES: dict[str, tuple[str, ...]] = {
    "mountains": (
        "mountains",
        "the mountains",
        "a mountain landscape",
        "a mountain range",
        "mountain peaks",
        "a landscape with mountains",
        "a mountain",
    ),
    "snow": (
        "a snowy landscape",
        "snowy mountains",
        "a winter landscape",
        "snow",
        "a snowy field",
        "a winter forest",
        "snow covered mountains",
    ),
    "sea": ("the sea", "the ocean", "a calm sea", "an ocean", "a seascape", "a blue ocean"),
    "beach": ("a beach", "the beach", "a tropical beach", "a sandy beach", "a seashore"),
    "lake": ("a lake", "a mountain lake", "a lake with mountains", "a lake in the mountains"),
    "forest": ("a forest", "the forest", "the woods", "a pine forest", "a green forest", "trees"),
    "desert": ("a desert", "the desert", "sand dunes", "a desert with cactus", "desert dunes"),
    "city": (
        "a city",
        "the city",
        "a city skyline",
        "a town",
        "skyscrapers",
        "a cityscape",
        "city buildings",
    ),
    "future": (
        "a futuristic city with flying cars",
        "a futuristic city",
        "a sci-fi city",
        "flying cars over a city",
        "a cyberpunk city",
        "a futuristic city with flying cars",
        "a city of the future with flying vehicles",
        "a futuristic skyline",
    ),
    "meadow": (
        "a meadow",
        "a field",
        "green hills",
        "a green field",
        "a field of flowers",
        "a grassy meadow",
        "a countryside landscape",
        "a garden",
        "a landscape",
    ),
    "sky": ("the sky", "clouds", "a sky with clouds", "a cloudy sky"),
    "space": ("space", "outer space", "planets and stars", "the galaxy", "a planet in space"),
}
TIME_WORDS: dict[str, tuple[str, ...]] = {
    "day": ("", "", "", "during the day", "on a sunny day", "under a blue sky"),
    "sunset": ("at sunset", "at dusk", "in the evening", "with a sunset", "during sunset"),
    "sunrise": (
        "at sunrise",
        "at dawn",
        "in the morning",
        "with a sunrise",
        "in the early morning",
    ),
    "night": (
        "at night",
        "by night",
        "under the stars",
        "with stars and moon",
        "in the moonlight",
        "under the moon",
        "at midnight",
    ),
}
NIGHT_SKY = (
    "a night sky with stars and moon",
    "a starry night",
    "a starry sky",
    "the moon",
    "night sky",
    "stars and moon",
)


def noun_phrase(name: str, color: str, rng: random.Random) -> str:
    """Return article, perhaps an adjective, the color if given, and the name."""
    words = [rng.choice(COLOR_WORDS.get(color, (color,)))] if color else []
    if rng.random() < 0.18:
        words.insert(0, rng.choice(ADJECTIVES))
    phrase = " ".join([*words, name])
    roll = rng.random()
    if roll < 0.12 or name in ("cherries", "coffee", "tea"):
        return phrase
    return f"the {phrase}" if roll < 0.2 else f"{article(phrase)} {phrase}"


def pick_name(concept: Concept, rng: random.Random) -> str:
    """Return the main name more than half of the time, else a synonym."""
    return concept.names[0] if rng.random() < 0.6 else rng.choice(concept.names)


def object_caption(concept: Concept, color: str, background: str, rng: random.Random) -> str:
    """Caption one object; an empty color or background is not spoken of."""
    core = noun_phrase(pick_name(concept, rng), color, rng)
    if background:
        word = rng.choice(COLOR_WORDS.get(background, (background,)))
        core += (", " if rng.random() < 0.06 else " ") + rng.choice(ON_COLOR).format(word)
    return decorate(core, rng)


def place_caption(concept: Concept, place: str, rng: random.Random) -> str:
    """Caption one object in a place."""
    verb = rng.choice(("", "", "", "", "standing ", "sitting ", "alone "))
    core = noun_phrase(pick_name(concept, rng), "", rng)
    return decorate(f"{core} {verb}{rng.choice(PLACES[place])}", rng)


def pair_caption(first: Concept, second: Concept, rng: random.Random) -> str:
    """Caption two objects, the left one first."""
    left = noun_phrase(pick_name(first, rng), "", rng)
    right = noun_phrase(pick_name(second, rng), "", rng)
    return decorate(f"{left} {rng.choice(('and', 'and', 'next to', 'with'))} {right}", rng)


def scene_caption(terrain: str, time: str, rng: random.Random) -> str:
    """Caption a landscape at an hour."""
    name = rng.choice(TERRAIN_NAMES[terrain])
    if terrain == "space":
        return decorate(name, rng)
    if terrain == "sky" and time == "night":
        return decorate(rng.choice(NIGHT_SKY), rng)
    if time in ("sunset", "sunrise") and rng.random() < 0.5:
        bare = name.removeprefix("a ").removeprefix("an ").removeprefix("the ")
        adjective = rng.choice(("beautiful ", "", "", "red ", "colorful "))
        start = f"{article(adjective or time)} {adjective}{time}"
        core = (
            f"{start} {rng.choice(('over', 'over', 'in', 'behind'))} "
            f"{rng.choice((bare, 'the ' + bare, name))}"
        )
        return decorate(start if rng.random() < 0.12 else core, rng)
    core = f"{name} {rng.choice(TIME_WORDS[time])}".strip()
    if rng.random() < 0.15 and name.startswith("a "):
        core = f"a {rng.choice(ADJECTIVES)} {core[2:]}"
    return decorate(core, rng)


def corpus(concepts: Sequence[Concept], count: int, seed: int) -> list[str]:
    """Return captions of every kind, for the tokenizer."""
    rng, places = random.Random(seed), list(PLACES)
    colors = (
        "",
        "",
        *COLOR_WORDS,
        "white",
        "black",
        "red",
        "orange",
        "yellow",
        "green",
        "blue",
        "pink",
        "brown",
    )
    made = []
    for i in range(count):
        concept = concepts[i % len(concepts)]
        made.append(object_caption(concept, rng.choice(colors), rng.choice(colors), rng))
        made.append(place_caption(concept, rng.choice(places), rng))
        terrain = rng.choice(list(TERRAIN_NAMES))
        made.append(scene_caption(terrain, rng.choice(list(TIME_WORDS)), rng))
        if i % 8 == 0:
            made.append(unconditional("", 1.0, rng))
    return made
