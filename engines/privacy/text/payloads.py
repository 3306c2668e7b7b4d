"""Contents of machine-readable codes in words: the short keys of known formats are replaced by what
they mean, so that personal data are found as they are in a form."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

_AAMVA: Mapping[str, str] = {
    "DCS": "surname",
    "DAC": "given name",
    "DCT": "given name",
    "DAA": "name",
    "DBB": "date of birth",
    "DAQ": "driver license number",
    "DCF": "document number",
    "DAG": "street",
    "DAI": "city",
    "DAK": "postal code",
}
"""Elements of the card of a driver in North America (AAMVA DL/ID Card Design Standard, annex D)."""
_WIFI: Mapping[str, str] = {"S": "network", "P": "password"}
_MECARD: Mapping[str, str] = {
    "N": "name",
    "TEL": "tel",
    "EMAIL": "email",
    "BDAY": "date of birth",
    "ADR": "address",
}
"""Fields of NTT Docomo's MECARD."""
_PASSENGER = re.compile(r"^M[1-9]([A-Z][A-Z '-]{0,17})/([A-Z][A-Z '-]{0,17})")
"""The first field of a boarding pass (IATA resolution 792): M, the number of flights, the name."""
_FIELD = re.compile(r"((?:\\.|[^;\\])*);?")
"""A field of WIFI and MECARD codes, where a backslash stands before a literal semicolon."""
_ELEMENT = re.compile(r"(?:^|(?<=DL)|(?<=ID))(D[A-D][A-Z])([^\r\n]+)", re.MULTILINE)
_DAY = re.compile(r"(\d{2})(\d{2})(\d{4})")


def in_words(payload: str) -> str:
    """`payload` with its keys in words, if its format is known: MECARD and vCard, the password of a
    wireless network, the license of a driver in North America, a boarding pass. Otherwise
    `payload` itself."""
    for start, convert in _FORMATS.items():
        if payload[: len(start)].upper() == start:
            return "\n".join(convert(payload)) or payload
    if passenger := _PASSENGER.match(payload[:22]):
        family, given = (part.strip() for part in passenger.groups())
        return f"passenger: {given} {family}\n{payload}"
    return payload


def _wifi(payload: str) -> Iterator[str]:
    for key, value in _fields(payload.partition(":")[2]):
        yield f"{_WIFI.get(key, key)}: {value}"


def _mecard(payload: str) -> Iterator[str]:
    for key, value in _fields(payload.partition(":")[2]):
        family, comma, given = value.partition(",")
        shown = f"{given} {family}" if comma and key == "N" else value
        yield f"{_MECARD.get(key, key.lower())}: {shown}"


def _vcard(payload: str) -> Iterator[str]:
    for line in payload.splitlines():
        key, _, value = line.partition(":")
        parts = [part.strip() for part in value.split(";")]
        match key.partition(";")[0].upper():
            case "ADR" if len(parts) >= 6:
                street, city, _, postal_code = parts[2:6]
                yield f"address: {street}, {postal_code} {city}"
            case "N" if len(parts) >= 2:
                yield f"name: {parts[1]} {parts[0]}"
            case _:
                yield line


def _driver(payload: str) -> Iterator[str]:
    for element, value in _ELEMENT.findall(payload):
        day = _DAY.fullmatch(value.strip()) if element == "DBB" else None
        yield f"{_AAMVA.get(element, element)}: {'/'.join(day.groups()) if day else value.strip()}"


def _fields(text: str) -> Iterator[tuple[str, str]]:
    """The keys and values of `KEY:value;KEY:value;;`."""
    for field in _FIELD.findall(text):
        key, colon, value = field.partition(":")
        if colon and value:
            yield key.strip().upper(), re.sub(r"\\(.)", r"\1", value)


_FORMATS: Mapping[str, Callable[[str], Iterator[str]]] = {
    "WIFI:": _wifi,
    "MECARD:": _mecard,
    "BEGIN:VCARD": _vcard,
    "@\n\x1e\rANSI ": _driver,
    "@\n\x1e\rAAMVA": _driver,
    "@\n\x1c\rANSI ": _driver,
    "@\n\x1c\rAAMVA": _driver,
}
