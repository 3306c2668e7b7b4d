"""Numbers that mean a person: cards, accounts, numbers of states, documents, birth dates."""
