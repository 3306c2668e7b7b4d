"""Finds numbers that identify a person: cards, accounts, national numbers, documents, birth dates,
devices, wallets, credentials."""
