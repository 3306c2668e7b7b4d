"""Words before a number that say what the number is."""

from __future__ import annotations

import re

_WINDOW = 48

# Letters of any script, and the marks that belong to the letter before them.
NO_LETTER_BEFORE = r"(?<![^\W\d_])(?<![\u0300-\u036f])"
NO_LETTER_BEHIND = r"(?![^\W\d_\u00ba]|[\u0300-\u036f])"
GAP = r"[\W_\u00ba]"  # anything but a letter or a digit; the ordinal sign of "n\u00ba" too


def whole_words(words: str) -> str:
    """A pattern for any of `words`, which are patterns with | between them, as whole words only:
    `id` stands in "ID 12", never in "David"."""
    return f"{NO_LETTER_BEFORE}(?:{words}){NO_LETTER_BEHIND}"


_NUMBER_OF = rf"{GAP}{{0,4}}(?:{whole_words('no|nr|num|number|id|code')})?{GAP}{{0,6}}$"

PHONE = re.compile(
    whole_words(
        r"phone|tel|t[eé]l|telephone|call|mobile|mob|cell|fax|whats\s?app|sms|text|contact|hotline"
        r"|smartphone|cellphone|telefax|phone\s?(?:no|number)|telephone\s?(?:no|number)"
        r"|handy|telefon|mobil|mobilfunk|mobiltelefon|festnetz|durchwahl|fernruf"
        r"|(?:tele(?:fon|fax)|handy|mobil|ruf|fax)-?(?:nummer|nr)"
        r"|t[eé]l[eé]phone|portable|num[eé]ro\sde\st[eé]l[eé]phone"
        r"|m[oó]vil|tel[eé]fono|tlf|tlfn|tfno|tf|tfn|celular"
        r"|cellulare|cel|telefoon|telefoonnummer|mobiel|gsm"
        r"|telefonu|kom|kom[oó]rka|kom[oó]rkowy|telef[oó]n"
    )
    + rf"{GAP}{{0,4}}(?:{whole_words('us|me|no|nr|number|at|on|is|kom')})?{GAP}{{0,6}}$",
    re.IGNORECASE,
)
NOT_PERSONAL = re.compile(
    whole_words(
        "order|invoice|inv|serial|s/n|sn|p/n|pn|isbn|issn|ean|upc|sku|imei|tracking|track|parcel"
        "|ref|reference|ticket|part|model|item|product|batch|lot|article|build|version|case|po"
        "|receipt|transaction|page|id|order(?:no|nr|id|number)|invoice(?:no|nr|number)"
        "|(?:artikel|bestell|bestellung|auftrags|rechnungs|serien|kunden|vorgangs|teile)-?"
        "(?:nummer|nr)|artikel|bestellung|auftrag|rechnung|charge|vorgang|sendung"
        "|commande|facture|r[eé]f|r[eé]f[eé]rence|lote|pedido|factura|referencia|ordine|fattura"
        "|lotto|bestelling|factuur|zam[oó]wienie|faktura"
    )
    + _NUMBER_OF,
    re.IGNORECASE,
)
VERSION = re.compile(
    rf"{NO_LETTER_BEFORE}(?:v|ver|vers|version|release|rel|build|firmware|fw|rev|revision|section"
    r"|sec|chapter|update|patch|driver|oid|schema|api|kernel|chrome|java|§)"
    rf"{GAP}{{0,4}}$",
    re.IGNORECASE,
)
ADDRESS = re.compile(
    whole_words(
        "ip|ipv4|host|hostname|server|(?:web|mail|name|dns)server|address|addr|adresse|ping|dns"
        "|gateway|client|from|ssh|login"
    )
    + rf"{GAP}{{0,4}}(?:{whole_words('is')})?{GAP}{{0,4}}$",
    re.IGNORECASE,
)


def preceded_by(pattern: re.Pattern[str], text: str, start: int) -> bool:
    """Whether the words just before `start` match `pattern`, which is anchored at its end."""
    return pattern.search(text, max(0, start - _WINDOW), start) is not None
