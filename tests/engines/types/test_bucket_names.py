"""Which names reach S3: AWS's rules for buckets, and folders in every spelling."""

from __future__ import annotations

import pickle
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engines.errors import Forbidden, InvalidParameters
from engines.types.buckets import ANY_BUCKET, AllowedBuckets, check_bucket, check_folder

SETTING = "INFERLOOP_S3_EXPORT_BUCKETS"
PLAIN = ["abc", "a-b", "a.b", "my.bucket.name", "1bucket", "2026-images", "a" * 63, "a--b", "1.2.3"]
NONE_LENGTH = ["", "a", "ab", "a" * 64, "a" * 10_000]
NONE_CHARACTERS = [
    *("Bucket", "a_b", "a b", " abc", "abc ", "abc\n", "a/b", "a:b", "a*c", "ünder", "ab\x00c"),
    *("s3://abc", "abc?x=1", "abc#x", "abc@host", "a\\b", "%61bc", "аbc", "abc\u200b"),
]
NONE_SHAPE = ["-abc", "abc-", ".abc", "abc.", "a..b", "a.-b", "abc-.", "192.168.1.10", "0.0.0.0"]
ALIASES = [
    *("my-point-s3alias", "x--ol-s3", "x.mrap", "x--x-s3", "x--xa-s3", "x--op-s3", "x--table-s3"),
    *("xn--bucket", "sthree-bucket", "arn:aws:s3:eu-west-1:123456789012:accesspoint/x"),
]


@pytest.mark.parametrize("name", PLAIN)
def test_a_plain_name_is_a_bucket(name: str) -> None:
    assert check_bucket(name) == name


@pytest.mark.parametrize("name", [*NONE_LENGTH, *NONE_CHARACTERS, *NONE_SHAPE, *ALIASES])
def test_anything_else_is_none_and_is_named_by_its_parameter(name: str) -> None:
    with pytest.raises(InvalidParameters) as refused:
        check_bucket(name, "target")
    details = refused.value.details
    assert details["parameter"] == "target"
    assert "S3 bucket name" in str(details["constraint"])
    assert str(details["value"]).isascii()
    assert str(details["value"]).isprintable()


@pytest.mark.parametrize("name", ["my-point-s3alias", "x.mrap", "x--x-s3"])
def test_an_alias_is_told_to_be_one(name: str) -> None:
    with pytest.raises(InvalidParameters, match="alias of an access point"):
        check_bucket(name)


# Folders

FOLDERS = {
    "": "",
    "/": "",
    "a": "a",
    "a/": "a",
    "/a": "a",
    "/a/b/": "a/b",
    ".hidden": ".hidden",
    "a/..b": "a/..b",
    "a/b...": "a/b...",
    "a b/c d": "a b/c d",
    "鳥/🦊": "鳥/🦊",
    "a%2Fb": "a%2Fb",
    "100%": "100%",
    "a=b&c": "a=b&c",
}
ELSEWHERE = [
    *("//", "///", "a//b", "//a", "a//", ".", "..", "/..", "../", "a/..", "a/.", "./a", "..."),
    *(" ", "a/ /b", "a/. ./b", ". .", "%2e", "%2E%2e", "%2e%2e%2f", "a/%2e%2e/b", "%2f", "a/%2f/b"),
    *("%20", "%252e%252e", "%25252e", "%5c..", "..%5ca", "a/..%2f..%2fb"),
]
INVISIBLE = [
    *("a\x00", "a\n", "\ta", "a\x7f", "a\x85b", "a\u200bb", "a\u202eb", "a\u2028b", "\ud800"),
    *("a\\b", "\\", "a\ufeff"),
]


@pytest.mark.parametrize("given", FOLDERS)
def test_a_folder_keeps_its_words_and_loses_its_outer_slashes(given: str) -> None:
    assert check_folder(given) == FOLDERS[given]
    assert check_folder(FOLDERS[given]) == FOLDERS[given]


@pytest.mark.parametrize("prefix", ELSEWHERE)
def test_no_folder_leads_elsewhere(prefix: str) -> None:
    with pytest.raises(InvalidParameters, match="empty segments"):
        check_folder(prefix)


@pytest.mark.parametrize("prefix", INVISIBLE)
def test_no_folder_holds_what_cannot_be_seen(prefix: str) -> None:
    with pytest.raises(InvalidParameters, match="invisible") as refused:
        check_folder(prefix, "source_url")
    assert refused.value.details["parameter"] == "source_url"
    assert str(refused.value.details["value"]).isprintable()


@given(st.text(alphabet="a./% 25e\\", max_size=12), st.integers(0, 3))
@settings(max_examples=150)
def test_encoding_a_folder_again_makes_no_other_of_it(text: str, times: int) -> None:
    """What is refused plain is refused encoded; what is taken has no empty or dotted segment."""
    encoded = text
    for _ in range(times):
        encoded = "/".join(quote(each, safe="") for each in encoded.split("/"))
    try:
        folder = check_folder(encoded)
    except InvalidParameters:
        return
    assert folder == "" or all(part.strip(" .") for part in folder.split("/"))
    assert check_folder(folder) == folder


# The operator's list


@pytest.mark.parametrize(
    ("listed", "names"),
    [
        *(("", set()), (" ", set()), (",", set()), (" , ,", set())),
        *(("photos", {"photos"}), ("photos,", {"photos"}), ("a-1, b-2 ,a-1", {"a-1", "b-2"})),
        *(("*", {"*"}), ("photos,*", {"photos", "*"})),
    ],
)
def test_names_are_listed_with_commas(listed: str, names: set[str]) -> None:
    assert AllowedBuckets.of(SETTING, listed, "/data").names == names


@pytest.mark.parametrize("listed", ["photos;sets", "photos sets", "**", "p*", "s3://photos", "A"])
def test_a_list_that_names_no_bucket_stops_the_start(listed: str) -> None:
    with pytest.raises(InvalidParameters) as refused:
        AllowedBuckets.of(SETTING, listed, "/data")
    assert refused.value.details["parameter"] == SETTING


@pytest.mark.parametrize(
    ("root", "own"),
    [
        *(("/data", None), ("./data", None), ("", None), ("https://home/x", None)),
        *(("s3://home", "home"), ("s3://home/", "home"), ("s3://home/a/b", "home")),
        ("S3://home/a", "home"),
    ],
)
def test_the_bucket_of_the_data_root_is_known(root: str, own: str | None) -> None:
    assert AllowedBuckets.of(SETTING, "*", root).own == own


@pytest.mark.parametrize("root", ["s3://home/x", "s3://HOME/x", "s3://home./x"])
@pytest.mark.parametrize("listed", ["home", ANY_BUCKET, "photos,home,*"])
def test_no_list_opens_the_bucket_of_the_data_root(root: str, listed: str) -> None:
    with pytest.raises(Forbidden, match="holds the data root") as refused:
        AllowedBuckets.of(SETTING, listed, root).check("home")
    assert SETTING in refused.value.message


def test_what_is_no_bucket_is_not_even_looked_up() -> None:
    for allowed in (AllowedBuckets(SETTING), AllowedBuckets(SETTING, frozenset({ANY_BUCKET}))):
        for name in (ANY_BUCKET, "", "No"):
            with pytest.raises(InvalidParameters):
                allowed.check(name)


def test_a_name_is_allowed_whole_and_not_by_its_beginning() -> None:
    allowed = AllowedBuckets.of(SETTING, "photos", "/data")
    for name in ("photos-2", "photo", "my-photos", "photos.eu"):
        with pytest.raises(Forbidden, match="is not allowed"):
            allowed.check(name)


def test_a_refusal_travels_between_processes() -> None:
    with pytest.raises(Forbidden) as refused:
        AllowedBuckets(SETTING).check("photos")
    again = pickle.loads(pickle.dumps(refused.value))
    assert (type(again), again.message) == (Forbidden, refused.value.message)
