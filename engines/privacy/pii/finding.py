"""Runs every search for personal data. Importing this module compiles all their patterns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from engines.privacy.pii.contact.addresses import find_addresses
from engines.privacy.pii.contact.days import names_in_tables, names_on_days
from engines.privacy.pii.contact.mentions import find_mentions
from engines.privacy.pii.contact.online import find_emails, find_ip_addresses, find_urls
from engines.privacy.pii.contact.people import find_names
from engines.privacy.pii.contact.phones import find_phones
from engines.privacy.pii.contact.places import find_coordinates
from engines.privacy.pii.numbers.accounts import find_cards, find_ibans, find_ssns
from engines.privacy.pii.numbers.bank_accounts import find_bank_accounts
from engines.privacy.pii.numbers.credentials import find_credentials
from engines.privacy.pii.numbers.devices import find_device_ids, find_mac_addresses
from engines.privacy.pii.numbers.documents import find_birth_dates, find_passports, find_plates
from engines.privacy.pii.numbers.national import find_national_numbers
from engines.privacy.pii.numbers.wallets import find_wallets
from engines.privacy.pii.ocr import digitised
from engines.privacy.pii.spans import Span


def candidates(text: str, regions: Sequence[str]) -> Iterator[Span]:
    """Everything that the searches find, the most reliable searches first. Of two results that
    overlap, the earlier one is to be kept. `text`: the result of `narrowed`. `regions`: countries
    whose national phone numbers are found."""
    found = list(_numbers_and_places(text, regions))
    yield from found
    yield from find_names(text)
    yield from find_mentions(text, found)
    yield from names_on_days(text)
    yield from names_in_tables(text)


def _numbers_and_places(text: str, regions: Sequence[str]) -> Iterator[Span]:
    """What `candidates` finds, except names."""
    digits = digitised(text)
    yield from find_credentials(text)  # a link or an e-mail address may be a part of one
    yield from find_coordinates(text)
    yield from find_emails(text)
    yield from find_urls(text)
    yield from find_wallets(text)
    yield from find_mac_addresses(text)
    yield from find_device_ids(digits)
    yield from find_passports(text)
    yield from find_ibans(text)
    yield from find_national_numbers(text)
    if digits != text:
        yield from find_national_numbers(digits)
    yield from find_bank_accounts(digits)
    yield from find_cards(digits)
    yield from find_birth_dates(text)
    if digits != text:
        yield from find_birth_dates(digits)
    yield from find_ssns(digits)
    yield from find_plates(text)
    yield from find_ip_addresses(digits)
    yield from find_addresses(text)
    yield from find_phones(digits, regions)
