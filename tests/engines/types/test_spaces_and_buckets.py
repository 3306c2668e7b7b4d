"""Names of tenants, and of buckets that a client may have the service's credentials used on."""

from __future__ import annotations

from string import ascii_lowercase, digits

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engines.errors import Forbidden, InvalidParameters
from engines.types.buckets import AllowedBuckets, check_bucket, check_folder
from engines.types.profiles import S3Folder
from engines.types.storage import check_space

SETTING = "INFERLOOP_S3_EXPORT_BUCKETS"


@pytest.mark.parametrize("space", ["a", "team-7", "0", "a" * 63])
def test_a_plain_name_is_a_space(space: str) -> None:
    assert check_space(space) == space


@pytest.mark.parametrize(
    "space", ["", "A", "-a", "a-", "a_b", "a.b", "../a", "a/b", "a\n", "é", "a" * 64, " a"]
)
def test_no_space_has_a_name_that_a_folder_could_take_for_another(space: str) -> None:
    with pytest.raises(InvalidParameters, match="space must be"):
        check_space(space)


def test_a_long_name_is_not_repeated_whole() -> None:
    with pytest.raises(InvalidParameters) as refused:
        check_space("A" * 10_000)
    assert len(str(refused.value.details["value"])) <= 100


@given(st.text(alphabet=ascii_lowercase + digits + "-.", min_size=1, max_size=70))
@settings(max_examples=60)
def test_what_is_taken_for_a_bucket_is_one_label_or_more(name: str) -> None:
    try:
        assert check_bucket(name) == name
    except InvalidParameters:
        return
    assert 3 <= len(name) <= 63
    assert all(label and label[0] not in "-." for label in name.split("."))


def test_a_folder_loses_its_outer_slashes() -> None:
    assert [check_folder(each) for each in ("", "/", "a", "/a/b/", "a/b")] == [
        *("", "", "a"),
        *("a/b", "a/b"),
    ]


@pytest.mark.parametrize(
    "prefix",
    ["..", "a/../b", "a//b", "a/./b", "%2e%2e/a", "%252e%252e", "a\\b", "a\x00", "a\u200bb"],
)
def test_no_spelling_of_a_folder_leads_elsewhere(prefix: str) -> None:
    with pytest.raises(InvalidParameters, match="s3_prefix"):
        check_folder(prefix)


def test_a_folder_of_a_bucket_knows_its_keys() -> None:
    assert S3Folder("photos", "/a/b/").key_prefix == "a/b/"
    assert S3Folder("photos", "a").url == "s3://photos/a/"
    assert (S3Folder("photos").key_prefix, S3Folder("photos").url) == ("", "s3://photos/")


def test_by_default_no_bucket_is_allowed() -> None:
    with pytest.raises(Forbidden, match=SETTING):
        AllowedBuckets.of(SETTING, "", "/data").check("photos")


def test_listed_buckets_are_allowed_and_no_others() -> None:
    allowed = AllowedBuckets.of(SETTING, " photos, sets ", "/data")
    allowed.check("photos")
    allowed.check("sets")
    with pytest.raises(Forbidden, match="photo is not allowed"):
        allowed.check("photo")


def test_any_bucket_is_any_but_the_data_root_s_own() -> None:
    allowed = AllowedBuckets.of(SETTING, "*", "s3://home/root")
    allowed.check("photos")
    with pytest.raises(Forbidden, match="holds the data root"):
        allowed.check("home")


def test_a_list_with_a_name_of_no_bucket_is_refused_when_it_is_read() -> None:
    with pytest.raises(InvalidParameters, match=SETTING):
        AllowedBuckets.of(SETTING, "photos, No_Bucket", "/data")
