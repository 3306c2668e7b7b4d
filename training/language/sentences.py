"""Captions, each with the layout of its picture. Seeded and fast, because nothing is drawn here.

A picture is a background (a color, a gradient or a place) with up to seven drawings on it.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field

from training.language.phrases import (
    ADJECTIVES,
    ON_COLOR,
    STYLE_WORDS,
    article,
    decorate,
)
from training.language.vocabulary import COLOR_WORDS, COLORS, groups, things
from training.language.wording import place_words, plural, together
from training.pictures import places
from training.pictures.layouts import Ground, Placed, Spot, arranged, in_place, over, single
from training.tiles import Drawing

NUMBERS = ("", "", "two", "three", "four", "five", "six")
MASS = ("coffee", "tea", "wine", "milk", "juice", "money", "rice", "bread", "corn", "hair")
PEOPLE = ("person", "monster")
PASTEL = ("light blue", "yellow", "pink", "green", "orange", "purple", "gray")
KINDS = ("one", "count", "pair", "place", "placed", "set", "group")
SHARES = (0.36, 0.06, 0.1, 0.17, 0.19, 0.1, 0.02)
FAVORITES = {
    "mountains": 3.0,
    "future": 2.4,
    "city": 1.5,
    "space": 1.2,
    "beach": 1.5,
    "forest": 1.3,
}
HOUR_SHARES = {"day": 5, "sunset": 3, "sunrise": 1.2, "night": 2.6, "rain": 0.8, "snowfall": 0.6}


@dataclass(frozen=True)
class Picture:
    """A caption, the background, and the drawings on it, the farthest first."""

    caption: str
    ground: Ground
    placed: tuple[Placed, ...] = ()


@dataclass
class Sentences:
    """Makes random pictures. Each worker has its own random generator."""

    drawings: Sequence[Drawing]
    rng: random.Random
    _by_thing: dict[int, list[int]] = field(init=False)

    def __post_init__(self) -> None:
        self._by_thing = {}
        for number, drawing in enumerate(self.drawings):
            self._by_thing.setdefault(drawing.thing, []).append(number)

    def draw(self) -> Picture:
        """Return a picture of a random kind."""
        kind = self.rng.choices(KINDS, SHARES)[0]
        made: Picture = getattr(self, kind)()
        return made

    def pick(self, thing: int, color: str = "") -> int:
        """Select a drawing of a thing: in its own color or in ``color``, mostly in the emoji
        style."""
        wanted = color or things()[thing].color
        pool = [n for n in self._by_thing[thing] if self.drawings[n].color == wanted]
        pool = pool or self._by_thing[thing]
        style = self.rng.choices(("emoji", "3d", "flat"), (0.6, 0.25, 0.15))[0]
        styled = [n for n in pool if self.drawings[n].style == style]
        return self.rng.choice(styled or pool)

    def name(self, thing: int) -> str:
        """Return the main name in half of the calls, else a synonym or, rarely, the group."""
        names, roll = things()[thing].names, self.rng.random()
        if roll < 0.03 and things()[thing].group not in ("object", "monster"):
            return things()[thing].group
        return names[0] if roll < 0.5 else self.rng.choice(names)

    def noun(self, thing: int, color: str = "", *, adjective: float = 0.16) -> str:
        """Return a noun phrase: article, sometimes an adjective, the color if given, and a name."""
        name = self.name(thing)
        if color:
            word = self.rng.choice(COLOR_WORDS.get(color, (color,)))
            head, of, last = name.rpartition(" of ")
            name = f"{head}{of}{word} {last}" if of else f"{word} {name}"
        if self.rng.random() < adjective:
            name = f"{self.rng.choice(ADJECTIVES)} {name}"
        roll = self.rng.random()
        if roll < 0.1 or name.split()[-1] in MASS or (name.endswith(("s", "food")) and roll < 0.7):
            return name
        return f"the {name}" if roll < 0.17 else f"{article(name)} {name}"

    def some_thing(self) -> int:
        """Return the number of a random thing."""
        return self.rng.randrange(len(things()))

    def color_of(self, thing: int) -> str:
        """Return a color of the thing to draw and to mention in the caption, or "" for none."""
        roll, table = self.rng.random(), things()[thing]
        if table.colors and roll < 0.4:
            return self.rng.choice(table.colors)
        return table.color if roll < 0.62 else ""

    def styled(self, core: str, tile: int) -> str:
        """Add the style of the drawing to a part of the captions, and decorate the others."""
        style = self.drawings[tile].style
        if self.rng.random() < (0.12 if style == "emoji" else 0.45):
            return self.rng.choice(STYLE_WORDS[style]).format(core)
        return decorate(core, self.rng)

    def plain_ground(self) -> tuple[Ground, str]:
        """Return a background of one or two colors, and its words in the caption, mostly none."""
        roll = self.rng.random()
        if roll < 0.4:
            spoken = self.rng.choice(tuple(COLORS))
            word = self.rng.choice(COLOR_WORDS.get(spoken, (spoken,)))
            comma = ", " if self.rng.random() < 0.06 else " "
            return Ground.of(spoken, self.rng, 0.06), comma + self.rng.choice(ON_COLOR).format(word)
        if roll < 0.68:
            return Ground.of("white", self.rng, 0), ""
        return Ground.soft(self.rng.choice(PASTEL), self.rng), ""

    def one(self) -> Picture:
        """One large thing, mostly on a color."""
        thing = self.some_thing()
        color = self.color_of(thing)
        tile = self.pick(thing, color)
        upright = things()[thing].group in ("person", "building", "vehicle", "piece of furniture")
        if self.rng.random() < 0.1:
            return self.placed(thing, spoken=False)
        ground, words = self.plain_ground()
        put = single(tile, self.rng, 4 if upright else 12, color != "" or upright)
        return Picture(self.styled(self.noun(thing, color) + words, tile), ground, (put,))

    def count(self) -> Picture:
        """Two to six of one thing."""
        thing, number = self.some_thing(), self.rng.choices((2, 3, 4, 5, 6), (5, 4, 2, 1, 1))[0]
        color = self.color_of(thing) if self.rng.random() < 0.3 else ""
        tile = self.pick(thing, color)
        word = self.rng.choice(COLOR_WORDS.get(color, (color,))) + " " if color else ""
        said = (
            NUMBERS[number] if self.rng.random() < 0.85 else ("some" if number > 2 else "a pair of")
        )
        core = f"{said} {word}{plural(things()[thing].names[0])}"
        tiles = [
            tile if self.rng.random() < 0.7 else self.pick(thing, color) for _ in range(number)
        ]
        return self._several(core, tiles, things()[thing].homes)

    def _several(self, core: str, tiles: list[int], homes: Sequence[str]) -> Picture:
        spots = arranged(len(tiles), self.rng)
        if self.rng.random() < 0.45:
            place = self.rng.choice(homes)
            spoken = self.rng.random() < 0.6
            ground, where = self.ground_of(place, spoken)
            spots = [in_place(spot, place) for spot in spots]
            core += where
        else:
            ground, where = self.plain_ground()
            core += where
        put = tuple(s.put(t, self.rng) for s, t in zip(spots, tiles, strict=True))
        return Picture(decorate(core, self.rng), ground, put)

    def pair(self) -> Picture:
        """Two things, one beside or above the other."""
        first, second = self.rng.sample(range(len(things())), 2)
        if self.rng.random() < 0.3:
            first = self.rng.choice(next(g for g in groups() if g.name == "person").members)
        colors = [self.color_of(n) if self.rng.random() < 0.4 else "" for n in (first, second)]
        tiles = [self.pick(n, c) for n, c in zip((first, second), colors, strict=True)]
        left, right = (
            self.noun(n, c, adjective=0.06) for n, c in zip((first, second), colors, strict=True)
        )
        if self.rng.random() < 0.22:
            link = self.rng.choice(("on", "on top of", "over", "above", "flying over"))
            spots, (ground, where) = over(link.startswith("on"), self.rng), self.plain_ground()
            put = (spots[1].put(tiles[1], self.rng), spots[0].put(tiles[0], self.rng))
            return Picture(decorate(f"{left} {link} {right}{where}", self.rng), ground, put)
        held = things()[first].group == "person" and things()[second].group not in PEOPLE
        links = (
            ("holding", "with", "and", "next to")
            if held
            else ("and", "and", "next to", "with", "beside")
        )
        core = f"{left} {self.rng.choice(links)} {right}"
        return self._several(core, tiles, things()[first].homes)

    def ground_of(self, place: str, spoken: bool) -> tuple[Ground, str]:
        """Return a place at an hour as the background, and its words in the caption; no words if
        not ``spoken``."""
        if place == "night":
            where = self.rng.choice(places.words().at["night"])
            return Ground.place("sky", "night", self.rng), f" {where}" if spoken else ""
        hour = self._hour(place)
        ground = Ground.place(place, hour, self.rng)
        if not spoken:
            return Ground.place(place, places.hours(place)[0], self.rng), ""
        where = self.rng.choice(places.words().at[place])
        when = self.rng.choice(places.words().when[hour]) if place not in places.INDOORS else ""
        return ground, f" {where} {when}".rstrip()

    def _hour(self, place: str) -> str:
        hours = places.hours(place)
        return self.rng.choices(hours, [HOUR_SHARES[h] for h in hours])[0]

    def placed(self, thing: int | None = None, *, spoken: bool = True) -> Picture:
        """One thing in a place, mostly one of its usual places (homes)."""
        thing = self.some_thing() if thing is None else thing
        homes = things()[thing].homes
        place = self.rng.choice(homes if self.rng.random() < 0.8 else places.PLACES)
        color = self.color_of(thing) if self.rng.random() < 0.5 else ""
        tile = self.pick(thing, color)
        ground, where = self.ground_of(place, spoken)
        spot = in_place(Spot(0.5, 0.5, self.rng.uniform(0.6, 0.86)), place)
        put = spot.moved(self.rng.uniform(-0.14, 0.14), 0).put(tile, self.rng)
        core = self.noun(thing, color)
        if spoken and place != "night" and self.rng.random() < 0.15:
            core = f"{self.rng.choice(places.words().alone[place])} with {core}"
            where = ""
        elif spoken:
            core += self.rng.choice(("", "", "", "", " standing", " alone", " sitting"))
        return Picture(self.styled(core + where, tile), ground, (put,))

    def place(self) -> Picture:
        """A place without things, at an hour."""
        weights = [FAVORITES.get(place, 1.0) for place in places.PLACES]
        place = self.rng.choices(places.PLACES, weights)[0]
        hour = self._hour(place)
        caption = decorate(place_words(place, hour, self.rng), self.rng)
        return Picture(caption, Ground.place(place, hour, self.rng))

    def set(self) -> Picture:
        """A named set of things in its place."""
        chosen = self.rng.choice(together())
        number = self.rng.randint(chosen.least, chosen.most)
        members = list(chosen.members)
        if chosen.front in members and chosen.front is not None:
            members.remove(chosen.front)
        drawn = [self.rng.choice(members) for _ in range(number)]
        if number <= len(members):
            drawn = self.rng.sample(members, number)
        tiles = [self.pick(n) for n in drawn]
        spoken = self.rng.random() < 0.4
        ground, where = self.ground_of(chosen.place, spoken)
        spots = [in_place(s, chosen.place) for s in arranged(number, self.rng)]
        put = [s.put(t, self.rng) for s, t in zip(spots, tiles, strict=True)]
        if chosen.front is not None:
            put = [p.scaled(0.75, -0.08) for p in put]
            put.append(Spot(0.5, 0.74, 0.4).put(self.pick(chosen.front), self.rng))
        name = self.rng.choice(chosen.names)
        bare = name.split()[0].endswith("s") or self.rng.random() < 0.2
        core = name if bare else f"{article(name)} {name}"
        return Picture(decorate(core + where, self.rng), ground, tuple(put))

    def group(self) -> Picture:
        """Three to five things of one group. The caption has only the name of the group."""
        kind = self.rng.choice(groups())
        number = min(self.rng.randint(3, 5), len(kind.members))
        drawn = self.rng.sample(kind.members, number)
        core = kind.plural if self.rng.random() < 0.7 else f"some {kind.plural}"
        return self._several(core, [self.pick(n) for n in drawn], things()[drawn[0]].homes)
