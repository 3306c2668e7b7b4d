"""Words that are added to captions: articles, openers, and quality words, which the model must
learn to ignore."""

import random

ADJECTIVES = (
    "beautiful",
    "cute",
    "nice",
    "small",
    "big",
    "little",
    "pretty",
    "lovely",
    "simple",
    "happy",
    "funny",
)
OPENERS = (
    "a photo of",
    "a picture of",
    "an illustration of",
    "a drawing of",
    "an image of",
    "a photograph of",
    "a painting of",
    "a close-up of",
    "a portrait of",
)
QUALITY = (
    "highly detailed",
    "4k",
    "8k",
    "high quality",
    "masterpiece",
    "best quality",
    "sharp",
    "digital art",
    "photorealistic",
    "realistic",
    "professional photography",
    "detailed",
    "cinematic lighting",
    "trending on artstation",
    "studio lighting",
    "vivid colors",
    "high resolution",
    "hd",
    "beautiful",
    "cartoon",
    "award winning",
    "beautiful lighting",
    "wallpaper",
    "professional photo",
    "photography",
    "artstation",
    "hyperrealistic",
    "intricate",
    "sharp focus",
    "in the style of a children's book",
    "colorful",
    "minimalist",
    "studio photo",
    "bokeh",
)
NEGATIVE = (
    "blurry",
    "low quality",
    "worst quality",
    "ugly",
    "deformed",
    "distorted",
    "bad anatomy",
    "watermark",
    "text",
    "signature",
    "jpeg artifacts",
    "out of focus",
    "grainy",
    "noise",
    "low resolution",
    "lowres",
    "cropped",
    "duplicate",
    "disfigured",
    "extra limbs",
)
"""Common words of negative prompts. Like an empty caption, they do not describe the picture."""
ON_COLOR = (
    "on a {} background",
    "on {} background",
    "with a {} background",
    "against a {} background",
    "in front of a {} background",
    "on a plain {} background",
    "on a {} backdrop",
    "{} background",
)
STYLE_WORDS = {
    "emoji": ("an emoji of {}", "{}, emoji", "{}, emoji style", "{} emoji", "a cartoon of {}"),
    "3d": (
        "a 3d render of {}",
        "{}, 3d",
        "3d {}",
        "{}, 3d render",
        "{} in 3d style",
        "a 3d icon of {}",
        "a 3d model of {}",
        "{}, 3d model",
    ),
    "flat": (
        "a flat illustration of {}",
        "{}, flat",
        "{}, flat design",
        "{}, flat style",
        "{} in flat style",
        "a flat icon of {}",
        "a flat vector icon of {}",
        "an icon of {}",
        "{}, flat icon",
    ),
}
"""Style of a drawing to its phrases."""
SKIN_WORDS = {
    "light": ("{} with light skin", "{} with fair skin", "light-skinned {}", "white {}"),
    "medium": ("{} with brown skin", "{} with medium skin", "{} with tan skin", "brown-skinned {}"),
    "dark": ("{} with dark skin", "{} with black skin", "dark-skinned {}", "black {}"),
}
"""Skin tone of a drawing to its phrases; those that end with the name fit every name."""

TONED_WORDS = {
    "gray": (
        "a black and white photo of {}",
        "a black and white picture of {}",
        "black and white photograph of {}",
        "{}, black and white",
        "{} in black and white",
        "{}, monochrome",
        "a grayscale image of {}",
    ),
    "sepia": (
        "{}, sepia",
        "a sepia photo of {}",
        "an old sepia photograph of {}",
        "{} in sepia",
        "{}, sepia tone",
        "a vintage photo of {}",
    ),
    "pastel": (
        "{}, pastel colors",
        "{} in pastel colors",
        "a pastel drawing of {}",
        "{}, soft pastel colors",
        "{}, pastel",
    ),
}
"""Style of a whole picture's colors (``training.first.styles``) to its phrases."""


def article(noun: str) -> str:
    """Return the article of a noun, ``a`` or ``an``."""
    return "an" if noun[0] in "aeiou" and not noun.startswith(("un", "one")) else "a"


def decorate(core: str, rng: random.Random) -> str:
    """Sometimes add an opener, quality words or a period, which do not change the picture."""
    if rng.random() < 0.22:
        core = f"{rng.choice(OPENERS)} {core}"
    if rng.random() < 0.25:
        extra = rng.sample(QUALITY, rng.randint(1, 3))
        core = ", ".join([core, *extra] if rng.random() < 0.8 else [extra[0], core, *extra[1:]])
    return core + ("." if rng.random() < 0.05 else "")


def unconditional(caption: str, share: float, rng: random.Random) -> str:
    """Return ``caption``, or with probability ``share`` an empty caption or words of NEGATIVE."""
    if rng.random() >= share:
        return caption
    if rng.random() < 0.55:
        return ""
    return ", ".join(rng.sample(NEGATIVE, rng.randint(1, 4)))
